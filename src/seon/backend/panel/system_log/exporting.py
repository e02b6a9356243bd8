"""Entries as a file: what a list is asked for, newest first, fetched page after page while it is sent."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import NamedTuple

from asgiref.sync import sync_to_async
from django.utils import timezone
from django.utils.translation import gettext as _

from seon.backend.journal import lists
from seon.backend.journal.lists import EntryFilter
from seon.backend.journal.models import Entry
from seon.backend.panel.downloads import MOST_ROWS, line
from seon.events import Severity

LONGEST = 120.0
"""Seconds that looking for them may take."""
_AT_A_TIME = 1_000


class Columns(NamedTuple):
    """What stands in a file of entries."""

    names: tuple[str, ...]
    cells: Callable[[Entry, tzinfo], Sequence[object]]
    """The cells of an entry, its times in a zone."""


def _cells(entry: Entry, zone: tzinfo) -> Sequence[object]:
    arrival, happened = (moment.astimezone(zone).isoformat() for moment in (entry.received_at, entry.time))
    return (
        arrival, happened, Severity(entry.severity).name.lower() if entry.severity in set(Severity) else entry.severity,
        entry.hop, entry.code, entry.group, entry.session, entry.partner, entry.source, entry.text,
        entry.reported_by, entry.fields,
    )  # fmt: skip


ENTRY = Columns(
    ("arrival", "time", "severity", "host", "code", "group", "session", "partner", "source", "text", "reported_by",
     "fields"), _cells,
)  # fmt: skip
"""All that the system log has of an entry."""


async def lines(wanted: EntryFilter, form: str, columns: Columns, zone: tzinfo) -> AsyncIterator[str]:
    """Yield the lines of a file, and at its end a line that says so where there are more entries than it holds."""
    wanted = replace(wanted, until=wanted.until or timezone.now(), since=wanted.beginning)
    if form == "csv":
        yield line(form, columns.names, columns.names)
    left, until = MOST_ROWS, time.monotonic() + LONGEST
    place = None
    while left and time.monotonic() < until:
        page = await sync_to_async(lists.entries)(wanted, place, min(left, _AT_A_TIME))
        yield "".join(line(form, columns.names, columns.cells(entry, zone)) for entry in page.entries)
        left, place = left - len(page.entries), page.older
        if place is None:
            return
    cut = _("Older entries are not in this file: ask for a shorter time")
    yield line(form, ("cut",), (cut,)) if form == "jsonl" else line(form, columns.names, (cut,))
