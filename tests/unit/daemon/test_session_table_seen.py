"""What can be seen of a session while it runs, and what an administrator can do with one. Real forks."""

import asyncio
import dataclasses
import socket
import time

import pytest

from seon.endings import ordered
from seon.process import line
from unit.daemon.tables import RUNNING, START, Play, assignment, end_event, play, says

HOW_FAR = line.Progress("receiving", 5_000, 70, line.File("F", 4_000, 8_192), None, 2, 1)


def how_far(sock: socket.socket) -> int:
    """Start, say how far it is, and end when it is told to."""
    says(sock, START, RUNNING, HOW_FAR)
    while not isinstance(told := line.hear_main(sock), line.End):
        if isinstance(told, line.Trace):
            says(sock, later(findings=9 if told.on else 0))
    says(sock, later(files=told.reason), line.Ending(ordered(told.why, "inside")), end_event())
    return 0


def later(**fields: int) -> line.Progress:
    return line.Progress("idle", 5_000, 70, **fields)


async def until(condition) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def watched(our: Play) -> list[str]:
    """Note of which sessions there is something else to be seen."""
    changed: list[str] = []
    our.table._our = dataclasses.replace(our.table._our, changed=changed.append)
    return changed


def test_a_session_is_seen_from_its_start_to_its_end(alone, tmp_path) -> None:
    alone(seen_to_the_end, tmp_path)


def seen_to_the_end(directory: str) -> None:
    async def scene(our: Play) -> None:
        changed = watched(our)
        before = time.time()
        our.start(how_far, assignment(hop="inside", fingerprint="f"))
        first = our.table.seen("session-1")
        assert (first.stage, first.said, first.rate, first.traced) == ("starting", None, 0, False)
        assert before <= first.since <= time.time()
        assert (first.fingerprint, first.assignment.partner) == ("f", "P1")
        assert changed == ["session-1"]
        await until(lambda: our.table.seen("session-1").said)
        running = our.table.seen("session-1")
        assert (running.stage, running.said) == ("running", HOW_FAR)
        assert running.rate > 0
        assert set(changed) == {"session-1"}
        count = len(changed)
        assert our.table.end_one("session-1", 5)
        assert our.table.seen("session-1").stage == "ending"
        await our.gone()
        assert our.table.seen("session-1") is None
        assert len(changed) > count, "that it has gone is told, too"
        assert our.endings == [("session-1", ordered("ended", "inside"))]
        (end,) = [event for event in our.events if event.code == "SES-END"]
        assert (end.fields["ended_by"], end.fields["reason"]) == ("administrator", "ended by the administrator")

    play(directory, scene)


def test_one_that_runs_is_traced_until_the_configuration_says_otherwise(alone, tmp_path) -> None:
    alone(traced, tmp_path)


def traced(directory: str) -> None:
    async def scene(our: Play) -> None:
        our.start(how_far, assignment(hop="inside"))
        await until(lambda: our.table.seen("session-1").said)
        assert our.table.trace_one("session-1", on=True)
        await until(lambda: our.table.seen("session-1").said.findings == 9)
        assert our.table.seen("session-1").traced
        our.table.follow(lambda _: "", lambda _: False)
        await until(lambda: our.table.seen("session-1").said.findings == 0)
        assert not our.table.seen("session-1").traced
        our.table.end_one("session-1", 99)
        await our.gone()

    play(directory, scene)


def test_of_no_session_nothing_is_seen_and_nothing_can_be_done(alone, tmp_path) -> None:
    alone(no_session, tmp_path)


def no_session(directory: str) -> None:
    async def scene(our: Play) -> None:
        assert our.table.seen("nobody") is None
        assert not our.table.end_one("nobody", 99)
        assert not our.table.trace_one("nobody", on=True)

    play(directory, scene)


def test_one_that_is_being_brought_about_is_ended_at_once(alone, tmp_path) -> None:
    alone(ended_in_its_start, tmp_path)


def ended_in_its_start(directory: str) -> None:
    def starts(sock: socket.socket) -> int:
        time.sleep(30)
        return 0

    async def scene(our: Play) -> None:
        our.start(starts, assignment(hop="inside"))
        assert our.table.end_one("session-1", 99)
        await our.gone()
        assert our.failed == ["ended by the administrator"]

    play(directory, scene)


def flood(sock: socket.socket) -> int:
    says(sock, START, RUNNING)
    for number in range(100_000):
        says(sock, line.Progress("idle", number))
    return 0


def early(sock: socket.socket) -> int:
    says(sock, START, HOW_FAR)
    time.sleep(30)
    return 0


def after_its_end(sock: socket.socket) -> int:
    says(sock, START, RUNNING, line.Ending(ordered("ended", "inside")), end_event(), HOW_FAR)
    time.sleep(30)
    return 0


def raw(text: bytes):
    def body(sock: socket.socket) -> int:
        says(sock, START, RUNNING)
        sock.send(b'{"type":"progress","phase":"idle",' + text + b"}")
        time.sleep(30)
        return 0

    return body


LIES = {
    "a flood": (flood, "inside", "again and again how far"),
    "before it runs": (early, "inside", "is not under way"),
    "after its end": (after_its_end, "inside", "is not under way"),
    "at the server": (how_far, "dmz", "is not under way"),
    "less than nothing": (raw(b'"octets_in":-1'), "inside", "octets_in"),
    "more than there can be": (raw(b'"octets_in":1180591620717411303424'), "inside", "octets_in"),
    "a part of an octet": (raw(b'"octets_in":0.5'), "inside", "octets_in"),
    "a long name": (raw(b'"file_in":{"name":"' + b"x" * 27 + b'","octets":1,"size":1}'), "inside", "name"),
    "a size of less than nothing": (raw(b'"file_in":{"name":"x","octets":1,"size":-1}'), "inside", "size"),
    "another session": (raw(b'"session":"session-2"'), "inside", "session"),
    "no phase": (raw(b'"phase":"winning"'), "inside", "phase"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_process_that_lies_about_how_far_it_is_is_killed(alone, tmp_path, lie) -> None:
    alone(lying, tmp_path, lie)


def lying(directory: str, lie: str) -> None:
    body, hop, why = LIES[lie]

    async def scene(our: Play) -> None:
        our.start(body, assignment(hop=hop))
        await our.gone()
        (reason,) = [fields["reason"] for code, _, fields in our.reports if code == "SES-KILLED"]
        assert "ended by its main" in reason
        assert why in reason

    play(directory, scene)
