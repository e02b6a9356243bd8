"""The line between main and session process: whole messages, and what the process says is hostile input."""

import socket

import msgspec
import pytest

from seon.endings import SessionEnd
from seon.events import MAX_FIELDS, fitting
from seon.process import line
from seon.process.levels import Level

END = SessionEnd("idle", "idle", "inside", number=300)
HAPPENED = line.Reported(1, "SES-END", {"reason": "why", "files": 3, "seconds": 0.5, "on": True})


@pytest.fixture
def ends():
    ours, theirs = line.pair()
    ours.setblocking(False)
    theirs.setblocking(False)
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.mark.parametrize(
    "message",
    [
        HAPPENED,
        line.LogLine("session", Level.DEBUG, "text"),
        line.LogLevel(Level.TRACE),
        line.Stage("running"),
        line.Shown(10, b"\xff" * line.SHOWN_OCTETS),
        line.Ending(END),
    ],
)
def test_what_a_session_process_says_is_heard_whole(ends, message) -> None:
    line.say(ends[1], message)
    line.say(ends[1], message)
    assert [line.hear_session(ends[0]) for _ in range(2)] == [message] * 2


@pytest.mark.parametrize(
    "message",
    [line.Taken(3), line.End("barred"), line.End("shutdown"), line.Trace(on=True), line.Trace(on=False),
     line.Ending(END)],
)  # fmt: skip
def test_what_the_main_says_is_heard(ends, message) -> None:
    line.say(ends[0], message)
    assert line.hear_main(ends[1]) == message


def test_silence_and_the_end_are_told_apart(ends) -> None:
    with pytest.raises(BlockingIOError):
        line.hear_session(ends[0])
    with pytest.raises(BlockingIOError):
        line.hear_main(ends[1])
    ends[1].close()
    assert line.hear_session(ends[0]) is None


def test_a_main_that_is_gone_is_the_end_even_with_words_unread(ends) -> None:
    line.say(ends[1], line.Stage("running"))
    ends[0].close()
    assert line.hear_main(ends[1]) is None


def test_the_main_is_heard_without_waiting_on_a_socket_that_waits(ends) -> None:
    ends[1].setblocking(True)
    with pytest.raises(BlockingIOError):
        line.hear_main(ends[1], wait=False)
    line.say(ends[0], line.Taken(3))
    assert line.hear_main(ends[1], wait=False) == line.Taken(3)


def happened(**fields: object) -> bytes:
    return msgspec.json.encode({"type": "reported", "number": 1, "code": "SES-END", **fields})


def ending(**fields: object) -> bytes:
    return msgspec.json.encode({"type": "ending", "end": {"by": "idle", "why": "idle", **fields}})


@pytest.mark.parametrize(
    "octets",
    [
        b"x",
        b"{}",
        b'"\xff"',
        b"[" * 5_000,
        b'{"type":"stage","stage":"flying"}',
        b'{"type":"stage","stage":"running","more":1}',
        b'{"type":"taken","number":1}',
        b'{"type":"end","why":"barred"}',
        b'{"type":"trace","on":true}',
        b'{"type":"log-line","category":"session","level":21,"text":"no such level"}',
        msgspec.json.encode({"type": "line", "level": 20, "text": "x" * (line.MAX_LINE + 1)}),
        happened(number=0),
        happened(number=-1),
        happened(number=2**60),
        happened(code="C" * 41),
        happened(hop="inside"),
        happened(session="another"),
        happened(fields={"x": [1]}),
        happened(fields={"x": {"y": 1}}),
        happened(fields={"n" * 41: 1}),
        happened(fields={f"n{number}": 1 for number in range(MAX_FIELDS + 1)}),
        ending(by="fate"),
        ending(why="because"),
        ending(host="moon"),
        ending(rule="a rule\nwith a line of its own"),
        ending(number=-1),
        ending(number=10**6),
    ],
)
def test_nonsense_is_not_taken(ends, octets) -> None:
    ends[1].send(octets)
    with pytest.raises(line.NonsenseError):
        line.hear_session(ends[0])


@pytest.mark.parametrize(
    "octets", [happened(), ending(), b'{"type":"log-line","category":"session","level":20,"text":"x"}']
)
def test_and_that_is_no_matter_of_its_form(ends, octets) -> None:
    """What was spoiled above is taken when it is whole."""
    ends[1].send(octets)
    assert line.hear_session(ends[0])


def test_a_message_over_the_limit_is_nonsense_and_not_half_a_message(ends) -> None:
    ends[1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1_000_000)
    octets = msgspec.json.encode(line.Stage("running"))
    ends[1].send(octets + b" " * line.MAX_MESSAGE + b"x")
    ends[1].send(octets)
    assert line.hear_session(ends[0]) == line.Stage("running"), "cut off where only blanks stand"
    assert line.hear_session(ends[0]) == line.Stage("running"), "and the next message begins at its own start"


def test_the_largest_event_fits(ends) -> None:
    fields = {f"field-{number}": fitting("\x01" * 5_000) for number in range(MAX_FIELDS)}
    message = line.Reported(2**53, "SES-END", fields)
    line.say(ends[1], message)
    assert line.hear_session(ends[0]) == message


def test_the_longest_line_fits(ends) -> None:
    message = line.LogLine("session", Level.FATAL, "\x01" * line.MAX_LINE)
    line.say(ends[1], message)
    assert line.hear_session(ends[0]) == message


def test_a_main_that_does_not_keep_up_is_told_apart_from_one_that_is_gone(ends) -> None:
    def flood() -> None:
        while True:
            line.say(ends[1], HAPPENED)

    with pytest.raises(BlockingIOError):
        flood()
    ends[0].close()
    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        line.say(ends[1], HAPPENED)
