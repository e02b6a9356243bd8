import asyncio
import time

import pytest

from seon.backend.api import waiting
from seon.backend.api.waiting import Reading, VersionWatch
from seon.backend.live.orders import Place


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the database says, reading by reading; the last stays."""
    said = [1, 1, 2]
    monkeypatch.setattr(waiting, "INTERVAL", 0.01)
    monkeypatch.setattr(waiting, "switch_due", lambda: "")
    monkeypatch.setattr(waiting, "take_reading", lambda: Reading(said.pop(0) if len(said) > 1 else said[0]))
    return said


def test_a_hundred_who_wait_share_each_reading(readings: list[int]) -> None:
    async def scenario() -> list[bool]:
        watch = VersionWatch()
        return await asyncio.gather(*(watch.wait_for_news(1, 5) for _ in range(100)))

    assert asyncio.run(scenario()) == [True] * 100
    assert readings == [2]  # three readings for all of them


def test_an_order_wakes_the_caller_that_it_is_for_and_no_other(
    readings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = Place(1, "10.0.0.5"), Place(1, "10.0.0.6")
    monkeypatch.setattr(waiting, "take_reading", lambda: Reading(1, frozenset({mine})))

    async def scenario() -> list[bool]:
        watch = VersionWatch()
        return await asyncio.gather(*(watch.wait_for_news(1, 0.1, place) for place in (mine, other, None)))

    assert asyncio.run(scenario()) == [True, False, False]


def test_the_wait_ends_in_time_when_nothing_changes(readings: list[int]) -> None:
    readings[:] = [1]
    began = time.monotonic()
    assert asyncio.run(VersionWatch().wait_for_news(1, 0.1)) is False
    assert 0.05 < time.monotonic() - began < 2


def test_one_who_goes_away_takes_nobody_along(readings: list[int]) -> None:
    async def scenario() -> bool:
        watch = VersionWatch()
        leaving = asyncio.create_task(watch.wait_for_news(1, 5))
        staying = asyncio.create_task(watch.wait_for_news(1, 5))
        await asyncio.sleep(0)
        leaving.cancel()
        return await staying

    assert asyncio.run(scenario()) is True


def test_closing_lets_everybody_go(readings: list[int]) -> None:
    readings[:] = [1]

    async def scenario() -> bool:
        watch = VersionWatch()
        waiting_call = asyncio.create_task(watch.wait_for_news(1, 50))
        await asyncio.sleep(0.02)
        watch.close()
        return await waiting_call

    assert asyncio.run(scenario()) is False


def test_who_waits_sees_a_planned_certificate_come_into_use(
    readings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The readings look for what is planned, and a failure of that look hinders nobody."""
    looks: list[float] = []

    def look() -> str:
        looks.append(time.monotonic())
        if len(looks) == 1:
            raise RuntimeError("the database is away")
        readings[:] = [2]
        return "as planned"

    readings[:] = [1]
    monkeypatch.setattr(waiting, "SWITCH_INTERVAL", 0.05)
    monkeypatch.setattr(waiting, "switch_due", look)
    assert asyncio.run(VersionWatch().wait_for_news(1, 5)) is True
    assert len(looks) == 2
    assert looks[1] - looks[0] >= 0.05
