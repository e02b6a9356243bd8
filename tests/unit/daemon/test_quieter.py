"""Refusals of one source: the first in full, the rest as a number."""

import asyncio

import pytest

from seon.daemon import quieter as module
from seon.daemon.quieter import TOLD, Quieter
from seon.net.ends import Caller

OURS = "203.0.113.1:6619"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def refuse(quieter: Quieter, times: int, address: str = "192.0.2.1", code: str = "ADM-TLS") -> None:
    async def live() -> None:
        for _ in range(times):
            quieter.refused(Caller(address, f"{address}:5", OURS), code, reason="x")
        if quieter._timer:
            quieter._timer.cancel()

    asyncio.run(live())


def test_the_first_refusals_of_a_source_are_told_and_the_others_counted(reported, clock) -> None:
    quieter = Quieter(reported, clock)
    refuse(quieter, 1_000)
    assert reported.codes == ["ADM-TLS"] * TOLD
    clock.now = 60.0
    refuse(quieter, 1)
    assert reported.codes[TOLD:] == ["ADM-MORE", "ADM-TLS"]
    assert reported.of("ADM-MORE") == {
        "count": 1_000 - TOLD, "kind": "ADM-TLS", "network": "192.0.2.1", "source": "192.0.2.1:5", "target": OURS,
    }  # fmt: skip


def test_one_source_does_not_hide_another_nor_one_kind_another(reported, clock) -> None:
    quieter = Quieter(reported, clock)
    refuse(quieter, 100)
    refuse(quieter, 1, address="192.0.2.2")
    refuse(quieter, 1, code="LNK-REFUSED")
    assert reported.codes == ["ADM-TLS"] * (TOLD + 1) + ["LNK-REFUSED"]


def test_an_ipv6_subscriber_is_one_source(reported, clock) -> None:
    quieter = Quieter(reported, clock)
    for number in range(30):
        refuse(quieter, 1, address=f"2001:db8::{number:x}")
    last = quieter._counts["2001:db8::/64", "ADM-TLS"].last
    assert last.address == "2001:db8::1d", "the last one is named"
    assert len(reported.codes) == TOLD
    refuse(quieter, 1, address="2001:db8:0:1::1")
    assert len(reported.codes) == TOLD + 1


def test_sources_without_end_share_one_count(reported, clock, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_SOURCES", 5)
    quieter = Quieter(reported, clock)
    for number in range(100):
        refuse(quieter, 1, address=f"192.0.2.{number}")
    assert len(quieter._counts) == 6
    assert len(reported.codes) == 5 + TOLD


def test_many_sources_together_get_no_more_lines_than_that_and_hide_no_other_kind(reported, clock, monkeypatch) -> None:
    monkeypatch.setattr(module, "TOLD_IN_ALL", 50)
    monkeypatch.setattr(module, "NAMED", 3)
    quieter = Quieter(reported, clock)
    for number in range(200):
        refuse(quieter, 2, address=f"192.0.2.{number}")
    for number in range(4):
        refuse(quieter, 10 + number, address=f"198.51.100.{number}")
    refuse(quieter, 1, code="LNK-REFUSED")
    assert reported.codes == ["ADM-TLS"] * 50 + ["LNK-REFUSED"]
    clock.now = 60.0
    quieter.summarise()
    told = [(fields["network"], fields["count"]) for code, fields in reported.events if code == "ADM-MORE"]
    assert told == [("198.51.100.3", 13), ("198.51.100.2", 12), ("198.51.100.1", 11), ("other sources", 400 - 50 + 10)]
    refuse(quieter, 1)
    assert reported.codes[-1] == "ADM-TLS", "a new minute"


def test_what_was_held_back_is_told_without_another_refusal(reported, monkeypatch) -> None:
    monkeypatch.setattr(module, "MINUTE", 0.05)

    async def live() -> None:
        quieter = Quieter(reported, Clock())
        for _ in range(TOLD + 3):
            quieter.refused(Caller("192.0.2.1", "x", OURS), "ADM-TLS", reason="y")
        await asyncio.sleep(0.2)

    asyncio.run(live())
    assert reported.of("ADM-MORE")["count"] == 3
