"""TLS on sockets: awaited in a loop, and blocking with time limits."""

import asyncio
import contextlib
import secrets
import socket
import threading
import time

import pytest

from seon.net.channel import EndOfStream, TlsError
from seon.net.context import accepting, connecting, partner_dialler, partner_listener
from seon.net.stream import AsyncTls, BlockingTls
from unit.net.keyupdates import KeyUpdates


@pytest.fixture
def connections(ours, partner):
    return (
        accepting(partner_listener(ours.pem, ours.key_pem, lambda c: c == partner.certificate).context),
        connecting(partner_dialler(partner.pem, partner.key_pem, lambda _: True).context),
    )


@pytest.fixture
def both(pair, connections):
    """Run a coroutine function with (server, client) over a real connection, after the handshake."""

    def run(scene, *, handshake: bool = True) -> None:
        async def play() -> None:
            for sock in pair:
                sock.setblocking(False)
            one, two = AsyncTls(pair[0], connections[0]), AsyncTls(pair[1], connections[1])
            async with asyncio.timeout(10):
                if handshake:
                    await asyncio.gather(one.handshake(), two.handshake())
                await scene(one, two)
            one.close()
            two.close()

        asyncio.run(play())

    return run


def test_octets_go_both_ways_and_not_one_more_is_read(both) -> None:
    async def scene(one: AsyncTls, two: AsyncTls) -> None:
        octets = secrets.token_bytes(200_000)
        sending = asyncio.create_task(two.write(octets + b"next"))
        assert await one.read_exactly(200_000) == octets
        await sending
        assert await one.read_exactly(4) == b"next"
        await one.write(b"back")
        assert await two.read_exactly(4) == b"back"

    both(scene)


def test_the_reason_of_a_refusal_reaches_the_peer(pair, connections, certificate) -> None:
    stranger = certificate("stranger")
    client = connecting(partner_dialler(stranger.pem, stranger.key_pem, lambda _: True).context)

    async def play() -> None:
        for sock in pair:
            sock.setblocking(False)
        one, two = AsyncTls(pair[0], connections[0]), AsyncTls(pair[1], client)

        async def refuse() -> None:
            with pytest.raises(TlsError, match="certificate verify failed"):
                await one.handshake()
            await one.end()

        refusing = asyncio.create_task(refuse())
        await two.handshake()  # TLS 1.3: done for the dialling side
        with pytest.raises(TlsError, match="alert"):
            await two.read_exactly(1)
        two.close()
        await refusing

    asyncio.run(play())


def test_an_orderly_end_is_seen_as_one(both) -> None:
    async def scene(one: AsyncTls, two: AsyncTls) -> None:
        ending = asyncio.create_task(one.end())
        with pytest.raises(EndOfStream) as end:
            await two.read_exactly(1)
        assert end.value.clean
        two.close()
        await ending

    both(scene)


def test_an_end_in_the_midst_is_not_a_clean_one(both) -> None:
    async def scene(one: AsyncTls, two: AsyncTls) -> None:
        await one.write(b"two of three"[:2])
        one.abort()
        with pytest.raises(EndOfStream) as end:
            await two.read_exactly(3)
        assert not end.value.clean

    both(scene)


def test_to_abort_wakes_whoever_waits(both) -> None:
    async def scene(one: AsyncTls, two: AsyncTls) -> None:
        waiting = asyncio.create_task(one.read_exactly(1))
        await asyncio.sleep(0.02)
        one.abort()
        with pytest.raises((EndOfStream, OSError)):
            await waiting

    both(scene)


def test_the_end_does_not_wait_long_for_a_peer_that_goes_on(both) -> None:
    async def scene(one: AsyncTls, two: AsyncTls) -> None:
        began = time.monotonic()
        await one.end()
        assert time.monotonic() - began < 3
        assert one.sock.fileno() == -1

    both(scene)


def test_several_writers_do_not_mix_their_messages(both) -> None:
    async def scene(one: AsyncTls, two: AsyncTls) -> None:
        parts = [bytes([number]) * 50_000 for number in range(8)]
        writing = [asyncio.create_task(one.write(part)) for part in parts]
        got = [await two.read_exactly(50_000) for _ in parts]
        assert sorted(got) == parts
        await asyncio.gather(*writing)

    both(scene)


