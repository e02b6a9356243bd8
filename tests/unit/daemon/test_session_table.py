"""The sessions of a main: counted, watched, ended, and nothing left behind. Real forks."""

import asyncio
import os
import signal
import socket
import time
from dataclasses import replace
from pathlib import Path

from seon.config import Limits
from seon.daemon import line, session_table
from seon.daemon.log import Log
from seon.daemon.session_table import SessionTable, Surroundings
from seon.process.events import EventMaker
from seon.session.run import Task

LIMITS = Limits(sessions=3, sessions_per_partner=2)


def task(session: str = "session-1", partner: str = "P1") -> Task:
    return Task(session, partner, "incoming", "dmz", "a", "b", (), 30, 30)


def play(directory: str, scene) -> None:
    reports: list[tuple[str, dict]] = []
    events = []
    log = Log(Path(directory), "log", echo=False)
    our = Surroundings("seon test", log, lambda code, **fields: reports.append((code, fields)), events.append)

    async def live() -> None:
        async with asyncio.timeout(20):
            await scene(SessionTable(our), reports, events)

    asyncio.run(live())
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    assert not children, "no process and no zombie is left"


def runs_until_told(sock: socket.socket) -> int:
    line.say(sock, line.Stage("running"))
    while not isinstance(line.hear_main(sock), line.End):
        pass
    return 0


async def gone(table: SessionTable, session: str = "session-1") -> None:
    while table.has(session):
        await asyncio.sleep(0.005)


def test_a_session_is_counted_from_its_reservation_to_its_end(alone, tmp_path) -> None:
    alone(counted, tmp_path)


def counted(directory: str) -> None:
    async def scene(table, reports, events) -> None:
        assert table.reserve("P1", LIMITS) is None
        assert table.reserve("P1", LIMITS) is None
        assert "2 sessions of partner P1" in table.reserve("P1", LIMITS)
        table.release("P1")
        table.start(task(), [], lambda _: 0, 5, lambda _: None)
        assert table.has("session-1")
        await gone(table)
        assert table.reserve("P1", LIMITS) is None
        assert table.reserve("P1", LIMITS) is None
        assert reports == []

    play(directory, scene)


def test_events_of_session_processes_are_taken(alone, tmp_path) -> None:
    alone(events_taken, tmp_path)


