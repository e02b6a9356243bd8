"""The external port when strangers press: who has to go, who is shut out, and that partners still come in."""

import asyncio
import contextlib
import socket
from functools import partial

import msgspec
import pytest
from OpenSSL import SSL

from seon.net.context import connecting, partner_dialler
from seon.net.proxy_protocol import SIGNATURE
from seon.net.stream import AsyncTls
from seon.server.door import HELD_MOST, OLDEST
from seon.server.gate import Gate
from unit.server.putting import put

PLACES = 8
BEYOND = "its source has a penalty for failed handshakes, "


class Outside:
    """What comes to the port, from loopback addresses of its choice."""

    def __init__(self, port: int, admitted: list) -> None:
        self.port = port
        self.admitted = admitted
        self.callers: list[socket.socket] = []

    async def connected(self, address: str) -> socket.socket:
        sock = socket.socket()
        self.callers.append(sock)
        sock.setblocking(False)
        sock.bind((address, 0))
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        return sock

    async def falls_silent(self, address: str) -> socket.socket:
        """Send a ClientHello and nothing more."""
        sock, connection = await self.connected(address), connecting(SSL.Context(SSL.TLS_CLIENT_METHOD))
        with contextlib.suppress(SSL.WantReadError):
            connection.do_handshake()
        await asyncio.get_running_loop().sock_sendall(sock, connection.bio_read(65_536))
        return sock

    async def is_closed_at_once(self, address: str) -> None:
        sock = await self.connected(address)
        async with asyncio.timeout(0.5):
            with contextlib.suppress(ConnectionError):
                assert await asyncio.get_running_loop().sock_recv(sock, 1) == b""

    async def comes(self, address: str, made, before: bytes = b"") -> bool:
        """Let somebody show a certificate; return whether it was admitted."""
        there = len(self.admitted)
        sock = await self.connected(address)
        if before:
            await asyncio.get_running_loop().sock_sendall(sock, before)
        tls = AsyncTls(sock, connecting(partner_dialler(made.pem, made.key_pem, lambda _: True).context))
        with contextlib.suppress(Exception):
            await tls.handshake()
            async with asyncio.timeout(0.3):
                await tls.read_exactly(1)
        tls.close()
        return len(self.admitted) == there + 1


@pytest.fixture
def play(reported, delivering, ephemeral, configuration, tasks, serving):
    def run(scene, **fields) -> None:
        limits = msgspec.structs.replace(configuration.limits, handshakes=PLACES, handshake_seconds=1)
        in_force = put(delivering(limits=limits, **fields), ephemeral)
        admitted = []

        async def take(one) -> None:
            admitted.append(one)

        async def live() -> None:
            gate = Gate(reported, take, tasks)
            async with asyncio.timeout(20), serving(configuration.external_port, partial(gate.serve, in_force)):
                outside = Outside(configuration.external_port, admitted)
                try:
                    await scene(outside)
                finally:
                    for sock in outside.callers:
                        sock.close()
            await tasks.end()

        asyncio.run(live())

    return run


def limits_told(reported) -> list[str]:
    return [str(fields["limit"]) for code, fields in reported.events if code == "ADM-LIMIT"]


def test_a_partner_comes_in_while_strangers_hold_all_places(play, partner, reported) -> None:
    async def scene(outside: Outside) -> None:
        for number in range(5 * PLACES):
            await outside.falls_silent(f"127.0.1.{number % 4 + 1}")
        assert await outside.comes("127.0.2.1", partner)

    play(scene)
    assert HELD_MOST in limits_told(reported)
    assert OLDEST not in limits_told(reported)


def test_who_fails_too_often_is_closed_at_once_and_named_with_the_rest(play, partner, certificate, reported) -> None:
    stranger = certificate("stranger")

    async def scene(outside: Outside) -> None:
        for _ in range(4):
            assert not await outside.comes("127.0.1.1", stranger)
        await outside.is_closed_at_once("127.0.1.1")
        assert not await outside.comes("127.0.1.1", partner), "who comes from there has to wait"
        assert await outside.comes("127.0.2.1", partner), "and nobody else"

    play(scene)
    told = limits_told(reported)
    assert len(told) == 2
    assert all(text.startswith(BEYOND) and text.endswith(" seconds more") for text in told)
    assert reported.of("ADM-LIMIT")["source"].startswith("127.0.1.1:")


