"""The sessions of a main: who may have one, how many there are, and what they say. Real forks."""

import asyncio
import os
import socket
import time
from pathlib import Path

import pytest

from seon.daemon import children, slices
from seon.daemon.log import Log
from seon.daemon.session_table import Claim, SessionTable, Surroundings
from seon.endings import SessionEnd
from seon.process import line
from seon.session.assignment import Connections
from unit.daemon.tables import (
    ENDED,
    FAILED,
    LIMITS,
    ONE,
    RUNNING,
    START,
    Play,
    assignment,
    end_event,
    play,
    runs_until_told,
    says,
)

# --- the rule of who may have a session -----------------------------------------------------------------------------


def test_before_there_is_a_configuration_nobody_has_a_session(tmp_path) -> None:
    our = Surroundings("seon", Log(tmp_path, "log"), None, None, None, None)
    table = SessionTable(our)
    assert table.barred(ONE) == table.reserve(ONE, LIMITS) == "there is no configuration yet"


def test_the_rule_is_asked_when_a_place_is_reserved(tmp_path) -> None:
    table = SessionTable(Surroundings("seon", Log(tmp_path, "log"), None, None, None, None))
    table.follow(lambda claim: "" if claim == Claim("P1", "incoming", "f") else "no", lambda _: False)
    assert table.reserve(Claim("P1", "incoming", "f"), LIMITS) == ""
    for claim in (Claim("P1", "incoming", "g"), Claim("P1", "outgoing", "f"), Claim("P2", "incoming", "f")):
        assert table.barred(claim) == table.reserve(claim, LIMITS) == "no"
    assert table.reserve(Claim("P1", "incoming", "f"), LIMITS) == "", "who was refused took no place"


def test_the_rule_is_asked_again_in_the_moment_of_the_fork(alone, tmp_path) -> None:
    """What changed while the session was being brought about counts."""
    alone(barred_at_fork, tmp_path)


def barred_at_fork(directory: str) -> None:
    async def scene(our: Play) -> None:
        asked = []
        given = assignment(fingerprint="f")
        assert our.table.reserve(Claim("P1", "incoming", "f"), LIMITS) == ""
        our.table.follow(lambda claim: asked.append(claim) or "disabled", lambda _: False)
        os.fork = None  # nobody may call it
        our.table.start(given, Connections(), 5, our.failed.append)
        assert asked == [Claim("P1", "incoming", "f", "a")], "with all that decides"
        assert our.failed == ["disabled"]
        assert our.codes == ["SES-FAILED"]
        assert our.reports[0][1] == "session-1"
        assert not our.table.has("session-1")
        our.table.follow(lambda _: "", lambda _: False)
        assert [our.table.reserve(ONE, LIMITS) for _ in range(2)] == ["", ""], "its place is free again"

    play(directory, scene)


def test_the_rule_is_asked_at_each_new_configuration_for_every_session(alone, tmp_path) -> None:
    alone(barred_later, tmp_path)


def barred_later(directory: str) -> None:
    async def scene(our: Play) -> None:
        for number in (1, 2):
            our.start(runs_until_told, assignment(f"session-{number}", f"P{number}"))
        await our.runs(2)
        our.table.follow(lambda _: "", lambda _: False)
        await asyncio.sleep(0.1)
        assert len(our.table) == 2
        our.table.follow(lambda claim: "disabled" if claim.partner == "P1" else "", lambda _: False)
        await our.gone()
        assert our.table.has("session-2")
        our.table.follow(lambda _: "nobody", lambda _: False)
        await our.gone("session-2")
        assert our.codes == ["SES-BARRED"] * 2, "why is said by the main, once; all else they have said themselves"
        assert [(session, fields["reason"]) for _, session, fields in our.reports] == [
            ("session-1", "disabled"), ("session-2", "nobody"),
        ]  # fmt: skip
        assert {end.why for _, end in our.endings} == {"barred"}

    play(directory, scene)


def test_of_very_many_sessions_the_last_are_asked_a_little_later_and_by_the_newest_rule(alone, tmp_path) -> None:
    """A main must not pause for longer than 50 ms, however long each takes."""
    alone(asked_in_slices, tmp_path)


