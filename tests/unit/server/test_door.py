"""The door: who may wait, who has to go, who is shut out; by a clock that the test moves, and at the gate."""

import asyncio
import contextlib
import socket
from functools import partial

import msgspec
import pytest
from OpenSSL import SSL

from seon.admission.penalties import MOST_SECONDS
from seon.config import Anchor, CertificateName, ServerPartner
from seon.net.context import connecting, partner_dialler
from seon.net.ends import Caller
from seon.net.networks import Networks
from seon.net.proxy_protocol import SIGNATURE
from seon.net.stream import AsyncTls
from seon.server.door import HELD_MOST, OLDEST, Door, Place
from seon.server.gate import Gate
from unit.server.putting import put


class Street:
    """A door with callers in front of it; `told` says who was turned away, and why."""

    def __init__(self, limit: int = 4, exempt: tuple[str, ...] = ()) -> None:
        self.now = 1_000.0
        self.told: list[tuple[str, str]] = []
        self.door = Door(lambda caller, why: self.told.append((caller.address, why)), lambda: self.now)
        self.limit = limit
        self.exempt = Networks(exempt)
        self.tasks: list[asyncio.Task[None]] = []

    def is_shut(self, address: str) -> bool:
        return self.door.is_shut(caller(address), self.exempt)

    async def fails(self, address: str) -> None:
        """Let a caller come and take too long."""
        with socket.socket() as sock, self.door.place(sock, caller(address), self.limit, self.exempt) as place:
            assert place.took_too_long()

    async def is_admitted(self, address: str) -> None:
        with socket.socket() as sock, self.door.place(sock, caller(address), self.limit, self.exempt) as place:
            self.door.admitted(place)

    async def waits(self, address: str) -> "asyncio.Task[None]":
        """Let a caller come and wait for ever."""

        async def wait() -> None:
            with socket.socket() as sock, self.door.place(sock, caller(address), self.limit, self.exempt):
                await asyncio.Event().wait()

        task = asyncio.create_task(wait())
        self.tasks.append(task)
        await asyncio.sleep(0)
        return task

    def play(self, scene) -> None:
        async def live() -> None:
            await scene()
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

        asyncio.run(live())


def caller(address: str) -> Caller:
    return Caller(address, f"{address}:40000", "198.51.100.1:6619")


def test_who_fails_again_and_again_is_shut_out_with_the_rest_of_its_penalty_told() -> None:
    street = Street()

    async def scene() -> None:
        await street.fails("192.0.2.1")
        assert not street.is_shut("192.0.2.1")
        await street.fails("192.0.2.1")
        assert street.is_shut("192.0.2.1")
        assert not street.is_shut("192.0.2.2")
        assert street.told == [("192.0.2.1", "its source has a penalty for failed handshakes, 20 seconds more")]
        street.now += 19.5
        assert street.is_shut("192.0.2.1")
        assert street.told[-1][1].endswith(" 1 second more")
        street.now += 0.5
        assert not street.is_shut("192.0.2.1")

    street.play(scene)


def test_an_ipv6_subscriber_is_one_source() -> None:
    street = Street()

    async def scene() -> None:
        for number in range(2):
            await street.fails(f"2001:db8::{number}")
        assert street.is_shut("2001:db8::77")
        assert not street.is_shut("2001:db8:0:1::1")

    street.play(scene)


def test_a_source_that_was_admitted_lately_has_no_penalty_and_loses_the_one_it_had() -> None:
    street = Street()

    async def scene() -> None:
        for _ in range(2):
            await street.fails("192.0.2.1")
        await street.is_admitted("192.0.2.1")
        assert not street.is_shut("192.0.2.1")
        for _ in range(100):
            await street.fails("192.0.2.1")
        assert not street.is_shut("192.0.2.1")
        street.now += 30 * 86_400
        for _ in range(2):
            await street.fails("192.0.2.1")
        assert street.is_shut("192.0.2.1"), "lately is over"

    street.play(scene)


def test_who_came_before_its_source_was_known_costs_that_source_nothing_when_it_fails_later() -> None:
    street = Street(limit=100)

    async def scene() -> None:
        with contextlib.ExitStack() as waiting:
            places = []
            for _ in range(10):
                sock = waiting.enter_context(socket.socket())
                places.append(waiting.enter_context(street.door.place(sock, caller("192.0.2.1"), street.limit)))
            await street.is_admitted("192.0.2.1")
            for place in places:
                assert place.took_too_long()
        assert not street.is_shut("192.0.2.1")

    street.play(scene)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "198.51.100.7"])
def test_this_host_and_exempt_networks_have_no_penalty(address) -> None:
    street = Street(exempt=("198.51.100.0/24", "what nobody can read"))

    async def scene() -> None:
        for _ in range(100):
            await street.fails(address)
            await street.fails("127.0.0.2")
        assert not street.is_shut(address)
        assert street.is_shut("127.0.0.2")

    street.play(scene)


def test_a_network_that_is_exempt_now_is_let_in_though_it_has_a_penalty() -> None:
    street = Street()

    async def scene() -> None:
        for _ in range(100):
            await street.fails("198.51.100.7")
        assert street.door.is_shut(caller("198.51.100.7"))
        assert not street.door.is_shut(caller("198.51.100.7"), Networks(["198.51.100.0/24"]))
        street.now += MOST_SECONDS
        assert not street.is_shut("198.51.100.7"), "no penalty lasts longer"

    street.play(scene)


