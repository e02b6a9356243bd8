"""The line between main and session process: whole messages, and what the process says is hostile input."""

import socket

import msgspec
import pytest

from seon.events import MAX_FIELDS, Event
from seon.process import line
from seon.process.events import EventMaker

EVENT = Event(id="s-dmz-1", code="SES-END", time=1.0, hop="dmz")


@pytest.fixture
def ends():
    ours, theirs = line.pair()
    ours.setblocking(False)
    theirs.setblocking(False)
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.mark.parametrize("message", [line.Happened(EVENT), line.Stage("running")])
def test_what_a_session_process_says_is_heard_whole(ends, message) -> None:
    line.say(ends[1], message)
    line.say(ends[1], message)
    assert [line.hear_session(ends[0]) for _ in range(2)] == [message] * 2


@pytest.mark.parametrize("message", [line.Taken(3), line.End(99, "why"), line.Trace(on=True), line.Trace(on=False)])
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


@pytest.mark.parametrize(
    "octets",
    [
        b"x",
        b"{}",
        b'{"type":"stage","stage":"flying"}',
        b'{"type":"taken","count":1}',
        b'{"type":"end","reason":1,"text":""}',
        b'{"type":"trace","on":true}',
        b'{"type":"happened","event":{"id":"a b","code":"SES-END","time":1,"hop":"dmz"}}',
        b'{"type":"happened","event":{"id":"a","code":"SES-END","time":1,"hop":"moon"}}',
        b'{"type":"happened","event":{"id":"a","code":"lower","time":1,"hop":"dmz"}}',
        b'{"type":"happened","event":{"id":"a","code":"SES-END","time":1,"hop":"dmz","fields":{"x":[1]}}}',
        b'{"type":"stage","stage":"running","more":1}',
        b'"\xff"',
    ],
)
def test_nonsense_is_not_taken(ends, octets) -> None:
    ends[1].send(octets)
    with pytest.raises((msgspec.MsgspecError, UnicodeDecodeError)):
        line.hear_session(ends[0])


def test_a_message_over_the_limit_is_nonsense_and_not_half_a_message(ends) -> None:
    ends[1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1_000_000)
    octets = msgspec.json.encode(line.Stage("running"))
    ends[1].send(octets + b" " * line.MAX_MESSAGE + b"x")
    ends[1].send(octets)
    assert line.hear_session(ends[0]) == line.Stage("running"), "cut off where only blanks stand"
    assert line.hear_session(ends[0]) == line.Stage("running"), "and the next message begins at its own start"


def test_the_largest_event_fits(ends) -> None:
    fields = {f"field-{number}": "\x01" * 5_000 for number in range(MAX_FIELDS)}
    event = EventMaker("inside", "s" * 64).make("SES-END", **fields)
    line.say(ends[1], line.Happened(event))
    assert line.hear_session(ends[0]) == line.Happened(event)
