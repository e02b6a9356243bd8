"""Messages over TLS."""

import time

import pytest

from seon.daemon.message_stream import MessageStream
from seon.link import messages as m
from seon.link.codec import Decoder
from seon.net.channel import EndOfStream

DECODER: Decoder[m.FromClient] = Decoder(m.FromClient)


@pytest.fixture
def play(over_link):
    def run(scene) -> None:
        over_link(lambda one, two: scene(MessageStream(one, DECODER), MessageStream(two, DECODER)))

    return run


def test_messages_arrive_whole_and_in_order(play) -> None:
    async def scene(one, two) -> None:
        sent = [m.Heartbeat(), m.Part(b"x" * m.PART_SIZE), m.Bye("done")]
        for message in sent:
            await two.send(message)
        assert [await one.receive() for _ in sent] == sent

    play(scene)


def test_the_moment_something_was_heard_is_known(play) -> None:
    async def scene(one, two) -> None:
        one.heard = 0.0
        await two.send(m.Heartbeat())
        await one.receive()
        assert time.monotonic() - one.heard < 5

    play(scene)


def test_silence_meets_the_limit(play) -> None:
    async def scene(one, two) -> None:
        with pytest.raises(TimeoutError):
            await one.receive_within(0.05)

    play(scene)


def test_a_length_out_of_bounds_is_refused_without_waiting_for_it(play) -> None:
    async def scene(one, two) -> None:
        await two.tls.write(b"\x7f\xff\xff\xff")
        with pytest.raises(m.LinkError, match="was announced"):
            await one.receive_within(5)

    play(scene)


def test_an_end_inside_a_message_is_the_end(play) -> None:
    async def scene(one, two) -> None:
        await two.tls.write(b"\0\0\0\x20{")
        two.tls.abort()
        with pytest.raises(EndOfStream):
            await one.receive()

    play(scene)
