"""Lists of the system log: newest arrival first, a page at a time, and never a count over all.

Ten million rows may stand there. What one list costs is bounded, whatever somebody looks for:

* One field is asked for: its index has the rows in the order of the list (`models.FILTERS`).
* More than one, or a text: the newest rows are looked through in slices. If the page is not full soon, and an index
  can find rare rows (that of a field, or PostgreSQL's of trigrams), it gets what is left of the time.
* When the time is over, the page is what was found, and `searched_to` says how far back that is. The page after it
  goes on from there.

A page begins behind a `Cursor`, and not at a number of rows: page 1,000 costs what page 1 costs.
"""

import contextlib
import heapq
import re
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple

from django.db import connection
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, QuerySet
from django.utils import timezone

from seon.backend.errors import OperatorError
from seon.backend.journal import trigrams
from seon.backend.journal.deadlines import TimeOverError, at_most
from seon.backend.journal.folding import folded
from seon.backend.journal.models import FILTERS, Entry, Ignored
from seon.events import Severity

DEFAULT_RANGE = timedelta(days=7)
"""How far back a list goes unless it is told to go further."""
EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""`EntryFilter.since` for all that is there."""
MOST = 1_000
"""Entries of one page."""
MOST_COUNTED = 10_000
"""Rows that are counted."""
LONGEST_NEEDLE = 200
"""Characters of a text that is looked for."""
SLICE, LARGEST_SLICE = 5_000, 20_000
"""Rows that are looked through at a time: the first time, and each time after that twice as many, up to these."""
_EQUAL = tuple(name for name in FILTERS if name != "severity")
_CURSOR = re.compile(r"([0-9]{1,17})-([0-9]{1,18})")


class Cursor(NamedTuple):
    """A place between two rows of the list: right after this one."""

    received_at: datetime
    pk: int

    @property
    def text(self) -> str:
        """The cursor for an address or a command line."""
        return f"{_microseconds(self.received_at)}-{self.pk}"

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Return the cursor of such a text. Raises OperatorError."""
        found = _CURSOR.fullmatch(text)
        if not found:
            raise OperatorError(f"{text[:40]!r} is no place in the system log; take it from the list before")
        return cls(EVER + timedelta(microseconds=int(found[1])), int(found[2]))


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What is looked for. Empty texts and None ask for nothing."""

    since: datetime | None = None
    """The first arrival; None: `DEFAULT_RANGE` before `until`."""
    until: datetime | None = None
    """The arrival that is not in the list any more; None: now."""
    severity: Severity | None = None
    """At least this."""
    code: str = ""
    group: str = ""
    session: str = ""
    partner: str = ""
    hop: str = ""
    source: str = ""
    """An address, without port."""
    text: str = ""
    """Found anywhere in text, code and session, in any case."""
    said: Mapping[str, str] = field(default_factory=dict)
    """Found in the event's own fields of these names, in any case of ASCII letters. No index has them."""

    @property
    def values(self) -> dict[str, str]:
        """The fields that must have one value."""
        return {name: getattr(self, name) for name in _EQUAL if getattr(self, name)}

    @property
    def beginning(self) -> datetime:
        """The first arrival."""
        return self.since if self.since is not None else (self.until or timezone.now()) - DEFAULT_RANGE


class Page(NamedTuple):
    """A part of a list."""

    entries: list[Entry]
    older: Cursor | None
    """Where the next page begins; None: that was all."""
    searched_to: datetime | None
    """Set where the time was over before the page was full: what is older was not looked at yet."""


@dataclass(slots=True)
class Budget:
    """How long one list may work, in seconds: looking through the newest rows, and altogether."""

    walk: float = 0.25
    total: float = 0.75
    began: float = field(default_factory=time.monotonic)

    def left(self, of: float) -> float:
        """Return the seconds that are left of a time since the beginning."""
        return self.began + of - time.monotonic()


def entries(wanted: EntryFilter, before: Cursor | None = None, limit: int = 100, budget: Budget | None = None) -> Page:
    """Return a page of at most `limit` entries that arrived before a place. Raises OperatorError for a long text."""
    limit = max(1, min(limit, MOST))
    rows, needle = _rows(wanted, before), _needle(wanted)
    severities = _severities(wanted)
    if not needle and not wanted.said and len(wanted.values) + bool(severities) <= 1:
        return _page(_merged(rows, severities, limit + 1), limit)
    return _searched(_narrowed(rows, severities, needle), wanted, before, limit, budget or Budget())


def newer(wanted: EntryFilter, after: Cursor, limit: int = 100, budget: Budget | None = None) -> list[Entry]:
    """Return the `limit` oldest entries that arrived after a place, newest first; fewer: those are the newest of all.

    Raises TimeOverError where they are too rare to be found in time, and OperatorError for a long text.
    """
    rows = _narrowed(_rows(wanted, None), _severities(wanted), _needle(wanted))
    later = Q(received_at__gt=after.received_at) | Q(pk__gt=after.pk)
    rows = rows.filter(later, received_at__gte=after.received_at).order_by("received_at", "pk")
    with at_most((budget or Budget()).total):
        return list(rows[: max(1, min(limit, MOST))])[::-1]


def kept_out(wanted: EntryFilter, most: int = MOST_COUNTED) -> int:
    """Return how many messages ignore rules have kept out of the list's time, `most` at most."""
    ignored = Ignored.objects.filter(received_at__gte=wanted.beginning)
    if wanted.until is not None:
        ignored = ignored.filter(received_at__lt=wanted.until)
    return len(ignored.order_by().values_list("pk")[:most])


