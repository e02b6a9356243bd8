"""Turns: one step at a time, known sources first, strangers for half of the time, and no wait in a quiet server."""

import asyncio
import itertools
import time

import pytest

from seon.server import turns as module
from seon.server.turns import SAVED_SECONDS, Turns


class Clock:
    """Moves only when a step computes, and while the loop pauses."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Play:
    """Callers that take steps of so many seconds; `order` says who had its turn."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.turns = Turns(self.clock)
        self.order: list[str] = []
        self.pauses: list[float] = []

    async def steps(self, name: str, count: int, seconds: float, *, known: bool = False) -> None:
        for _ in range(count):
            await self.turns.turn(name.partition("/")[0], known=known)
            self.order.append(name)
            self.clock.now += seconds

    def run(self, *callers, scene=None) -> None:
        async def live() -> None:
            loop = asyncio.get_running_loop()
            later = loop.call_later

            def sooner(delay: float, callback, *arguments) -> asyncio.TimerHandle:
                def due() -> None:
                    self.clock.now += delay
                    callback(*arguments)

                self.pauses.append(delay)
                return later(0.001, due)

            async with asyncio.timeout(10):
                loop.call_later = sooner
                try:
                    tasks = [asyncio.create_task(one) for one in callers]
                    if scene:
                        await scene(tasks)
                    await asyncio.gather(*tasks, return_exceptions=bool(scene))
                finally:
                    loop.call_later = later

        asyncio.run(live())


@pytest.fixture
def play() -> Play:
    return Play()


def test_in_a_quiet_server_nobody_waits(play) -> None:
    play.run(play.steps("a", 3, 0.002))
    assert play.order == ["a"] * 3
    assert play.pauses == []


def test_the_real_clock_keeps_a_single_handshake_no_longer_than_a_moment() -> None:
    async def live() -> float:
        turns, began = Turns(), time.perf_counter()
        for _ in range(200):
            await turns.turn("a", known=False)
        return time.perf_counter() - began

    assert asyncio.run(live()) < 0.5, "200 turns"


def test_strangers_get_at_most_half_of_the_time(play) -> None:
    play.run(*(play.steps(f"s{number}", 10, 0.002) for number in range(20)))
    computed = 200 * 0.002
    assert computed - SAVED_SECONDS <= play.clock.now / 2 + 0.002
    assert play.clock.now <= 2 * computed + 0.01, "and they get that half"


def test_sources_take_turns_however_many_steps_one_of_them_wants(play) -> None:
    play.run(*(play.steps(f"flood/{number}", 1, 0.001) for number in range(50)), play.steps("partner", 2, 0.001))
    assert play.order.index("partner") <= 2
    assert play.order[:5].count("partner") == 2


def test_known_sources_come_first_and_do_not_wait_for_the_strangers_half(play) -> None:
    strangers = [play.steps(f"s{number}", 10, 0.02) for number in range(10)]
    play.run(*strangers, play.steps("known", 30, 0.001, known=True))
    first = play.order.index("known")
    last = len(play.order) - play.order[::-1].index("known")
    assert last - first <= 30 + 30 // module.KNOWN_IN_A_ROW + 1, "between their steps there are few of strangers"


def test_a_known_source_that_wants_all_the_time_leaves_some_to_strangers(play) -> None:
    play.run(play.steps("known", 400, 0.001, known=True), play.steps("s", 20, 0.001))
    assert play.order[:100].count("s") == 20


def test_a_known_source_that_comes_while_strangers_pause_goes_on_at_once(play) -> None:
    async def scene(tasks: list) -> None:
        while not play.pauses:
            await asyncio.sleep(0)
        known = asyncio.create_task(play.steps("known", 1, 0.001, known=True))
        before = len(play.order)
        while not known.done():
            await asyncio.sleep(0)
        assert play.order[before:] == ["known"]

    play.run(play.steps("s", 5, 1.0), scene=scene)
    assert play.order.count("s") == 5, "and strangers go on after that"


def test_who_gives_up_leaves_its_turn_to_the_others(play) -> None:
    async def scene(tasks: list) -> None:
        await asyncio.sleep(0)
        for task in tasks[1::2]:
            task.cancel()

    play.run(*(play.steps(f"s{number}", 1, 0.001) for number in range(20)), scene=scene)
    assert len(play.order) == 10
    assert not play.turns._strangers


def test_other_work_comes_between_two_steps(play) -> None:
    beats = []

    async def beat() -> None:
        while len(play.order) < 30:
            beats.append(len(play.order))
            await asyncio.sleep(0)

    play.run(*(play.steps(f"s{number}", 1, 0.0) for number in range(30)), beat())
    assert max(after - before for before, after in itertools.pairwise(beats)) <= 1
