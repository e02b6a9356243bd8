"""Ports converge: whatever changes, and however quickly, in the end what is open is what is wanted."""

import asyncio
import os
import random
import socket
from collections.abc import Awaitable, Callable

import pytest

from seon.daemon import ports as module
from seon.daemon.ports import Port, Ports
from seon.net.listen import open_listener
from unit.details import Lines

ADDRESS = f"127.0.77.{os.getpid() % 250 + 1}"
"""Nobody else's, so that a port that is closed here is taken by nobody in between."""
NUMBERS = range(20_001, 20_005)


def port(number: int = NUMBERS[0], owner: str = "A", terms: str = "one", slots: int = 4) -> Port[str]:
    return Port(ADDRESS, number, slots, owner, terms)


class Play:
    """Ports under a test: whoever is served gets owner and terms as octets."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []
        self.served: list[str] = []
        self.hold: Callable[[], Awaitable[None]] | None = None
        """Where it is set, a connection is served as long as that takes."""
        self.lines = Lines()
        self.ports: Ports[str] = Ports(self._serve, self, self.lines)

    async def _serve(self, one: Port[str], sock: socket.socket, source: str, number: int) -> None:
        self.served.append(one.owner)
        if self.hold:
            await self.hold()
        await asyncio.get_running_loop().sock_sendall(sock, f"{one.owner} {one.terms}".encode())

    def opened(self, one: Port[str]) -> None:
        self.told.append(("opened", one.owner, ""))

    def closed(self, one: Port[str], why: str) -> None:
        self.told.append(("closed", one.owner, why))

    def not_opened(self, one: Port[str], why: str) -> None:
        self.told.append(("not opened", one.owner, why))

    async def want(self, *wanted: Port[str], why: str = "why") -> None:
        """Want these, and wait until they are there."""
        self.ports.want(wanted, why)
        await self.ports.settled()

    async def waits_for(self, *told: tuple[str, str, str]) -> None:
        while self.told != list(told):
            await asyncio.sleep(0.005)


def play(scene: Callable[[Play], Awaitable[None]], *, seconds: float = 20) -> Play:
    made = Play()

    async def live() -> None:
        running = asyncio.create_task(made.ports.run())
        async with asyncio.timeout(seconds):
            try:
                await scene(made)
            finally:
                running.cancel()
                await asyncio.wait([running])
        async with asyncio.timeout(5):
            assert [await answer(number) for number in NUMBERS] == [None] * 4, "in the end all are closed"

    asyncio.run(live())
    return made


async def answer(number: int) -> str | None:
    """Return what who connects there gets to read; None = nobody listens."""
    loop = asyncio.get_running_loop()
    with socket.socket() as sock:
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, (ADDRESS, number))
            return (await loop.sock_recv(sock, 100)).decode()
        except ConnectionRefusedError:
            return None
        except ConnectionResetError:
            return ""


# --- one step -------------------------------------------------------------------------------------------------------


def test_a_port_that_is_wanted_is_opened_and_serves() -> None:
    async def scene(our: Play) -> None:
        await our.want(port(), port(NUMBERS[1], "B", "two"))
        assert await answer(NUMBERS[0]) == "A one"
        assert await answer(NUMBERS[1]) == "B two"
        assert sorted(our.told) == [("opened", "A", ""), ("opened", "B", "")]

    play(scene)


def test_a_port_that_is_not_wanted_any_more_is_closed_and_it_is_said_why() -> None:
    async def scene(our: Play) -> None:
        await our.want(port(), port(NUMBERS[1], "B"))
        our.told.clear()
        await our.want(port(NUMBERS[1], "B"), why="no client")
        assert await answer(NUMBERS[0]) is None
        assert await answer(NUMBERS[1]) == "B one"
        assert our.told == [("closed", "A", "no client")]

    play(scene)


def test_what_is_there_already_is_left_alone() -> None:
    async def scene(our: Play) -> None:
        await our.want(port())
        for _ in range(5):
            await our.want(port())
        assert our.told == [("opened", "A", "")]

    play(scene)


def test_new_terms_count_for_the_next_connection_and_nothing_is_closed() -> None:
    async def scene(our: Play) -> None:
        await our.want(port(terms="one"))
        await our.want(port(terms="two"))
        assert await answer(NUMBERS[0]) == "A two"
        our.ports.want([port(terms="three")], "")
        assert await answer(NUMBERS[0]) == "A three", "at once"
        assert our.told == [("opened", "A", "")]

    play(scene)


@pytest.mark.parametrize("other", [port(owner="B"), port(slots=9)])
def test_another_owner_or_number_of_slots_is_another_port_at_the_same_place(other) -> None:
    async def scene(our: Play) -> None:
        await our.want(port())
        await our.want(other, why="changed")
        assert await answer(NUMBERS[0]) == f"{other.owner} one"
        assert our.told == [("opened", "A", ""), ("closed", "A", "changed"), ("opened", other.owner, "")]

    play(scene)


def test_no_more_connections_are_served_at_once_than_there_are_slots() -> None:
    async def scene(our: Play) -> None:
        go = asyncio.Event()
        our.hold = go.wait
        await our.want(port(slots=2))
        answers = [asyncio.create_task(answer(NUMBERS[0])) for _ in range(5)]
        await asyncio.sleep(0.1)
        assert len(our.served) == 2
        go.set()
        assert await asyncio.gather(*answers) == ["A one"] * 5

    play(scene)


def test_a_port_that_is_open_already_is_taken_over() -> None:
    async def scene(our: Play) -> None:
        our.ports.adopt(port(), open_listener(ADDRESS, NUMBERS[0]))
        await our.want(port(terms="new"))
        assert await answer(NUMBERS[0]) == "A new"
        assert our.told == []
        await our.want(why="not wanted")
        assert our.told == [("closed", "A", "not wanted")]

    play(scene)


# --- changes at once ------------------------------------------------------------------------------------------------


class SlowToClose:
    """A connection that holds up the closing of its port for a moment."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()

    async def __call__(self) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            self.closing.set()
            await asyncio.sleep(0.2)