def test_a_partner_behind_a_flooding_address_comes_in_if_it_came_lately(play, partner, certificate) -> None:
    stranger = certificate("stranger")

    async def scene(outside: Outside) -> None:
        assert await outside.comes("127.0.1.1", partner)
        for number in range(5 * PLACES):
            await outside.falls_silent(f"127.0.1.{number % 4 + 1}")
        for _ in range(5):
            assert not await outside.comes("127.0.1.1", stranger)
        assert await outside.comes("127.0.1.1", partner)

    play(scene)


def test_who_has_a_known_sources_places_leaves_another_known_one_its_own(play, partner) -> None:
    async def scene(outside: Outside) -> None:
        for address in ("127.0.1.1", "127.0.1.2"):
            assert await outside.comes(address, partner)
        for _ in range(5 * PLACES):
            await outside.falls_silent("127.0.1.1")
        assert await outside.comes("127.0.1.2", partner)
        assert await outside.comes("127.0.1.3", partner), "and a new one"

    play(scene)


def test_exempt_networks_have_no_penalty(play, partner, certificate, reported) -> None:
    stranger = certificate("stranger")

    async def scene(outside: Outside) -> None:
        for _ in range(5):
            assert not await outside.comes("127.0.1.1", stranger)
        assert await outside.comes("127.0.1.1", partner)

    play(scene, exempt_networks=("127.0.1.0/24",))
    assert limits_told(reported) == []


def test_a_health_check_that_says_nothing_is_not_shut_out_soon(play, until, reported) -> None:
    async def scene(outside: Outside) -> None:
        for _ in range(10):
            (await outside.connected("127.0.1.1")).close()
        await until(lambda: reported.codes.count("ADM-TLS") == 10)

    play(scene)
    assert limits_told(reported) == []


# --- behind a load balancer -------------------------------------------------------------------------------------------

BALANCERS = {"load_balancers": ("127.0.9.0/24",)}


def header(source: str) -> bytes:
    ends = socket.inet_aton(source) + socket.inet_aton("198.51.100.1") + bytes.fromhex("9c4019db")
    return SIGNATURE + bytes.fromhex("2111000c") + ends


def test_behind_a_load_balancer_all_limits_are_on_the_inner_address(play, partner, certificate, reported) -> None:
    stranger = certificate("stranger")

    async def scene(outside: Outside) -> None:
        for _ in range(4):
            assert not await outside.comes("127.0.9.1", stranger, header("192.0.2.1"))
        assert not await outside.comes("127.0.9.1", partner, header("192.0.2.1"))
        assert await outside.comes("127.0.9.1", partner, header("192.0.2.2"))
        assert outside.admitted[0].caller.source == "192.0.2.2:40000"

    play(scene, **BALANCERS)
    (told,) = limits_told(reported)
    assert told.startswith(BEYOND)
    assert reported.of("ADM-LIMIT")["source"] == "192.0.2.1:40000"
    assert reported.of("ADM-REFUSED")["source"] == "192.0.2.1:40000"


def test_a_balancer_has_no_penalty_and_its_health_checks_leave_no_event(play, partner, reported) -> None:
    async def scene(outside: Outside) -> None:
        for _ in range(50):
            (await outside.connected("127.0.9.1")).close()
        assert await outside.comes("127.0.9.1", partner, header("192.0.2.2"))

    play(scene, **BALANCERS)
    assert reported.codes == []


def test_what_is_no_proxy_protocol_from_a_balancer_is_refused_with_the_balancer_named(play, partner, reported) -> None:
    async def scene(outside: Outside) -> None:
        for _ in range(10):
            assert not await outside.comes("127.0.9.1", partner)
        assert await outside.comes("127.0.9.1", partner, header("192.0.2.2"))

    play(scene, **BALANCERS)
    assert set(reported.codes) == {"ADM-TLS"}
    assert "PROXY" in str(reported.of("ADM-TLS")["reason"])
    assert str(reported.of("ADM-TLS")["source"]).startswith("127.0.9.1:")
