"""States with an end: each has its words, and a bar that says how much is left."""

import datetime as dt

import pytest

from seon.backend.panel.badges import badge, left
from seon.backend.revocation.lists import WORST_FIRST
from seon.backend.trust import lists

NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)


def days(count: float) -> dt.datetime:
    return NOW + dt.timedelta(days=count)


def test_every_state_has_words_of_its_own() -> None:
    states = {getattr(lists, name) for name in dir(lists) if name.isupper() and isinstance(getattr(lists, name), str)}
    states |= set(WORST_FIRST)
    assert {str(badge(state).words) for state in states} == states


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (100.5, (100, 50, "s-good")),
        (20, (20, 16, "s-warn")),
        (0.5, (0, 0, "s-warn")),
        (-1, (-1, 0, "s-bad")),
    ],
)
def test_a_bar_says_how_much_is_left_and_warns_thirty_days_ahead(ends: float, told: tuple[int, int, str]) -> None:
    found = left(days(-100), days(ends), NOW)
    assert (found.days, found.part, found.tone) == told


def test_something_that_ends_before_it_begins_has_nothing_left() -> None:
    assert left(days(10), days(10), NOW).part == 0