def asked_in_slices(directory: str) -> None:
    async def scene(our: Play) -> None:
        names = [f"session-{number}" for number in range(3)]
        for number, name in enumerate(names):
            our.start(runs_until_told, assignment(name, f"P{number}"))
        await our.runs(3)
        asked: list[tuple[str, str]] = []

        def slow(rule: str):
            def ask(claim: Claim) -> str:
                time.sleep(slices.SLICE_SECONDS)
                asked.append((rule, claim.partner))
                return "disabled" if rule == "second" else ""

            return ask

        our.table.follow(slow("first"), lambda _: False)
        assert asked == [("first", "P0")]
        our.table.follow(slow("second"), lambda _: False)
        assert asked == [("first", "P0")], "one after the other"
        for name in names:
            await our.gone(name)
        assert [pair for pair in asked if pair[0] == "second"][:3] == [("second", f"P{n}") for n in (1, 2, 0)]

    play(directory, scene)


def test_when_clients_change_no_partner_is_judged_again(alone, tmp_path) -> None:
    """That happens every second, and takes long."""
    alone(only_clients, tmp_path)


def only_clients(directory: str) -> None:
    async def scene(our: Play) -> None:
        our.start(runs_until_told, assignment(mark="1"))
        await our.runs()
        asked = []
        our.table.follow(lambda claim: asked.append(claim) or "", lambda _: False)
        assert len(asked) == 1
        our.table.clients_changed()
        assert len(asked) == 1
        our.withdrawn.add("1")
        our.table.clients_changed()
        await our.gone()

    play(directory, scene)


def test_a_client_that_may_not_be_linked_gets_no_session_and_keeps_none(alone, tmp_path) -> None:
    """Whatever became of its control link: it is asked where the partner's right is, and told as what it is."""
    alone(client_withdrawn, tmp_path)


def client_withdrawn(directory: str) -> None:
    async def scene(our: Play) -> None:
        for number in (1, 2):
            our.start(runs_until_told, assignment(f"session-{number}", mark=str(number)))
        await our.runs(2)
        stolen = Claim("P2", "outgoing", mark="1")
        assert our.table.reserve(stolen, LIMITS) == ""
        our.withdrawn.add("1")
        assert our.table.barred(stolen) == our.table.reserve(stolen, LIMITS) == "it counts no more"
        our.table.start(assignment("session-3", "P2", mark="1"), Connections(), 5, our.failed.append)
        assert our.failed == ["it counts no more"]
        our.table.clients_changed()
        await our.gone()
        assert our.table.has("session-2")
        our.withdrawn.add("2")
        our.table.follow(lambda _: "", lambda _: False)
        await our.gone("session-2")
        assert {end.reason for _, end in our.endings} == {"the client of this session may not be linked any more"}

    play(directory, scene)


def test_a_session_that_has_not_got_past_its_start_is_ended_at_once(alone, tmp_path) -> None:
    alone(barred_in_start, tmp_path)


def barred_in_start(directory: str) -> None:
    async def scene(our: Play) -> None:
        our.start(lambda _: time.sleep(30) or 0)
        began = time.monotonic()
        our.table.follow(lambda _: "disabled", lambda _: False)
        await our.gone()
        assert time.monotonic() - began < children.OBEY_SECONDS / 2, "it cannot hear, and has nobody to say goodbye to"
        assert our.codes == ["SES-FAILED"], "nothing about it is abnormal"
        assert our.reports[0][1:] == ("session-1", {
            "partner": "P1", "direction": "incoming", "reason": "the partner may not have sessions any more",
        })  # fmt: skip
        assert our.failed == ["the partner may not have sessions any more"]

    play(directory, scene)


@pytest.mark.parametrize("when", ["while it runs", "while it is dialled"])
def test_a_dialled_partner_keeps_its_session_only_as_long_as_its_certificate(alone, tmp_path, when) -> None:
    alone(certificate_withdrawn, tmp_path, when)