async def begin_to_close(our: Play, why: str) -> None:
    """Have the first port open with a connection, and in the middle of its closing."""
    our.hold = slow = SlowToClose()
    caller = asyncio.create_task(answer(NUMBERS[0]))
    while not our.served:
        await asyncio.sleep(0.005)
    our.hold = None
    our.ports.want([], why)
    await slow.closing.wait()
    caller.cancel()


def test_what_is_wanted_again_while_it_closes_is_opened_again() -> None:
    async def scene(our: Play) -> None:
        await our.want(port())
        await begin_to_close(our, "no client")
        await our.want(port(), why="")
        assert await answer(NUMBERS[0]) == "A one"
        assert our.told[1:] == [("closed", "A", "no client"), ("opened", "A", "")], "with the reason that closed it"

    play(scene)


def test_another_port_at_the_same_place_does_not_meet_the_socket_of_the_one_that_closes() -> None:
    async def scene(our: Play) -> None:
        await our.want(port())
        await begin_to_close(our, "no client")
        await our.want(port(owner="B"))
        assert await answer(NUMBERS[0]) == "B one"
        assert not [told for told in our.told if told[0] == "not opened"]

    play(scene)


def test_a_port_that_is_not_wanted_any_more_serves_nobody_even_before_it_is_closed() -> None:
    async def scene(our: Play) -> None:
        await our.want(port(), port(NUMBERS[1], "B"))
        await begin_to_close(our, "no client")
        assert await answer(NUMBERS[1]) == "", "it is still open, and closes whoever comes"
        assert our.served == ["A"]
        await our.ports.settled()
        assert await answer(NUMBERS[1]) is None

    play(scene)


def test_what_settles_is_the_last_of_many_changes_at_once() -> None:
    async def scene(our: Play) -> None:
        for number in (*NUMBERS, *reversed(NUMBERS)):
            our.ports.want([port(number)], "changed")
        await our.ports.settled()
        assert [await answer(number) for number in NUMBERS] == ["A one", None, None, None]

    play(scene)


@pytest.mark.parametrize("seed", range(3))
def test_after_hundreds_of_changes_in_random_order_what_is_open_is_what_is_wanted(seed) -> None:
    rng = random.Random(seed)
    looked = 0

    async def scene(our: Play) -> None:
        nonlocal looked
        for change in range(300):
            wanted = [port(number, rng.choice("AB"), str(change)) for number in NUMBERS if rng.random() < 0.5]
            our.ports.want(wanted, f"change {change}")
            what = rng.random()
            if what < 0.3:
                await asyncio.sleep(0)
            elif what < 0.5:
                await asyncio.sleep(0.001)
                await answer(rng.choice(NUMBERS))
            elif what < 0.7:
                await our.ports.settled()
                expected = {one.number: f"{one.owner} {one.terms}" for one in wanted}
                assert {number: await answer(number) for number in NUMBERS} == {
                    number: expected.get(number) for number in NUMBERS
                }
                looked += 1

    made = play(scene)
    assert looked > 30
    assert {what for what, _, _ in made.told} == {"opened", "closed"}, "nothing was in its own way"


# --- trouble --------------------------------------------------------------------------------------------------------


@pytest.fixture
def taken():
    with socket.create_server((ADDRESS, NUMBERS[0])) as listener:
        yield listener


def test_a_port_that_is_taken_is_said_once_and_tried_again_until_it_is_free(taken, monkeypatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.02)
    said = ("not opened", "A", "Address already in use")

    async def scene(our: Play) -> None:
        await our.want(port())
        await asyncio.sleep(0.2)
        assert our.told == [said]
        taken.close()
        await our.waits_for(said, ("opened", "A", ""))
        assert await answer(NUMBERS[0]) == "A one"

    play(scene)


