"""TLS on sockets: awaited in a loop, and blocking with time limits."""

import asyncio
import contextlib
import secrets
import socket
import threading
import time
from pathlib import Path

import pytest
from OpenSSL import SSL

from seon.net.channel import EndOfStream, TlsError
from seon.net.context import accepting, connecting, partner_dialler, partner_listener
from seon.net.stream import AsyncTls, BlockingTls
from unit.net.keyupdates import KeyUpdates


@pytest.fixture
def connections(ours, partner):
    return (
        accepting(partner_listener(ours.pem, ours.key_pem, lambda c: c.fingerprint == partner.fingerprint).context),
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


# --- strangers in the midst of a handshake --------------------------------------------------------------------------


def long_winded(partner, certificate, ours) -> SSL.Connection:
    """Return a client that shows so many certificates that its flight has over 100 KiB."""
    keyed = partner_dialler(partner.pem, partner.key_pem, lambda _: True)
    above = certificate("CA", ca=True).certificate
    for _ in range(300):
        keyed.context.add_extra_chain_cert(above)
    return connecting(keyed.context)


def test_a_handshake_takes_in_no_more_than_48_kib(pair, connections, certificate, partner, ours) -> None:
    client = long_winded(partner, certificate, ours)

    async def play() -> None:
        for sock in pair:
            sock.setblocking(False)
        one, two = AsyncTls(pair[0], connections[0]), AsyncTls(pair[1], client)
        dialling = asyncio.create_task(two.handshake())
        with pytest.raises(TlsError, match="not done after 48 KiB"):
            await one.handshake()
        assert one.channel.fed == 48 * 1024, "the rest is left in the socket"
        one.close()
        with contextlib.suppress(TlsError, EndOfStream, OSError):
            await dialling

    asyncio.run(play())


def test_a_process_of_its_own_takes_in_no_more_either(pair, connections, certificate, partner, ours) -> None:
    client = BlockingTls(pair[1], long_winded(partner, certificate, ours))

    def dial() -> None:
        with contextlib.suppress(TlsError, EndOfStream, OSError):
            client.handshake(time.monotonic() + 10)

    dialling = threading.Thread(target=dial)
    dialling.start()
    server = BlockingTls(pair[0], connections[0])
    with pytest.raises(TlsError, match="not done after 48 KiB"):
        server.handshake(time.monotonic() + 10)
    assert server.channel.fed == 48 * 1024
    pair[0].close()
    dialling.join()


def test_content_that_comes_with_the_last_of_the_handshake_is_not_lost(pair, connections) -> None:
    """A caller need not wait for us: what follows its handshake at once has no limit."""
    octets = secrets.token_bytes(300_000)

    async def play() -> None:
        for sock in pair:
            sock.setblocking(False)
        one, two = AsyncTls(pair[0], connections[0]), AsyncTls(pair[1], connections[1])

        async def dial() -> None:
            await two.handshake()
            await two.write(octets)

        _, read = await asyncio.gather(dial(), answer(one))
        assert read == octets

    async def answer(one: AsyncTls) -> bytes:
        await one.handshake()
        return await one.read_exactly(len(octets))

    asyncio.run(play())


def test_connections_at_once_do_not_mix_their_octets(ours, partner) -> None:
    """They share buffers."""
    gate = partner_listener(ours.pem, ours.key_pem, lambda _: True).context
    dialler = partner_dialler(partner.pem, partner.key_pem, lambda _: True).context
    words = [secrets.token_bytes(150_000) for _ in range(8)]

    async def converse(octets: bytes) -> bytes:
        ends = socket.socketpair()
        for sock in ends:
            sock.setblocking(False)
        one, two = AsyncTls(ends[0], accepting(gate)), AsyncTls(ends[1], connecting(dialler))
        await asyncio.gather(one.handshake(), two.handshake())
        _, heard = await asyncio.gather(two.write(octets), one.read_exactly(len(octets)))
        _, echo = await asyncio.gather(one.write(heard), two.read_exactly(len(octets)))
        one.close()
        two.close()
        return echo

    async def play() -> list[bytes]:
        async with asyncio.timeout(30):
            return await asyncio.gather(*map(converse, words))

    assert asyncio.run(play()) == words


def test_three_hundred_silent_handshakes_fit_into_40_mib(alone, ours, tmp_path) -> None:
    ours.write(tmp_path / "ours.pem", tmp_path / "ours.key")
    alone(hold_half_open, tmp_path)


def hold_half_open(directory: str) -> None:
    """In a process of its own, whose memory is its own. With buffers for each connection it was 78 MiB."""
    place, count = Path(directory), 300
    gate = partner_listener((place / "ours.pem").read_text(), (place / "ours.key").read_bytes(), lambda _: True)
    client = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), None)
    client.set_connect_state()
    with contextlib.suppress(SSL.WantReadError):
        client.do_handshake()
    hello = client.bio_read(65_536)

    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096

    async def hold() -> None:
        before, far, held = resident(), [], []
        for _ in range(count):
            near, end = socket.socketpair()
            near.setblocking(False)
            end.sendall(hello)
            far.append(end)
            held.append(asyncio.create_task(AsyncTls(near, accepting(gate.context)).handshake()))
        for end in far:
            end.setblocking(False)
            await asyncio.get_running_loop().sock_recv(end, 1)  # the server's flight has come
        used = resident() - before
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        if used > 40 * 2**20:
            raise SystemExit(f"{used / 2**20:.0f} MiB for {count} handshakes")

    asyncio.run(hold())