def certificate_withdrawn(directory: str, when: str) -> None:
    """Which one it has is found out by the session process, after the fork."""
    go = Path(directory, "go")

    def body(sock: socket.socket) -> int:
        says(sock, START)
        while when == "while it is dialled" and not go.exists():
            time.sleep(0.005)
        says(sock, line.Stage("running", "ab" * 32))
        while not isinstance(line.hear_main(sock), line.End):
            pass
        says(sock, line.Ending(SessionEnd("administrator", "barred")), end_event())
        return 0

    def follow(our: Play, barred: str) -> None:
        our.table.follow(lambda claim: "withdrawn" if claim.fingerprint == barred else "", lambda _: False)

    async def scene(our: Play) -> None:
        follow(our, "cd" * 32)
        our.start(body)
        await our.runs()
        if when == "while it is dialled":
            follow(our, "ab" * 32)
            go.touch()
        else:
            follow(our, "ef" * 32)
            assert our.table.has("session-1"), "another certificate is none of its business"
            follow(our, "ab" * 32)
        await our.gone()
        assert [event.code for event in our.events] == ["SES-START", "SES-END"]
        assert our.events[-1].fields["ended_by"] == "administrator"

    play(directory, scene)


def test_a_dialled_partner_is_judged_again_by_all_that_it_has_shown(alone, tmp_path) -> None:
    alone(shown_again, tmp_path)