def test_a_kept_connection_outlives_the_socket_it_came_on(both, pair) -> None:
    async def scene(one: AsyncTls, two: AsyncTls) -> None:
        one.take_over()
        pair[0].close()
        await one.write(b"still here")
        assert await two.read_exactly(10) == b"still here"

    both(scene)


# --- blocking -------------------------------------------------------------------------------------


@pytest.fixture
def blocking(pair, connections):
    one, two = BlockingTls(pair[0], connections[0]), BlockingTls(pair[1], connections[1])
    other = threading.Thread(target=one.handshake, args=(time.monotonic() + 5,))
    other.start()
    two.handshake(time.monotonic() + 5)
    other.join()
    return one, two


def test_blocking_ends_talk(blocking) -> None:
    one, two = blocking
    two.sendall(b"1234567")
    assert one.read_exactly(3, time.monotonic() + 5) == b"123"
    assert bytes(one.receive()) == b"4567"
    one.end()
    with pytest.raises(EndOfStream) as end:
        two.receive()
    assert end.value.clean


def test_a_silent_peer_meets_the_deadline_of_the_handshake(pair, connections) -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        BlockingTls(pair[1], connections[1]).handshake(began + 0.1)
    assert time.monotonic() - began < 2


def test_a_peer_that_sends_octet_by_octet_meets_the_deadline_too(pair, connections) -> None:
    """The limit is for the whole handshake, not for each read."""
    done = threading.Event()

    def drip() -> None:
        record = b"\x16\x03\x03\x40\x00"
        for number in range(200):
            if done.wait(0.02):
                return
            pair[0].sendall(record[number : number + 1] or b"\0")

    dripping = threading.Thread(target=drip)
    dripping.start()
    with pytest.raises((TimeoutError, TlsError)):
        BlockingTls(pair[1], connections[1]).handshake(time.monotonic() + 0.3)
    done.set()
    dripping.join()


def test_a_silent_peer_meets_the_deadline_of_a_read(blocking) -> None:
    with pytest.raises(TimeoutError):
        blocking[0].read_exactly(1, time.monotonic() + 0.05)


def test_an_end_of_tcp_is_not_a_clean_end(blocking, pair) -> None:
    pair[1].shutdown(socket.SHUT_WR)
    with pytest.raises(EndOfStream) as end:
        blocking[0].read_exactly(1, time.monotonic() + 5)
    assert not end.value.clean


def test_a_peer_that_says_nothing_is_given_less_time_than_one_that_is_slow(both) -> None:
    async def scene(one: AsyncTls, two: AsyncTls) -> None:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            await one.handshake(0.1)
        assert time.monotonic() - began < 2

    both(scene, handshake=False)


def test_once_the_first_flight_is_there_the_limit_of_the_hello_is_no_limit(both) -> None:
    async def scene(one: AsyncTls, two: AsyncTls) -> None:
        answering = asyncio.create_task(one.handshake(0.2))
        two.channel.handshake()
        await two._send_out()
        await asyncio.sleep(0.5)
        assert not answering.done(), "the second flight has the caller's deadline"
        await two.handshake()
        await answering

    both(scene, handshake=False)


def test_a_flood_without_content_meets_the_deadline_of_a_read(pair, ours, partner, shake) -> None:
    client = partner_dialler(partner.pem, partner.key_pem, lambda _: True).context
    hostile = KeyUpdates(client)
    one, two = accepting(partner_listener(ours.pem, ours.key_pem, lambda _: True).context), connecting(client)
    shake(one, two)
    ending = threading.Event()

    def flood() -> None:
        pair[1].settimeout(0.05)
        with contextlib.suppress(OSError):
            while not ending.is_set():
                for record in hostile.flood(100):
                    pair[1].sendall(record)
                pair[1].recv(65_536)

    sending = threading.Thread(target=flood)
    sending.start()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        BlockingTls(pair[0], one).read_exactly(1, began + 0.5)
    assert time.monotonic() - began < 3
    ending.set()
    pair[0].close()
    sending.join()
