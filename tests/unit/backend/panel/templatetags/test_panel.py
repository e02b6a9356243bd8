"""How times and sizes are shown."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context
from django.test import RequestFactory
from django.utils import timezone

from seon.backend.panel.templatetags.panel import ago, asked, day, duration, entry, left, moment, octets, percent

NOON = datetime(2026, 7, 1, 12, 0, 5, tzinfo=UTC)


def test_a_time_is_local_with_its_zone_and_a_number_is_unix_time() -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert moment(NOON) == '<time datetime="2026-07-01T14:00:05+02:00">2026-07-01 14:00:05 CEST</time>'
        assert moment(NOON.timestamp()) == moment(NOON)
        assert ">2026-07-01<" in day(NOON)
    assert moment(None) == moment(0.0) == day(None) == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (61, "1 min 1 s"),
        (7_500, "2 h 5 min"),
        (86_400, "1 day"),
        (864_000, "10 days"),
        (None, ""),
    ],
)
def test_a_time_span_is_said_in_its_greatest_units(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said


def test_how_long_ago_is_never_below_zero() -> None:
    assert ago(timezone.now()) == "0 s ago"
    assert ago(timezone.now().timestamp() + 100) == "0 s ago"
    assert ago(None) == ""


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 octets"), (999, "999 octets"), (1_000, "1.0 kB"), (64_000_000, "64.0 MB"), (999_700, "1.0 MB"),
     (123_456_789_000, "123 GB"), (10**19, "10000 PB"), (None, "")],
)  # fmt: skip
def test_a_size_is_said_in_the_unit_that_fits(count: int | None, said: str) -> None:
    assert octets(count) == said


def test_a_part_of_a_whole_is_between_0_and_100() -> None:
    assert [percent(1, 4), percent(5, 4), percent(1, 0), percent(None, 3)] == [25, 100, 0, 0]


def test_a_link_keeps_what_the_list_was_asked_for() -> None:
    context = Context({"request": RequestFactory().get("/?q=a%26b&page=3&part=x")})
    assert asked(context, sort="name") == "?q=a%26b&sort=name"
    assert asked(context, page=4) == "?q=a%26b&page=4"
    assert asked(context, q=None) == "?"


def test_an_entry_is_found_by_a_name() -> None:
    assert entry({"a": 1}, "a") == 1
    assert entry(None, "a") is None


def test_how_long_it_is_until_something_is_said_in_words() -> None:
    now = timezone.now()
    assert left(now + timedelta(days=12, hours=1)) == "12 days"
    assert left(now - timedelta(days=1)) == "0 s"
    assert left(None) == ""
