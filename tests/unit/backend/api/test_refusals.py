import pytest

from seon.backend.api import refusals
from seon.backend.api.refusals import Refusals
from seon.backend.api.sources import Source


class Told:
    """Refusals with a clock of their own, and what they wrote."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.lines: list[str] = []
        self.refusals = Refusals(self.lines.append, lambda: self.now)

    def refuse(self, address: str, times: int = 1, reason: str = "no security token") -> None:
        for _ in range(times):
            self.refusals.refused(Source(address), reason, "/x")


@pytest.fixture
def told() -> Told:
    return Told()


def test_of_500_refusals_within_a_minute_20_are_lines_and_the_rest_is_one_count(told: Told) -> None:
    told.refuse("192.0.2.1", 499)
    told.refuse("192.0.2.1", reason="unknown security token")
    assert len(told.lines) == 20
    told.now += 59
    told.refusals.tell()
    assert len(told.lines) == 20
    told.now += 1
    told.refusals.tell()
    assert told.lines[20:] == [
        "AUD-TOKENS 480 more calls without valid authentication from 192.0.2.1 within a minute; "
        "last reason: unknown security token"
    ]
    told.refuse("192.0.2.1")
    assert len(told.lines) == 22, "the next minute begins with lines again"


def test_a_source_of_which_each_refusal_was_told_has_no_count(told: Told) -> None:
    told.refuse("192.0.2.1", 20)
    told.refusals.tell(everything=True)
    assert len(told.lines) == 20


def test_addresses_of_one_64_count_together_and_another_source_is_not_hidden(told: Told) -> None:
    for number in range(30):
        told.refuse(f"2001:db8::{number:x}")
    told.refuse("2001:db8:0:1::1")
    assert len(told.lines) == 21
    assert "from 2001:db8:0:1::1: no security token; /x" in told.lines[-1]
    told.refusals.tell(everything=True)
    assert "10 more calls without valid authentication from 2001:db8::/64" in told.lines[-1]


def test_sources_beyond_the_bound_share_one_count(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST_SOURCES", 3)
    for number in range(50):
        told.refuse(f"192.0.2.{number}")
    assert len(told.refusals._counts) == 4
    assert len(told.lines) == 3 + 20
    told.refusals.tell(everything=True)
    assert "27 more calls without valid authentication from other sources" in told.lines[-1]
    assert not told.refusals._counts