def shown_again(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        says(sock, line.Shown(0, b"le"), line.Shown(0, b"af"), line.Shown(1, b"CA"), START, RUNNING)
        while not isinstance(line.hear_main(sock), line.End):
            pass
        says(sock, line.Ending(SessionEnd("administrator", "barred")), end_event())
        return 0

    async def scene(our: Play) -> None:
        our.start(body, assignment(direction="outgoing"))
        await our.runs()
        while not our.witnessed:
            await asyncio.sleep(0.005)
        assert our.witnessed == [(b"leaf", b"CA")]
        our.table.follow(lambda claim: "revoked" if claim.evidence == (b"leaf", b"CA") else "", lambda _: False)
        await our.gone()
        assert our.events[-1].fields["ended_by"] == "administrator"

    play(directory, scene)


def test_what_a_dialled_partner_has_shown_is_taken_as_evidence_also_if_it_is_refused(alone, tmp_path) -> None:
    """Its chain says where revocation lists are: those that are missing must be found."""
    alone(shown_and_refused, tmp_path)


def shown_and_refused(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        refused = line.Reported(1, "ADM-DIAL", {"reason": "its CA's list is not here yet"})
        says(sock, line.Shown(0, b"leaf"), line.Shown(1, b"CA"), refused, line.Reported(2, "SES-FAILED", {}))
        return 0

    async def scene(our: Play) -> None:
        our.start(body, assignment(direction="outgoing"))
        await our.gone()
        assert our.witnessed == [(b"leaf", b"CA")]
        assert [event.code for event in our.events] == ["ADM-DIAL", "SES-FAILED"]

    play(directory, scene)


def test_a_process_that_shows_nonsense_for_a_certificate_is_ended(alone, tmp_path) -> None:
    alone(shown_nonsense, tmp_path)


def shown_nonsense(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        says(sock, line.Shown(0, b"nonsense"), START, RUNNING)
        time.sleep(10)
        return 0

    async def scene(our: Play) -> None:
        our.start(body, assignment(direction="outgoing"))
        await our.gone()
        assert "it showed what is no certificate" in our.reports[0][2]["reason"]

    play(directory, scene)


# --- counting -------------------------------------------------------------------------------------------------------


def test_a_session_is_counted_from_its_reservation_to_its_end(alone, tmp_path) -> None:
    alone(counted, tmp_path)


def counted(directory: str) -> None:
    async def scene(our: Play) -> None:
        table = our.table
        assert table.reserve(ONE, LIMITS) == ""
        our.start(runs_until_told)
        assert "2 sessions of partner P1" in table.reserve(ONE, LIMITS)
        await our.runs()
        assert (len(table), table.has("session-1"), table.assignment("session-1")) == (1, True, assignment())
        table.follow(lambda _: "no", lambda _: False)
        await our.gone()
        assert (len(table), table.assignment("session-1")) == (0, None)
        table.follow(lambda _: "", lambda _: False)
        assert table.reserve(ONE, LIMITS) == "", "one place was taken back"
        table.release("P1")
        table.release("P1")
        assert [bool(table.reserve(ONE, LIMITS)) for _ in range(3)] == [False, False, True]

    play(directory, scene)


# --- what session processes say -------------------------------------------------------------------------------------


def test_events_of_session_processes_are_taken_as_the_mains_with_its_stamps(alone, tmp_path) -> None:
    alone(events_taken, tmp_path)
    (log,) = tmp_path.glob("log.*.log")
    (line_of_log,) = log.read_text().splitlines()
    assert "SES-FAILED [session-1] Session with partner P1, incoming, not started: nobody there" in line_of_log


def events_taken(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        says(sock, line.Reported(1, "SES-FAILED", {"reason": "nobody there", "partner": "P2"}))
        return 0 if line.hear_main(sock) == line.Taken(1) else 1

    async def scene(our: Play) -> None:
        our.start(body)
        await our.gone()
        (event,) = our.events
        assert (event.code, event.session, event.hop, event.fields["partner"]) == (
            "SES-FAILED", "session-1", "dmz", "P1",
        )  # fmt: skip
        assert our.failed == ["nobody there"]
        assert our.reports == []

    play(directory, scene)


def test_lines_of_a_session_process_stand_in_the_log_of_its_main_by_its_own_level(alone, tmp_path) -> None:
    alone(lines_written, tmp_path)
    (log,) = tmp_path.glob("log.*.log")
    texts = [entry.split(maxsplit=4) for entry in log.read_text().splitlines()]
    assert [(level, text) for _, _, level, _, text in texts] == [
        ("DEBUG", "Log level set to DEBUG"), ("DEBUG", "[session-1] heard"), ("INFO", "[session-1] two"),
    ]  # fmt: skip
    assert len({pid for _, _, _, pid, _ in texts}) == 1


def lines_written(directory: str) -> None:
    from seon.process.levels import Level

    def body(sock: socket.socket) -> int:
        says(sock, line.LogLine("session", Level.DEBUG, "not heard"), line.LogLevel(Level.DEBUG))
        says(sock, line.LogLine("session", Level.DEBUG, "heard"), line.LogLine("session", Level.INFO, "two"), FAILED)
        return 0

    async def scene(our: Play) -> None:
        our.log.event = lambda *_: None
        our.start(body)
        await our.gone()
        assert our.log.level is None, "the main's own level stays"

    play(directory, scene)


def test_what_ends_a_session_goes_to_the_other_host_once(alone, tmp_path) -> None:
    alone(ending_told, tmp_path)


def ending_told(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        end = line.Ending(SessionEnd("verifier", "rule", "inside", "CMD-ID"))  # it says that it were the other host
        says(sock, START, RUNNING, end, line.Ending(SessionEnd("idle", "idle")), end_event())
        return 0

    async def scene(our: Play) -> None:
        our.start(body)
        await our.gone()
        assert our.endings == [("session-1", ENDED)]
        assert our.reports == []

    play(directory, scene)


def test_the_other_hosts_word_goes_to_the_session_that_it_is_about(alone, tmp_path) -> None:
    alone(told, tmp_path)


def told(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        says(sock, START, RUNNING)
        heard = line.hear_main(sock)
        while isinstance(heard, line.Taken):
            heard = line.hear_main(sock)
        says(sock, line.Ending(SessionEnd("link", "lost")), end_event())
        return 0 if heard == line.Ending(ENDED) else 1

    async def scene(our: Play) -> None:
        our.start(body)
        await our.runs()
        our.table.told("another", SessionEnd("idle", "idle"))
        our.table.told("session-1", ENDED)
        await our.gone()
        assert our.reports == []

    play(directory, scene)


@pytest.mark.parametrize("hostile", ["foreign", "garbage", "other host", "twice"])
def test_a_process_that_says_what_none_says_is_killed_and_its_main_tells_the_end(alone, tmp_path, hostile) -> None:
    alone(hostile_process, tmp_path, hostile)


def hostile_process(directory: str, hostile: str) -> None:
    words = {
        "foreign": line.Reported(2, "LIC-END", {"until": "now"}),
        "garbage": line.Taken(1),
        "other host": line.Reported(2, "FIL-START", {}),
        "twice": line.Reported(2, "SES-START", {}),
    }

    def body(sock: socket.socket) -> int:
        says(sock, START, RUNNING, words[hostile])
        time.sleep(30)
        return 0

    async def scene(our: Play) -> None:
        our.start(body)
        await our.gone()
        assert [event.code for event in our.events] == ["SES-START"]
        assert our.codes == ["SES-KILLED", "SES-END"]
        assert our.reports[0][2]["reason"].startswith("ended by its main: ")
        assert our.reports[1][2]["ended_by"] == "crash"

    play(directory, scene)


# --- the limit of the start -----------------------------------------------------------------------------------------


def test_a_session_that_does_not_get_past_its_start_is_ended(alone, tmp_path) -> None:
    alone(stuck, tmp_path)


def stuck(directory: str) -> None:
    async def scene(our: Play) -> None:
        our.start(lambda _: time.sleep(30) or 0, seconds=0.1)
        await our.gone()
        assert our.codes == ["SES-FAILED", "SES-KILLED"]
        assert our.failed == ["no start within 0.1 s"]

    play(directory, scene)


def test_once_a_session_has_started_its_main_wakes_for_no_limit_of_its_start(alone, tmp_path) -> None:
    alone(no_timer_left, tmp_path)


def no_timer_left(directory: str) -> None:
    async def scene(our: Play) -> None:
        loop = asyncio.get_running_loop()

        def due() -> list[float]:
            """When the loop will wake for timers that are more than the 20 s of the whole play away."""
            now = loop.time()
            return [timer.when() for timer in loop._scheduled if not timer.cancelled() and timer.when() > now + 50]

        our.start(runs_until_told, seconds=100)
        await asyncio.sleep(0)
        assert len(due()) == 1
        await our.runs()
        while due():
            await asyncio.sleep(0.005)
        assert our.table.has("session-1")
        our.table.follow(lambda _: "disabled", lambda _: False)
        await our.gone()
        assert our.failed == []

    play(directory, scene)


def test_a_session_that_has_failed_and_stays_is_ended_without_another_word_of_failure(alone, tmp_path) -> None:
    alone(failed_and_stays, tmp_path)


def failed_and_stays(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        says(sock, FAILED)
        time.sleep(30)
        return 0

    async def scene(our: Play) -> None:
        our.start(body, seconds=0.3)
        await our.gone()
        assert our.codes == ["SES-KILLED"]
        assert our.failed == ["nobody there"]

    play(directory, scene)


def test_a_session_that_runs_is_not_ended_by_the_limit_of_the_start(alone, tmp_path) -> None:
    alone(running, tmp_path)


def running(directory: str) -> None:
    async def scene(our: Play) -> None:
        our.start(runs_until_told, seconds=0.1)
        await asyncio.sleep(0.4)
        assert our.table.has("session-1")
        await our.table.end_all(0)
        assert our.reports == []

    play(directory, scene)


# --- traces ---------------------------------------------------------------------------------------------------------


def test_sessions_are_told_whether_to_write_a_trace(alone, tmp_path) -> None:
    alone(traced, tmp_path)


def traced(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        """Say what it was told until it is ended."""
        says(sock, START, RUNNING)
        number = 1
        while not isinstance(message := line.hear_main(sock), line.End):
            if isinstance(message, line.Trace):
                number += 1
                says(sock, line.Reported(number, "SES-TRACE", {"file": str(message.on)}))
        says(sock, end_event(number + 1))
        return 0

    async def scene(our: Play) -> None:
        async def told(*wanted: bool) -> None:
            while len(found := [event for event in our.events if event.code == "SES-TRACE"]) < len(wanted):
                await asyncio.sleep(0.005)
            assert [event.fields["file"] for event in found] == [str(on) for on in wanted]

        def by_name(given) -> bool:
            return given.session in ("before", "after")

        our.start(body, assignment("before"))
        our.table.follow(lambda _: "", by_name)
        await told(True)
        our.table.follow(lambda _: "", by_name)
        our.start(body, assignment("after"))
        await told(True, True)
        our.start(body, assignment("begun with", trace=True))
        await told(True, True, False)
        our.start(body, assignment("as before"))
        await our.runs(4)
        await our.table.end_all(0)
        await told(True, True, False)

    play(directory, scene)