def events_taken(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        event = EventMaker("dmz", "session-1").make("SES-FAILED", reason="nobody there")
        line.say(sock, line.Happened(event))
        return 0 if line.hear_main(sock) == line.Taken(1) else 1

    async def scene(table, reports, events) -> None:
        failed = []
        table.reserve("P1", LIMITS)
        table.start(task(), [], body, 5, failed.append)
        await gone(table)
        assert [event.code for event in events] == ["SES-FAILED"]
        assert failed == ["nobody there"]
        assert reports == []

    play(directory, scene)


def test_a_process_that_ends_badly_is_reported(alone, tmp_path) -> None:
    alone(ends_badly, tmp_path)


def ends_badly(directory: str) -> None:
    def dies(_: socket.socket) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    async def scene(table, reports, events) -> None:
        failed = []
        for body, reason in ((dies, "signal 9"), (lambda _: 5, "exit status 5"), (lambda _: 1 // 0, "exit status 70")):
            table.reserve("P1", LIMITS)
            table.start(task(), [], body, 5, failed.append)
            await gone(table)
            code, fields = reports.pop()
            assert (code, fields["partner"], fields["reason"]) == ("SES-KILLED", "P1", reason)
            assert failed.pop() == reason

    play(directory, scene)


def test_a_session_that_does_not_get_past_its_start_is_ended(alone, tmp_path) -> None:
    alone(stuck, tmp_path)


def stuck(directory: str) -> None:
    async def scene(table, reports, events) -> None:
        failed = []
        table.reserve("P1", LIMITS)
        table.start(task(), [], lambda _: time.sleep(30) or 0, 0.1, failed.append)
        await gone(table)
        assert [code for code, _ in reports] == ["SES-FAILED", "SES-KILLED"]
        assert failed[0] == "no start within 0.1 s"

    play(directory, scene)


def test_a_session_that_runs_is_not_ended_by_the_limit_of_the_start(alone, tmp_path) -> None:
    alone(running, tmp_path)


def running(directory: str) -> None:
    async def scene(table, reports, events) -> None:
        table.reserve("P1", LIMITS)
        table.start(task(), [], runs_until_told, 0.1, lambda _: None)
        await asyncio.sleep(0.4)
        assert table.has("session-1")
        table.end_where(lambda task: task.partner == "P2")
        await asyncio.sleep(0.1)
        assert table.has("session-1")
        table.end_where(lambda task: task.partner == "P1")
        await gone(table)
        assert reports == []

    play(directory, scene)


def test_the_end_is_asked_for_then_forced(alone, tmp_path) -> None:
    alone(ended, tmp_path)


def ended(directory: str) -> None:
    session_table.ENDING_SECONDS = 0.3

    def deaf(sock: socket.socket) -> int:
        line.say(sock, line.Stage("running"))
        time.sleep(30)
        return 0

    async def scene(table, reports, events) -> None:
        for number, body in enumerate((runs_until_told, deaf)):
            table.reserve(f"P{number}", LIMITS)
            table.start(task(f"session-{number}", f"P{number}"), [], body, 5, lambda _: None)
        await asyncio.sleep(0.2)
        await table.end_all(0.1)
        assert not table.has("session-0")
        assert not table.has("session-1")
        assert [fields["reason"] for _, fields in reports] == ["signal 9"]

    play(directory, scene)


def test_to_end_nothing_takes_no_time(alone, tmp_path) -> None:
    alone(nothing, tmp_path)


def nothing(directory: str) -> None:
    async def scene(table, reports, events) -> None:
        began = time.monotonic()
        await table.end_all(30)
        assert time.monotonic() - began < 1

    play(directory, scene)


def test_a_fork_that_is_refused_is_reported_and_leaves_no_count(alone, tmp_path) -> None:
    alone(no_fork, tmp_path)


def no_fork(directory: str) -> None:
    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    async def scene(table, reports, events) -> None:
        failed = []
        real, os.fork = os.fork, refuse
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(5):
            assert table.reserve("P1", LIMITS) is None
            table.start(task(), [], lambda _: 0, 5, failed.append)
        os.fork = real
        assert len(failed) == 5
        assert {code for code, _ in reports} == {"SES-FAILED"}
        assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
        assert not table.has("session-1")

    play(directory, scene)


def test_sessions_are_told_whether_to_write_a_trace(alone, tmp_path) -> None:
    alone(traced, tmp_path)


def traced(directory: str) -> None:
    def body(sock: socket.socket) -> int:
        """Say what it was told until it is ended: in the reason of events."""
        line.say(sock, line.Stage("running"))
        maker = EventMaker("dmz", "s")
        while not isinstance(message := line.hear_main(sock), line.End):
            if isinstance(message, line.Trace):
                line.say(sock, line.Happened(maker.make("SES-END", on=message.on)))
        return 0

    async def scene(table, reports, events) -> None:
        async def told(*wanted: bool) -> None:
            while len(events) < len(wanted):
                await asyncio.sleep(0.005)
            assert [event.fields["on"] for event in events] == list(wanted)

        for _ in range(3):
            table.reserve("P1", Limits())
        table.start(task("before"), [], body, 5, lambda _: None)
        table.trace_where(lambda task: task.session in ("before", "after"))
        await told(True)
        table.trace_where(lambda task: task.session in ("before", "after"))
        table.start(task("after"), [], body, 5, lambda _: None)
        await told(True, True)
        begun_with = replace(task("begun with"), trace=True)
        table.start(begun_with, [], body, 5, lambda _: None)
        await told(True, True, False)
        table.end_where(lambda task: True)
        for session in ("before", "after", "begun with"):
            await gone(table, session)
        assert len(events) == 3

    play(directory, scene)