def test_one_port_that_is_taken_does_not_keep_others_waiting(taken) -> None:
    async def scene(our: Play) -> None:
        await our.want(port(), port(NUMBERS[1], "B"))
        assert await answer(NUMBERS[1]) == "B one"
        await our.want(port(), port(NUMBERS[2], "C"))
        assert await answer(NUMBERS[1]) is None
        assert await answer(NUMBERS[2]) == "C one"
        assert [what for what, owner, _ in our.told if owner == "A"] == ["not opened"]
        taken.close()

    play(scene)


def test_a_port_that_is_wanted_anew_is_tried_at_once_and_its_trouble_said_anew(taken) -> None:
    async def scene(our: Play) -> None:
        said = ("not opened", "A", "Address already in use")
        await our.want(port())
        await our.want()
        await our.want(port())
        assert our.told == [said, said]
        await our.want()
        taken.close()
        await our.want(port())
        assert our.told == [said, said, ("opened", "A", "")], "without any pause"

    play(scene)


def test_a_port_that_is_not_wanted_any_more_is_not_tried_again(taken, monkeypatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.02)

    async def scene(our: Play) -> None:
        await our.want(port())
        await our.want()
        taken.close()
        await asyncio.sleep(0.1)
        assert [what for what, _, _ in our.told] == ["not opened"]

    play(scene)


@pytest.mark.parametrize(
    ("address", "words"),
    [("192.0.2.1", "Cannot assign requested address"), ("nowhere", "'nowhere' is not an IP address")],
)
def test_an_address_that_this_host_has_not_got_or_that_is_none_is_said_and_can_be_corrected(address, words) -> None:
    async def scene(our: Play) -> None:
        await our.want(Port(address, NUMBERS[0], 1, "A", "one"))
        assert our.told == [("not opened", "A", words)]
        await our.want(Port("127.0.0.1", NUMBERS[0], 1, "A", "one"))
        assert our.told[1:] == [("opened", "A", "")]

    play(scene)


def test_a_port_that_dies_of_a_mistake_is_said_and_opened_again(monkeypatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.05)
    accept, failures = module.accept_forever, [ValueError("what a stranger sent")]

    async def fails_once(*arguments: object) -> None:
        if failures:
            raise failures.pop()
        await accept(*arguments)

    monkeypatch.setattr(module, "accept_forever", fails_once)

    async def scene(our: Play) -> None:
        await our.want(port())
        while len(our.told) < 3:
            await asyncio.sleep(0.005)
        assert [what for what, _, _ in our.told] == ["opened", "closed", "opened"]
        assert our.told[1][2].startswith("internal error: ValueError (test_ports.py:")
        assert await answer(NUMBERS[0]) == "A one"

    play(scene)


@pytest.mark.parametrize(("address", "shown"), [("", "*:2878"), ("192.0.2.1", "192.0.2.1:2878"), ("::1", "[::1]:2878")])
def test_a_port_is_shown_as_people_write_it(address, shown) -> None:
    assert Port(address, 2_878, 1, "A", None).shown == shown


def test_at_debug_each_step_is_said_and_what_is_wanted_when_that_changes() -> None:
    async def scene(made: Play) -> None:
        await made.want(port())
        await made.want(port(terms="two"))
        await made.want(why="no client is connected")

    where = port().shown
    assert play(scene).lines.said == [
        f"Ports wanted: {where} (A); before: none",
        f"Port {where} (A) opened",
        f"Ports wanted: none; before: {where} (A)",
        f"Port {where} (A) closed: no client is connected",
    ]


def test_at_debug_a_port_that_is_taken_is_said_at_each_try(monkeypatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.05)

    async def scene(made: Play) -> None:
        def tries() -> list[str]:
            return [line for line in made.lines.said if "not opened, again in 0.05 s: " in line]

        with open_listener(ADDRESS, NUMBERS[0]):
            await made.want(port())
            while len(tries()) < 2:
                await asyncio.sleep(0.005)
        assert len(made.told) == 1, "and the event once"

    play(scene)


def test_why_a_port_is_not_open_is_said() -> None:
    async def scene(our: Play) -> None:
        taken = open_listener(ADDRESS, NUMBERS[1])
        with taken:
            assert our.ports.why_closed(port()) == "it is not wanted"
            our.ports.want([port(), port(NUMBERS[1], "B")], "why")
            assert our.ports.why_closed(port()) == "it is about to be opened"
            await our.ports.settled()
            assert our.ports.why_closed(port()) == ""
            assert "in use" in our.ports.why_closed(port(NUMBERS[1], "B"))
            await our.want(why="there is no server")
            assert our.ports.why_closed(port()) == "there is no server"

    play(scene)