def arrived(wanted: EntryFilter, since: datetime, known: Collection[int], limit: int = MOST) -> list[Entry]:
    """Return entries that arrived since a moment, oldest first, without those whose keys are known.

    Two that arrive at once may become visible in any order. Who follows the log asks again for the last seconds.
    """
    rows = _narrowed(_rows(replace(wanted, since=since), None), _severities(wanted), _needle(wanted))
    oldest = rows.reverse().values_list("pk", flat=True)[: limit + len(known)]
    keys = [pk for pk in oldest if pk not in known]
    return list(Entry.objects.filter(pk__in=keys[:limit]).reverse())


def _rows(wanted: EntryFilter, before: Cursor | None) -> "QuerySet[Entry]":
    rows = Entry.objects.filter(received_at__gte=wanted.beginning, **wanted.values)
    if wanted.until is not None:
        rows = rows.filter(received_at__lt=wanted.until)
    for name, part in wanted.said.items():
        rows = rows.filter(**{f"fields__{name}__icontains": part})
    return _behind(rows, before)


def _behind(rows: "QuerySet[Entry]", place: Cursor | None) -> "QuerySet[Entry]":
    if place is None:
        return rows
    # The first condition is what an index understands; the second is for rows of the same moment.
    at_once = Q(received_at__lt=place.received_at) | Q(pk__lt=place.pk)
    return rows.filter(at_once, received_at__lte=place.received_at)


def _needle(wanted: EntryFilter) -> str:
    if len(wanted.text) > LONGEST_NEEDLE:
        raise OperatorError(f"A text that is looked for has at most {LONGEST_NEEDLE} characters")
    return folded(wanted.text)


def _severities(wanted: EntryFilter) -> list[int]:
    if wanted.severity is None or wanted.severity <= min(Severity):
        return []
    return [int(severity) for severity in Severity if severity >= wanted.severity]


def _narrowed(rows: "QuerySet[Entry]", severities: list[int], needle: str) -> "QuerySet[Entry]":
    if severities:
        rows = rows.filter(severity__in=severities)
    return rows.filter(search__contains=needle) if needle else rows


def _merged(rows: "QuerySet[Entry]", severities: list[int], count: int) -> list[Entry]:
    """Return the newest entries: each severity by its own index, since no index has several in one order."""
    if not severities:
        return list(rows[:count])
    lists = [rows.filter(severity=severity)[:count] for severity in severities]
    return list(islice(heapq.merge(*lists, key=_place, reverse=True), count))


def _page(found: list[Entry], limit: int, searched_to: Cursor | None = None) -> Page:
    """Return a page of what was found; one entry more than the limit says that there are older ones."""
    shown = found[:limit]
    if len(found) > limit:
        return Page(shown, _place(shown[-1]), None)
    return Page(shown, searched_to, searched_to.received_at if searched_to else None)


def _searched(rows: "QuerySet[Entry]", wanted: EntryFilter, before: Cursor | None, limit: int, budget: Budget) -> Page:
    indexed = bool(wanted.values) or (bool(wanted.text) and trigrams.can_find(wanted.text))
    found: list[Entry] = []
    place = before
    for place in _slices(wanted, before):
        slice_rows = rows if place is None else rows.filter(_from(place))
        found += _behind(slice_rows, before)[: limit + 1 - len(found)]
        if len(found) > limit or place is None:
            return _page(found, limit)
        before = place
        if budget.left(budget.walk if indexed else budget.total) <= 0:
            break
    if indexed:
        with contextlib.suppress(TimeOverError), at_most(budget.left(budget.total)):
            found += _rare(_behind(rows, place), limit + 1 - len(found), text=bool(wanted.text))
            return _page(found, limit)
    return _page(found, limit, place)


def _rare(rows: "QuerySet[Entry]", count: int, *, text: bool) -> list[Entry]:
    """Return the newest entries, found by an index of what is rare in them, and not by walking back through all."""
    if text and connection.vendor == "postgresql":
        # No index has this order. So the planner cannot hope to meet the rows soon on a walk, which was tried already.
        arrival = ExpressionWrapper(F("received_at") + timedelta(0), DateTimeField())
        rows = rows.order_by(arrival.desc(), "-pk")
    return list(rows[:count])


def _slices(wanted: EntryFilter, before: Cursor | None) -> Iterator[Cursor | None]:
    """Yield where the slices of all rows end, going back; None: the last one has no end but the beginning."""
    everything = Entry.objects.filter(received_at__gte=wanted.beginning)
    if before is None and wanted.until is not None:
        before = Cursor(wanted.until, 0)
    size = SLICE
    while True:
        last = _behind(everything, before).values_list("received_at", "pk")[size - 1 : size]
        size = min(2 * size, LARGEST_SLICE)
        ends = [Cursor(*row) for row in last]
        if not ends:
            yield None
            return
        before = ends[0]
        yield before


def _from(place: Cursor) -> Q:
    """Ask for what arrived since a place, the row itself with it."""
    return Q(received_at__gte=place.received_at) & (Q(received_at__gt=place.received_at) | Q(pk__gte=place.pk))


def _place(entry: Entry) -> Cursor:
    return Cursor(entry.received_at, entry.pk)


def _microseconds(moment: datetime) -> int:
    return (moment - EVER) // timedelta(microseconds=1)
