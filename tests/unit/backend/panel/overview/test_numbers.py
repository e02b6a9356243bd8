"""The charts have a row for each hour, and what is drawn is what was counted."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from seon.admission.codes import Verdict
from seon.backend.journal.models import HourCount
from seon.backend.panel.overview.numbers import MOST_KINDS, SPANS, charts, charts_of

HOUR = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOURS = [HOUR - timedelta(hours=2), HOUR - timedelta(hours=1), HOUR]


def test_files_and_octets_stand_in_their_hours_and_empty_hours_are_zero() -> None:
    counts = [
        HourCount(hour=HOUR, kind="files-in", count=3, octets=700),
        HourCount(hour=HOURS[0], kind="files-out", count=1, octets=50),
    ]
    files, octets, refusals = charts_of(counts, HOURS)
    assert [row.values for row in files.rows] == [(0, 1), (0, 0), (3, 0)]
    assert files.totals == [("from partners", 3), ("to partners", 1)]
    assert octets.totals == [("from partners", 700), ("to partners", 50)]
    assert octets.unit == "octets"
    assert refusals.is_empty
    assert files.rows[2].label == "Fri 12:00"


def test_refusals_are_by_kind_the_most_frequent_first_and_the_rest_together() -> None:
    kinds = [verdict.value for verdict in Verdict][: MOST_KINDS + 3]
    counts = [HourCount(hour=HOUR, kind=f"refused {kind}", count=20 - at) for at, kind in enumerate(kinds)]
    chart = charts_of(counts, HOURS)[2]
    assert len(chart.names) == MOST_KINDS + 1
    assert chart.names[0] == "no certificate"
    assert chart.names[-1] == "all others"
    assert chart.totals[-1] == ("all others", 14 + 13 + 12)
    assert sum(total for _, total in chart.totals) == sum(count.count for count in counts)


def test_every_kind_of_refusal_has_words() -> None:
    for kind in (*(verdict.value for verdict in Verdict), "TLS", "LIMIT", "LINK", "OFTP2", "OTHER"):
        (name,) = charts_of([HourCount(hour=HOUR, kind=f"refused {kind}", count=1)], HOURS)[2].names
        assert name != kind


def test_a_day_and_a_week_end_with_this_hour() -> None:
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    HourCount.objects.create(hour=now, kind="files-in", count=2, octets=9)
    HourCount.objects.create(hour=now - timedelta(days=3), kind="files-in", count=5, octets=9)
    for span, total in (("day", 2), ("week", 7)):
        files = charts(span)[0]
        assert len(files.rows) == SPANS[span]
        assert files.rows[-1].values == (2, 0)
        assert files.totals[0] == ("from partners", total)
