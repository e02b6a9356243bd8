"""Lists of files and of sessions that are over, newest first, and numbers of them. Every question has an index.

A text may stand anywhere in a name or a code, which no index finds. Such a question is given up after
`SEARCH_SECONDS`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from seon.backend.journal.models import File, FileState, HourCount, Session

MOST = 10_000
"""Rows of one answer."""
MOST_PARTNERS = 1_000
SEARCH_SECONDS = 1.0
ARRIVED = (FileState.TRANSFERRED, FileState.DELIVERED, FileState.NOT_DELIVERED)
"""States of files that were transferred whole."""
_LAST_SESSIONS = (
    "SELECT (SELECT id FROM journal_session WHERE partner = wanted.column1 AND started_at IS NOT NULL "
    "ORDER BY started_at DESC, id DESC LIMIT 1) FROM (VALUES {}) AS wanted"
)
"""The key of each partner's newest session. Both databases call the column of VALUES so."""


@dataclass(frozen=True, slots=True)
class FileFilter:
    """Which files are looked for. Empty texts and None ask for nothing."""

    partner: str = ""
    direction: str = ""
    """A `Way`."""
    state: str = ""
    """A `FileState`."""
    name: str = ""
    """How the virtual file name begins."""
    since: datetime | None = None
    until: datetime | None = None
    """By their offers; the first moment that does not count any more."""
    text: str = ""
    """Anywhere in name, date and time stamp, Originator, Destination, partner or session."""

    @property
    def is_search(self) -> bool:
        """Whether no index finds it."""
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which sessions are looked for. Empty texts and None ask for nothing."""

    partner: str = ""
    direction: str = ""
    result: str = ""
    """A `Result`."""
    since: datetime | None = None
    until: datetime | None = None
    """By their starts; the first moment that does not count any more."""
    text: str = ""
    """Anywhere in id, partner, addresses, codes, certificate, or the reason of the end."""


class PartnerFiles(NamedTuple):
    """How many files of a partner were transferred, each way, and their octets."""

    files_in: int = 0
    octets_in: int = 0
    files_out: int = 0
    octets_out: int = 0


def files(wanted: FileFilter) -> "QuerySet[File]":
    """Return the files that are looked for, newest offer first: not read yet, for pages and exports."""
    rows = File.objects.order_by("-at", "-pk")
    for name in ("partner", "direction", "state"):
        if value := getattr(wanted, name):
            rows = rows.filter(**{name: value})
    if wanted.name:  # a range, which an index finds in any collation; U+10FFFF stands in no name
        rows = rows.filter(name__gte=wanted.name, name__lt=wanted.name + "\U0010ffff")
    rows = _between(rows, "at", wanted.since, wanted.until)
    if wanted.text:
        rows = rows.filter(_anywhere(wanted.text, ("name", "date", "time", "originator", "destination", "partner"))
                           | Q(session__startswith=wanted.text))  # fmt: skip
    return rows


def sessions(wanted: SessionFilter) -> "QuerySet[Session]":
    """Return the sessions that are looked for, newest start first: not read yet, for pages."""
    rows = Session.objects.filter(started_at__isnull=False).order_by("-started_at", "-pk")
    for name in ("partner", "direction", "result"):
        if value := getattr(wanted, name):
            rows = rows.filter(**{name: value})
    rows = _between(rows, "started_at", wanted.since, wanted.until)
    if wanted.text:
        columns = ("partner", "source", "target", "initiator", "responder", "reason")
        rows = rows.filter(
            _anywhere(wanted.text, columns)
            | Q(session__startswith=wanted.text) | Q(fingerprint__startswith=wanted.text.lower())
        )  # fmt: skip
    return rows


def files_of_session(session: str, most: int = 1_000) -> list[File]:
    """Return the files of one session, in their order, at most so many."""
    return list(File.objects.filter(session=session).order_by("at", "pk")[:most])


def last_session_of(partners: Iterable[str]) -> dict[str, Session]:
    """Return the newest session of each of these partners that has one."""
    names = list(dict.fromkeys(partners))[:MOST_PARTNERS]
    if not names:
        return {}
    with connection.cursor() as cursor:  # each one's by the index; Django's own words would ask for one at a time
        cursor.execute(_LAST_SESSIONS.format(", ".join(["(%s)"] * len(names))), names)
        keys = [key for (key,) in cursor.fetchall() if key is not None]
    return {session.partner: session for session in Session.objects.filter(pk__in=keys)}


def files_today(partners: Collection[str]) -> dict[str, PartnerFiles]:
    """Return what was transferred since midnight, local time, of those partners that have had files, by partner."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return files_since(midnight, partners)


def files_since(moment: datetime, partners: Collection[str]) -> dict[str, PartnerFiles]:
    """Return what was transferred since a moment, by partner."""
    rows = File.objects.filter(partner__in=list(partners)[:MOST_PARTNERS], at__gte=moment, state__in=ARRIVED)
    sums = rows.order_by().values_list("partner", "direction").annotate(Count("pk"), Sum("octets"))
    found: dict[str, PartnerFiles] = {}
    for partner, direction, count, octets in sums:
        way = "in" if direction == "from-partner" else "out"
        known = found.get(partner, PartnerFiles())
        found[partner] = known._replace(**{f"files_{way}": count, f"octets_{way}": octets})
    return found


def last_file() -> File | None:
    """Return the newest file that was transferred whole; None: there never was one."""
    newest = [File.objects.filter(state=state).order_by("-at", "-pk").first() for state in ARRIVED]
    return max((row for row in newest if row), key=lambda row: row.at, default=None)


def hours(since: datetime) -> list[HourCount]:
    """Return how much happened in each hour since a moment, by hour and kind: see `hours.py`. At most 400 days."""
    earliest = max(since, timezone.now() - timedelta(days=400))
    return list(HourCount.objects.filter(hour__gte=earliest.replace(minute=0, second=0, microsecond=0)))


def _between(rows: "QuerySet[Any]", column: str, since: datetime | None, until: datetime | None) -> "QuerySet[Any]":
    if since is not None:
        rows = rows.filter(**{f"{column}__gte": since})
    return rows if until is None else rows.filter(**{f"{column}__lt": until})


def _anywhere(text: str, columns: Iterable[str]) -> Q:
    wanted = Q()
    for column in columns:
        wanted |= Q(**{f"{column}__icontains": text})
    return wanted
