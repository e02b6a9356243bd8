"""The ends of sessions as their main sees them: by order, by death, or before they began. Real forks."""

import asyncio
import os
import signal
import socket
import time

import pytest

from seon.daemon import children, session_table
from seon.daemon.session_table import Claim
from seon.endings import SessionEnd
from seon.process import line
from seon.process.levels import Level
from seon.session.assignment import Connections
from unit.daemon.forks import descriptors, no_process_is_left
from unit.daemon.tables import (
    ENDED,
    LIMITS,
    ONE,
    RUNNING,
    START,
    Play,
    assignment,
    deaf,
    end_event,
    play,
    runs_until_told,
    says,
)

# --- what the main says for a process that is dead ------------------------------------------------------------------


def test_a_process_that_never_ran_and_died_has_failed_by_its_mains_word(alone, tmp_path) -> None:
    alone(ends_badly, tmp_path)


def ends_badly(directory: str) -> None:
    def dies(_: socket.socket) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    async def scene(our: Play) -> None:
        for body, reason in ((dies, "signal 9"), (lambda _: 5, "exit status 5"), (lambda _: 1 // 0, "exit status 70")):
            our.start(body)
            await our.gone()
            (killed, _, fields), (code, session, _) = our.reports
            assert (killed, fields["partner"], fields["reason"]) == ("SES-KILLED", "P1", reason)
            assert (code, session) == ("SES-FAILED", "session-1")
            assert our.failed == [reason]
            our.reports.clear()
            our.failed.clear()

    play(directory, scene)


def test_a_process_that_ends_well_without_a_word_has_failed(alone, tmp_path) -> None:
    """Somebody waits for the session, and must be told."""
    alone(silent, tmp_path)


def silent(directory: str) -> None:
    async def scene(our: Play) -> None:
        our.start(lambda _: 0)
        await our.gone()
        assert our.codes == ["SES-FAILED"]
        assert our.failed == ["exit status 0"]

    play(directory, scene)


@pytest.mark.parametrize(
    ("how", "why", "by", "number"),
    [("9", "killed", "crash", 9), ("11", "killed", "crash", 11), ("70", "exit", "crash", 70)],
)
def test_the_main_tells_the_end_of_a_process_that_crashed(alone, tmp_path, how, why, by, number) -> None:
    alone(crashed, tmp_path, how, why, by, number)


def crashed(directory: str, how: str, why: str, by: str, number: str) -> None:
    def body(sock: socket.socket) -> int:
        says(sock, START, RUNNING)
        if why == "killed":
            os.kill(os.getpid(), int(how))
        return int(how)

    async def scene(our: Play) -> None:
        our.start(body)
        await our.gone()
        assert our.codes == ["SES-KILLED", "SES-END"]
        _, session, fields = our.reports[1]
        end = SessionEnd(by, why, "dmz", number=int(number))
        assert (session, fields["partner"], fields["ended_by"], fields["reason"]) == (
            "session-1", "P1", by, end.reason,
        )  # fmt: skip
        assert our.endings == [("session-1", end)], "the other host hears it too"
        assert our.failed == []

    play(directory, scene)


def test_what_a_process_had_said_of_its_end_before_it_died_stays_the_truth(alone, tmp_path) -> None:
    alone(said_and_died, tmp_path)


def said_and_died(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        says(sock, START, RUNNING, line.Ending(ENDED))
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    async def scene(our: Play) -> None:
        our.start(body)
        await our.gone()
        assert our.codes == ["SES-KILLED", "SES-END"]
        assert our.reports[1][2]["ended_by"] == "server verifier"
        assert our.endings == [("session-1", ENDED)], "once"

    play(directory, scene)


def test_of_a_process_that_died_while_the_inside_saw_another_end_both_hosts_say_the_insides(alone, tmp_path) -> None:
    alone(both_at_once, tmp_path)


def both_at_once(directory: str) -> None:
    closed, killed = SessionEnd("station", "closed", "inside"), SessionEnd("crash", "killed", "dmz", number=9)

    def body(sock: socket.socket) -> int:
        says(sock, START, RUNNING)
        time.sleep(30)
        return 0

    async def scene(our: Play) -> None:
        for told, end in ((closed, closed), (SessionEnd("link", "lost", "inside"), killed), (None, killed)):
            our.start(body)
            await our.runs()
            our.table._running["session-1"].child.kill()
            while not our.endings:  # it was reaped, and the other host is told
                await asyncio.sleep(0.005)
            if told:
                our.table.told("session-1", told)
            began = time.monotonic()
            await our.gone()
            quick = time.monotonic() - began < session_table.FAR_WORD_SECONDS / 2
            assert told is None or quick, "no longer than needed"
            assert our.codes == ["SES-KILLED", "SES-END"]
            assert (our.reports[1][2]["ended_by"], our.reports[1][2]["reason"]) == (end.ended_by, end.reason)
            our.reports.clear()
            our.endings.clear()
            our.events.clear()

    play(directory, scene)


def test_the_other_host_hears_of_a_process_that_died_before_its_start_was_over(alone, tmp_path) -> None:
    """There the session may be running already."""
    alone(died_early, tmp_path)


def died_early(directory: str) -> None:
    async def scene(our: Play) -> None:
        our.start(lambda _: 5)
        await our.gone()
        assert our.codes == ["SES-KILLED", "SES-FAILED"]
        assert our.endings == [("session-1", SessionEnd("crash", "exit", "dmz", number=5))]

    play(directory, scene)


def test_a_process_that_does_not_obey_is_killed_in_time_and_its_main_tells_the_end(alone, tmp_path) -> None:
    alone(disobedient, tmp_path)


def disobedient(directory: str) -> None:
    children.OBEY_SECONDS = 0.3

    async def scene(our: Play) -> None:
        our.start(deaf)
        await our.runs()
        while not our.table._running["session-1"].testimony.running:  # it is past its start: another message
            await asyncio.sleep(0.005)
        began = time.monotonic()
        our.table.follow(lambda _: "disabled", lambda _: False)
        await our.gone()
        assert time.monotonic() - began < 2
        assert our.codes == ["SES-BARRED", "SES-KILLED", "SES-END"]
        assert our.reports[1][2]["reason"] == "ended by its main: it did not obey within 0.3 s"
        assert our.reports[2][2]["ended_by"] == "administrator"
        assert our.endings == [("session-1", SessionEnd("administrator", "deaf", "dmz"))]

    play(directory, scene)


# --- the end of the main --------------------------------------------------------------------------------------------


def test_sessions_are_given_time_then_ordered_to_end_then_killed(alone, tmp_path) -> None:
    alone(all_ended, tmp_path)


def all_ended(directory: str) -> None:
    children.OBEY_SECONDS = 0.3

    async def scene(our: Play) -> None:
        our.start(runs_until_told, assignment("obeys", "P1"))
        our.start(deaf, assignment("deaf", "P2"))
        await our.runs(2)
        began = time.monotonic()
        await our.table.end_all(0.3)
        assert 0.55 < time.monotonic() - began < 3
        await our.gone("obeys")
        await our.gone("deaf")
        assert [(code, session) for code, session, _ in our.reports] == [("SES-KILLED", "deaf"), ("SES-END", "deaf")]

    play(directory, scene)


def test_sessions_that_end_by_themselves_in_their_time_are_not_ordered_to(alone, tmp_path) -> None:
    alone(end_in_time, tmp_path)


def end_in_time(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        says(sock, START, RUNNING)
        time.sleep(0.3)
        says(sock, line.Ending(SessionEnd("partner", "closed")), end_event())
        return 0

    async def scene(our: Play) -> None:
        our.start(body)
        await our.runs()
        began = time.monotonic()
        await our.table.end_all(10)
        assert time.monotonic() - began < 3
        await our.gone()
        assert our.reports == []

    play(directory, scene)


def test_to_end_nothing_takes_no_time(alone, tmp_path) -> None:
    alone(nothing, tmp_path)


def nothing(directory: str) -> None:
    async def scene(our: Play) -> None:
        began = time.monotonic()
        await our.table.end_all(30)
        assert time.monotonic() - began < 1

    play(directory, scene)


def test_a_main_that_gives_up_its_tasks_leaves_no_process(alone, tmp_path) -> None:
    alone(tasks_ended, tmp_path)


def tasks_ended(directory: str) -> None:
    def talks(sock: socket.socket) -> int:
        says(sock, START, RUNNING)
        while True:
            says(sock, line.LogLine("session", Level.DEBUG, "x"))

    async def scene(our: Play) -> None:
        uncaught = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: uncaught.append(context))
        our.start(talks)
        await our.runs()
        await our.tasks.end()
        assert len(our.table) == 0
        while children_of_this():
            await asyncio.sleep(0.01)
        assert uncaught == []

    play(directory, scene)


def children_of_this() -> bool:
    try:
        no_process_is_left()
    except AssertionError:
        return True
    return False


# --- forks that fail ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["fork", "pidfd_open", "add_reader"])
def test_a_fork_that_fails_is_reported_and_leaves_nothing(alone, tmp_path, what) -> None:
    """No count, no process, no descriptor."""
    alone(no_fork, tmp_path, what)


def no_fork(directory: str, what: str) -> None:
    def refuse(*_: object) -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    async def scene(our: Play) -> None:
        owner = asyncio.get_running_loop() if what == "add_reader" else os
        real, before = getattr(owner, what), descriptors()
        setattr(owner, what, refuse)
        for _ in range(5):
            our.start(runs_until_told)
            assert not our.table.has("session-1")
        setattr(owner, what, real)
        assert our.failed == ["no process for it: Resource temporarily unavailable"] * 5
        assert [(code, session) for code, session, _ in our.reports] == [("SES-FAILED", "session-1")] * 5
        assert descriptors() == before
        no_process_is_left()
        assert our.table.reserve(ONE, LIMITS) == ""

    play(directory, scene)


def test_who_ends_all_sessions_at_once_says_of_each_that_it_has_ended(alone, tmp_path) -> None:
    """Also of one that is deaf, and of one that is still being brought about."""
    alone(all_killed, tmp_path)


def all_killed(directory: str) -> None:
    async def scene(our: Play) -> None:
        our.start(deaf)
        our.start(runs_until_told, assignment("session-2"))
        await our.runs(2)
        our.start(lambda _: time.sleep(30) or 0, assignment("session-3", "P2"))
        await our.table.kill_all()
        end = SessionEnd("administrator", "shutdown", "dmz")
        ends = {session: fields["reason"] for code, session, fields in our.reports if code in ("SES-END", "SES-FAILED")}
        assert ends == {f"session-{number}": end.reason for number in (1, 2, 3)}
        assert sorted(our.endings) == [(f"session-{number}", end) for number in (1, 2, 3)], "the other host hears it"
        assert "SES-KILLED" not in our.codes, "it was wanted"
        assert our.failed == [end.reason]
        assert len(our.table) == 0

    play(directory, scene)


def test_a_mistake_of_ours_at_the_fork_is_not_hidden_and_leaves_no_count(alone, tmp_path) -> None:
    alone(mistake, tmp_path)


def mistake(directory: str) -> None:
    def mistaken(*_: object) -> None:
        raise ValueError("nobody thought of this")

    async def scene(our: Play) -> None:
        session_table.children.fork = mistaken
        for _ in range(5):
            assert our.table.reserve(Claim("P1", "incoming"), LIMITS) == ""
            with pytest.raises(ValueError, match="nobody"):
                our.table.start(assignment(), Connections(), 5, our.failed.append)

    play(directory, scene)
