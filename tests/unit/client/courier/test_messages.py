"""Messages between main and courier."""

import asyncio
import socket

import pytest

from seon.client.courier import messages as c
from seon.link.messages import LinkError
from seon.process.events import EventMaker

EVENT = EventMaker("inside").make("CLI-END", reason="why")


def talk(*scenes) -> None:
    async def live() -> None:
        one, two = socket.socketpair()
        one.setblocking(False)
        two.setblocking(False)
        async with asyncio.timeout(10):
            await asyncio.gather(scenes[0](one), scenes[1](two))
        one.close()
        two.close()

    asyncio.run(live())


def test_messages_of_every_size_arrive_whole_and_in_order() -> None:
    sent = [c.AskNow(), c.Keep(1, (EVENT,) * c.EVENTS_PER_MESSAGE), c.Resolve("h" * 1_000_000), c.Enrol(1, "csr")]

    async def send(sock) -> None:
        lock = asyncio.Lock()
        await asyncio.gather(*(c.send(sock, lock, note) for note in sent))

    async def receive(sock) -> None:
        assert [c.from_main.decode(await c.receive(sock)) for _ in sent] == sent

    talk(send, receive)


@pytest.mark.parametrize("octets", [b"", b"\0", b"\0\0\0\x05", b"\0\0\0\x05ab"])
def test_the_end_of_the_other_process_is_none_wherever_it_comes(octets) -> None:
    async def send(sock) -> None:
        sock.send(octets) if octets else None
        sock.close()

    async def receive(sock) -> None:
        assert await c.receive(sock) is None

    talk(send, receive)


def test_a_length_out_of_bounds_is_refused() -> None:
    async def send(sock) -> None:
        sock.send(b"\xff\xff\xff\xff")

    async def receive(sock) -> None:
        with pytest.raises(LinkError):
            await c.receive(sock)

    talk(send, receive)


def test_the_main_may_know_neither_token_nor_url() -> None:
    assert set(c.Begin.__struct_fields__) == {"host", "port", "terminal", "wait", "pid"}


def test_each_takes_only_what_the_other_may_send() -> None:
    from seon.link.codec import HEADER, encode

    with pytest.raises(LinkError):
        c.from_main.decode(encode(c.Kept(1))[HEADER:])
    with pytest.raises(LinkError):
        c.from_courier.decode(encode(c.AskNow())[HEADER:])
