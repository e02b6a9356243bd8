"""The door: who may wait, who has to go for others, and who is shut out, with a clock that the test moves."""

import asyncio
import contextlib
import socket

import pytest

from seon.admission.penalties import MOST_SECONDS
from seon.net.ends import Caller
from seon.net.networks import Networks
from seon.server.door import HELD_MOST, OLDEST, Door, Place


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


def test_who_holds_one_place_and_has_to_go_is_not_punished_and_who_holds_most_is() -> None:
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