@pytest.mark.parametrize(
    ("fail", "times"),
    [(lambda place: place.failed(b"\x16"), 3), (lambda place: place.failed(b""), 15), (Place.refused, 3)],
)
def test_each_failure_counts_in_the_moment_it_is_told_and_as_much_as_it_costs(fail, times) -> None:
    street = Street()

    async def scene() -> None:
        for time in range(times):
            assert not street.is_shut("192.0.2.1"), time
            with socket.socket() as sock, street.door.place(sock, caller("192.0.2.1"), 4) as place:
                fail(place)
        assert street.is_shut("192.0.2.1")

    street.play(scene)


def test_when_all_places_are_taken_the_oldest_of_who_holds_most_is_ended() -> None:
    street = Street()

    async def scene() -> None:
        one = await street.waits("192.0.2.1")
        first, second = await street.waits("192.0.2.2"), await street.waits("192.0.2.2")
        await street.waits("192.0.2.3")
        await asyncio.sleep(0.01)
        assert (one.done(), first.cancelled(), second.done()) == (False, True, False)
        assert street.told == [("192.0.2.2", HELD_MOST)]

    street.play(scene)


def test_the_connection_of_who_has_to_go_is_closed_at_once_though_its_task_still_ends() -> None:
    street = Street(limit=1)

    async def scene() -> None:
        ours, theirs = socket.socketpair()
        going = asyncio.Event()

        async def slow() -> None:
            try:
                with street.door.place(ours, caller("192.0.2.1"), 1):
                    await asyncio.Event().wait()
            finally:
                await going.wait()

        task = asyncio.create_task(slow())
        await asyncio.sleep(0)
        await street.waits("192.0.2.2")
        theirs.settimeout(1)
        assert theirs.recv(1) == b""
        assert not task.done()
        going.set()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        ours.close()
        theirs.close()

    street.play(scene)


def test_who_has_to_go_now_and_then_is_not_shut_out_and_who_comes_again_at_once_each_time_is() -> None:
    street = Street()

    async def scene() -> None:
        for _ in range(50):
            for number in range(4):
                await street.waits(f"192.0.2.{number}")
            street.now += 1
        assert not any(street.is_shut(f"192.0.2.{number}") for number in range(4))
        for _ in range(20):
            for number in range(4):
                await street.waits(f"192.0.2.{number}")
        assert any(street.is_shut(f"192.0.2.{number}") for number in range(4))

    street.play(scene)


def test_who_holds_one_place_and_has_to_go_is_not_shut_out_and_who_holds_most_is() -> None:
    street = Street()

    async def scene() -> None:
        for number in range(50):
            await street.waits(f"192.0.2.{number}")
        assert {why for _, why in street.told} == {OLDEST}
        await asyncio.sleep(0.01)
        for number in range(50):
            assert not street.is_shut(f"192.0.2.{number}")
        for _ in range(20):
            await street.waits("198.51.100.1")
        await asyncio.sleep(0.01)
        assert street.is_shut("198.51.100.1")

    street.play(scene)


def test_known_sources_have_places_kept_and_whoever_is_trusted_too() -> None:
    street = Street(limit=8)

    async def scene() -> None:
        await street.is_admitted("192.0.2.1")
        for number in range(100):
            await street.waits(f"198.51.100.{number}")
        told = len(street.told)
        await street.waits("192.0.2.1")
        with socket.socket() as sock, street.door.place(sock, caller("203.0.113.1"), 8, trusted=True) as balancer:
            assert balancer.known
            assert len(street.told) == told, "nobody has to go for them"

    street.play(scene)


def test_who_waits_for_its_turn_when_its_time_is_over_is_not_punished() -> None:
    street = Street()

    async def scene() -> None:
        async def late() -> None:
            with socket.socket() as sock, street.door.place(sock, caller("192.0.2.1"), 4) as place:
                try:
                    async with asyncio.timeout(0):
                        await place.turn()
                except TimeoutError:
                    assert not place.took_too_long()

        for _ in range(5):
            await asyncio.create_task(late())
        assert not street.is_shut("192.0.2.1")

    street.play(scene)


# --- at the gate, with real connections -------------------------------------------------------------------------------

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


def test_who_is_refused_after_its_handshake_is_counted_before_its_end_is_waited_for(
    play, certificate, partner, until, reported
) -> None:
    """A refused one that leaves its connection open would else come again and again meanwhile."""
    ca, stranger = certificate("CA", ca=True), certificate("stranger")
    named = CertificateName(ca.shown.subject_text or "", "CN=somebody")

    async def scene(outside: Outside) -> None:
        for _ in range(4):
            tls = AsyncTls(
                await outside.connected("127.0.1.1"),
                connecting(partner_dialler(stranger.pem, stranger.key_pem, lambda _: True).context),
            )
            await tls.handshake()
        await until(lambda: reported.codes.count("ADM-REFUSED") == 4)
        await outside.is_closed_at_once("127.0.1.1")

    known = ServerPartner("P2", "Two", names=(named,))
    play(scene, anchors=(Anchor(ca.pem),), partners=(known,))
    assert limits_told(reported)


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
