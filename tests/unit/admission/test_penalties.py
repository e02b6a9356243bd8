"""Penalties grow with failures, go away with time, have a largest value, and never fill the memory."""

import pytest

from seon.admission import penalties as module
from seon.admission.penalties import COSTS, MOST_SECONDS, SHUT_SECONDS, Failure, Penalties


def test_one_failure_shuts_nobody_out() -> None:
    for failure in Failure:
        penalties = Penalties()
        penalties.add("a", failure, 0.0)
        assert penalties.rest("a", 0.0) == 0.0


@pytest.mark.parametrize("failure", Failure)
def test_failures_in_quick_succession_shut_a_source_out_and_no_other(failure) -> None:
    penalties = Penalties()
    times = 0
    while not penalties.rest("a", 0.0):
        penalties.add("a", failure, 0.0)
        times += 1
    assert times * COSTS[failure] >= SHUT_SECONDS > (times - 1) * COSTS[failure]
    assert penalties.rest("a", 0.0) == times * COSTS[failure]
    assert penalties.rest("b", 0.0) == 0.0


def test_a_source_is_shut_out_until_its_whole_penalty_has_gone_and_then_begins_anew() -> None:
    penalties = Penalties()
    for _ in range(3):
        penalties.add("a", Failure.REFUSED, 100.0)
    assert penalties.rest("a", 101.0) == 14.0
    assert penalties.rest("a", 114.0) == 1.0, "less than what has shut it out"
    assert penalties.rest("a", 115.0) == 0.0
    penalties.add("a", Failure.REFUSED, 115.0)
    assert penalties.rest("a", 115.0) == 0.0


def test_failures_that_are_far_enough_apart_never_shut_a_source_out() -> None:
    """A partner whose certificate has expired calls every few seconds, and may come in once that is put right."""
    penalties = Penalties()
    for time in range(0, 1_000, 5):
        penalties.add("a", Failure.REFUSED, float(time))
        assert penalties.rest("a", float(time)) == 0.0


def test_no_penalty_is_greater_than_the_largest() -> None:
    penalties = Penalties()
    for _ in range(1_000):
        penalties.add("a", Failure.TOO_LONG, 0.0)
    assert penalties.rest("a", 0.0) == MOST_SECONDS
    assert penalties.rest("a", MOST_SECONDS) == 0.0


def test_who_is_forgiven_may_come_in() -> None:
    penalties = Penalties()
    for _ in range(5):
        penalties.add("a", Failure.TOO_LONG, 0.0)
    penalties.forgive("a")
    penalties.forgive("b")
    assert penalties.rest("a", 0.0) == 0.0
    penalties.add("a", Failure.NOTHING_SAID, 0.0)
    assert penalties.rest("a", 0.0) == 0.0


def test_of_too_many_sources_the_mildest_penalties_are_forgotten(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_SOURCES", 10)
    penalties = Penalties()
    for _ in range(5):
        penalties.add("hard", Failure.TOO_LONG, 0.0)
    for number in range(1_000):
        penalties.add(f"mild{number}", Failure.NOTHING_SAID, 0.0)
    assert len(penalties) == 10
    assert penalties.rest("hard", 0.0) == 50.0


def test_penalties_that_have_gone_take_no_memory() -> None:
    penalties = Penalties()
    for number in range(1_000):
        penalties.add(f"a{number}", Failure.REFUSED, 0.0)
    penalties.add("b", Failure.REFUSED, 6.0)
    assert len(penalties) == 1
    for _ in range(10_000):
        penalties.add("b", Failure.REFUSED, 6.0)
    assert len(penalties._ends) < 200
