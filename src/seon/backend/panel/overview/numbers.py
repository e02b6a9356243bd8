"""Files, octets and refusals per hour, ready to be drawn: one row for each hour, the empty ones too."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from seon.backend.journal.file_lists import hours
from seon.backend.journal.hours import FILES_IN, FILES_OUT, REFUSED
from seon.backend.journal.models import HourCount

SPANS = {"day": 24, "week": 168}
"""What can be shown, in hours."""
MOST_KINDS = 6
"""Kinds of refusals that have a colour of their own; the others are one."""
_WORDS = {
    "NO-CERTIFICATE": gettext_lazy("no certificate"),
    "MALFORMED": gettext_lazy("certificate that cannot be read"),
    "TOO-LARGE": gettext_lazy("certificate too large"),
    "UNKNOWN": gettext_lazy("unknown certificate"),
    "CHAIN": gettext_lazy("no trust anchor"),
    "IDENTITY": gettext_lazy("no partner of this name"),
    "AMBIGUOUS": gettext_lazy("more than one partner"),
    "ANCHOR": gettext_lazy("anchor not for this partner"),
    "NOT-YET-VALID": gettext_lazy("certificate not valid yet"),
    "EXPIRED": gettext_lazy("certificate expired"),
    "UNREADABLE": gettext_lazy("certificate not understood"),
    "USAGE": gettext_lazy("certificate for another use"),
    "WEAK-KEY": gettext_lazy("weak key"),
    "WEAK-SIGNATURE": gettext_lazy("weak signature"),
    "REVOKED": gettext_lazy("certificate revoked"),
    "REVOCATION-NOT-YET-KNOWN": gettext_lazy("revocation not known yet"),
    "REVOCATION-STALE": gettext_lazy("revocation list overdue"),
    "REVOCATION-NO-POINT": gettext_lazy("no place of a revocation list"),
    "DISABLED": gettext_lazy("partner disabled"),
    "NETWORK": gettext_lazy("network not allowed"),
    "TLS": gettext_lazy("TLS handshake failed"),
    "LIMIT": gettext_lazy("limit reached"),
    "LINK": gettext_lazy("internal port"),
    "OFTP2": gettext_lazy("OFTP2 rule broken"),
    "OTHER": gettext_lazy("other"),
}
"""The kinds of refusals in words."""


Hour = tuple[datetime, str]
"""An hour, and how it is shown."""


class Row(NamedTuple):
    """One hour."""

    label: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart, and the table with the same numbers."""

    key: str
    title: str
    names: tuple[str, ...]
    """Of its series."""
    rows: tuple[Row, ...]
    unit: str = ""
    """`octets`, or empty for a number of things."""

    @property
    def totals(self) -> list[tuple[str, int]]:
        """The sum of each series."""
        return [(name, sum(row.values[at] for row in self.rows)) for at, name in enumerate(self.names)]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(total for _, total in self.totals)


def charts(span: str) -> list[Chart]:
    """Return the charts of the last day or week, the hour that runs with them."""
    wanted = _hours(timezone.now(), SPANS[span])
    return charts_of(hours(wanted[0]), wanted)


def charts_of(counts: Iterable[HourCount], hours_shown: Sequence[datetime]) -> list[Chart]:
    """Return the charts of these numbers, for these hours."""
    wanted = [(hour, date_format(timezone.localtime(hour), "D H:i")) for hour in hours_shown]
    by_kind: dict[str, dict[datetime, HourCount]] = defaultdict(dict)
    for count in counts:
        by_kind[count.kind][count.hour] = count
    ways = {_("from partners"): by_kind[FILES_IN], _("to partners"): by_kind[FILES_OUT]}
    refusals = {kind.removeprefix(REFUSED): rows for kind, rows in by_kind.items() if kind.startswith(REFUSED)}
    return [
        _chart("files", _("Files per hour"), ways, wanted, lambda count: count.count),
        _chart("octets", _("Data per hour"), ways, wanted, lambda count: count.octets, "octets"),
        _refusals(refusals, wanted),
    ]


def _hours(now: datetime, number: int) -> list[datetime]:
    last = now.replace(minute=0, second=0, microsecond=0)
    return [last - timedelta(hours=back) for back in range(number - 1, -1, -1)]


def _chart(
    key: str,
    title: str,
    series: dict[str, dict[datetime, HourCount]],
    wanted: Sequence[Hour],
    value: Callable[[HourCount], int],
    unit: str = "",
) -> Chart:
    rows = [
        Row(label, tuple(value(counts[hour]) if hour in counts else 0 for counts in series.values()))
        for hour, label in wanted
    ]
    return Chart(key, title, tuple(series), tuple(rows), unit)


def _refusals(kinds: dict[str, dict[datetime, HourCount]], wanted: Sequence[Hour]) -> Chart:
    """Return the chart of refusals: the kinds that are most, and one series for all others."""
    shown = {hour for hour, _label in wanted}
    sums = {kind: sum(count.count for hour, count in rows.items() if hour in shown) for kind, rows in kinds.items()}
    order = [kind for kind, number in Counter(sums).most_common() if number]
    named = order if len(order) <= MOST_KINDS + 1 else order[:MOST_KINDS]
    others = order[len(named) :]
    names = [str(_WORDS.get(kind, kind)) for kind in named] + ([_("all others")] if others else [])
    rows = []
    for hour, label in wanted:
        values = [_at(kinds[kind], hour) for kind in named]
        rest = [sum(_at(kinds[kind], hour) for kind in others)] if others else []
        rows.append(Row(label, (*values, *rest)))
    return Chart("refusals", _("Refusals per hour"), tuple(names), tuple(rows))


def _at(counts: dict[datetime, HourCount], hour: datetime) -> int:
    return counts[hour].count if hour in counts else 0
