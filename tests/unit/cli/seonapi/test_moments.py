from datetime import UTC, datetime, timedelta

import click
import pytest

from seon.cli.seonapi.moments import END, END_OR_NONE, MOMENT, SINCE, UNTIL, shown_moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-24", datetime(2026, 12, 24, tzinfo=UTC)),
        ("2026-12-24 18:30", datetime(2026, 12, 24, 18, 30, tzinfo=UTC)),
        (" 2026-12-24T18:30:05Z ", datetime(2026, 12, 24, 18, 30, 5, tzinfo=UTC)),
        ("2026-12-24T18:30:00+01:00", datetime(2026, 12, 24, 17, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_is_utc_unless_it_says_its_zone(text: str, moment: datetime) -> None:
    assert MOMENT.convert(text, None, None) == moment
    assert MOMENT.convert(moment, None, None) == moment


def test_a_day_counts_to_its_end_and_a_time_is_what_it_is() -> None:
    assert END.convert("2026-12-24", None, None) == datetime(2026, 12, 25, tzinfo=UTC)
    assert END.convert("2026-12-24 18:30", None, None) == datetime(2026, 12, 24, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ago"), [("2h", timedelta(hours=2)), ("7d", timedelta(days=7)), ("90 s", timedelta(seconds=90))]
)
def test_a_time_may_be_said_by_how_long_ago_it_was(text: str, ago: timedelta) -> None:
    for kind in (SINCE, UNTIL):
        assert abs(datetime.now(UTC) - ago - kind.convert(text, None, None)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "2026-02-30", "9999-12-31", "999999w", "-1h", "1h", "٢h"]
)
def test_what_is_no_moment_is_refused_with_what_is_allowed(text: str) -> None:
    kind = SINCE if "w" in text else END
    with pytest.raises(click.UsageError, match="is no moment; allowed: 2026-12-24"):
        kind.convert(text, None, None)


def test_an_empty_text_is_no_moment_only_where_that_is_allowed() -> None:
    assert END_OR_NONE.convert(" ", None, None) == ""
    assert END_OR_NONE.convert("2026-12-24", None, None) == END.convert("2026-12-24", None, None)
    for kind in (MOMENT, END, SINCE, UNTIL):
        with pytest.raises(click.UsageError):
            kind.convert("", None, None)


def test_a_moment_is_shown_in_utc() -> None:
    assert shown_moment(MOMENT.convert("2026-12-24T18:30:00+01:00", None, None)) == "2026-12-24 17:30:00"
    assert shown_moment(None) == ""
