"""Pages that list entries of the journal: newest arrival first, older and newer by place, and what comes in meanwhile.

No list is counted, whatever is asked for (`journal/lists.py`). A page holds its place by a cursor, and what arrives
is fetched apart from it: the address of that part says what stands on the page already.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from seon.backend.errors import OperatorError
from seon.backend.journal import lists
from seon.backend.journal.deadlines import TimeOverError
from seon.backend.journal.lists import Budget, Cursor, EntryFilter, Page
from seon.backend.journal.models import Entry
from seon.backend.panel.pages import PanelPage
from seon.backend.panel.system_log.forms import TimesForm
from seon.backend.panel.system_log.meanings import GROUPS, HOSTS, SEVERITIES

PAGE = 50
"""Entries of one page."""
LATE = timedelta(seconds=10)
"""An entry may become visible so long after its arrival: its transaction took time."""
LONGEST_PAUSE = timedelta(minutes=5)
"""Who comes back later than that is led to the newest entries."""
MOST_NEW, MOST_TAIL = 100, 500
"""Entries that come in at once, and altogether, before somebody has to look at the page anew."""
_MOST_KNOWN = 200
_PLACES = ("before", "after", "part", "known", "since_place", "count", "page")


class Row(NamedTuple):
    """An entry as lists show it."""

    entry: Entry
    severity: Any
    tone: str
    host: Any
    group: Any


def row_of(entry: Entry) -> Row:
    """Return an entry with the words of its parts."""
    word, tone = SEVERITIES.get(entry.severity, (str(entry.severity), ""))
    return Row(entry, word, tone, HOSTS.get(entry.hop, entry.hop), GROUPS.get(entry.group, entry.group))


class Tail(NamedTuple):
    """What the page knows of what came in last."""

    since: datetime
    """Everything that arrived since then and is visible stands on the page, or is among `known`."""
    known: tuple[int, ...]
    arrivals: int
    """How many have come in since the page was opened."""

    def address(self, asked: QueryDict) -> str:
        """Return where the next ones are fetched."""
        query = kept(asked)
        query.update({"part": "new", "since_place": Cursor(self.since, 0).text, "count": str(self.arrivals)})
        query["known"] = ".".join(map(str, self.known))
        return f"?{query.urlencode()}"

    @classmethod
    def read(cls, asked: QueryDict) -> "Tail":
        """Return what such an address says. Raises OperatorError."""
        known = [text for text in asked.get("known", "")[:4_000].split(".") if text]
        count = asked.get("count", "0")
        if not all(text.isdecimal() and len(text) < 19 for text in (*known, count)) or len(known) > _MOST_KNOWN:
            raise OperatorError("This is no address that the page has made")
        return cls(Cursor.read(asked.get("since_place", "")).received_at, tuple(map(int, known)), int(count))

    @classmethod
    def behind(cls, shown: Iterable[Entry], since: datetime, arrivals: int) -> "Tail":
        """Return what is known once these stand on the page, of which all are there that arrived since a moment."""
        places = sorted((entry.received_at, entry.pk) for entry in shown)
        since = max(since, timezone.now() - LATE)
        if len(places) > _MOST_KNOWN:
            since = max(since, places[-_MOST_KNOWN - 1][0] + timedelta(microseconds=1))
        return cls(since, tuple(pk for arrival, pk in places if arrival >= since), arrivals)


class EntriesPage(PanelPage):
    """A list of entries. A subclass says which filters there are."""

    filter_class: ClassVar[type[TimesForm]]
    rows_template: ClassVar[str] = "system_log/rows.html"
    entry_page: ClassVar[str] = "panel:system-log-entry"
    parts: ClassVar[dict[str, str]] = {"new": "system_log/new.html"}

    def row(self, entry: Entry) -> Any:
        """Return an entry as the template wants it."""
        return row_of(entry)

    def shown(self) -> dict[str, Any]:
        """Return a page of the list with its filters."""
        filters = self.filter_class(self.request.GET)
        wanted = filters.wanted()
        page, is_newest = self._page_of(wanted)
        query = kept(self.request.GET)
        return {
            "filters": filters,
            "is_filtered": bool(filters.given()),
            "rows": [self.row(entry) for entry in page.entries],
            "since": wanted.beginning,
            "searched_to": page.searched_to,
            "older": _address(query, before=page.older.text) if page.older else "",
            "newer": "" if is_newest or not page.entries else _address(query, after=_first(page).text),
            "newest": "" if is_newest else _address(query),
            "everything": _address(query, since="1970-01-01T00:00"),
            "is_short": wanted.since is None,
            "tail": self._tail_of(page, wanted) if is_newest and wanted.until is None else "",
            "query": query.urlencode(),
            **self._around(),
        }

    def part_shown(self, name: str) -> dict[str, Any]:  # noqa: ARG002 - there is one
        """Return what came in since the page was made, or that too much did."""
        try:
            tail = Tail.read(self.request.GET)
        except OperatorError:
            return {"stopped": True, "newest": _address(kept(self.request.GET)), **self._around()}
        new = self._arrived(tail)
        if new is None:
            return {"stopped": True, "newest": _address(kept(self.request.GET)), **self._around()}
        known = Entry.objects.filter(pk__in=tail.known).only("received_at")
        tail = Tail.behind([*known, *new], tail.since, tail.arrivals + len(new))
        rows = [self.row(entry) for entry in reversed(new)]
        return {"tail": tail.address(self.request.GET), "rows": rows, **self._around()}

    def _around(self) -> dict[str, Any]:
        return {"rows_template": self.rows_template, "entry_page": self.entry_page}

    def _arrived(self, tail: Tail) -> Sequence[Entry] | None:
        if tail.since < timezone.now() - LONGEST_PAUSE or tail.arrivals > MOST_TAIL:
            return None
        wanted = self.filter_class(self.request.GET).wanted()
        new = lists.arrived(wanted, tail.since, tail.known, MOST_NEW + 1)
        return new if len(new) <= MOST_NEW else None

    def _page_of(self, wanted: EntryFilter) -> tuple[Page, bool]:
        """Return the page that the address asks for, and whether it begins with the newest entry."""
        before, after = (_place(self.request, name) for name in ("before", "after"))
        budget = Budget(walk=0.07, total=0.1)
        if after is not None:
            try:
                found = lists.newer(wanted, after, PAGE + 1, budget)
            except TimeOverError:
                found = []
            if len(found) > PAGE:
                shown = found[1:]
                return Page(shown, Cursor(shown[-1].received_at, shown[-1].pk), None), False
            before = None
        return lists.entries(wanted, before, PAGE, budget), before is None

    def _tail_of(self, page: Page, wanted: EntryFilter) -> str:
        since = wanted.beginning if page.older is None else (
            page.searched_to or page.entries[-1].received_at + timedelta(microseconds=1))  # fmt: skip
        return Tail.behind(page.entries, since, 0).address(self.request.GET)


def kept(asked: QueryDict) -> QueryDict:
    """Return what a list is asked for, without any place in it."""
    query = asked.copy()
    for name in _PLACES:
        query.pop(name, None)
    return query


def _address(query: QueryDict, **places: str) -> str:
    mine = query.copy()
    for name, value in places.items():
        mine[name] = value
    return f"?{mine.urlencode()}"


def _first(page: Page) -> Cursor:
    return Cursor(page.entries[0].received_at, page.entries[0].pk)


def _place(request: HttpRequest, name: str) -> Cursor | None:
    """Return a place of the address; one that nobody can have got from a list is passed over."""
    try:
        return Cursor.read(request.GET[name]) if name in request.GET else None
    except OperatorError:
        return None
