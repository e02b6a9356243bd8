"""Files of the list as a file, newest first, fetched page after page while it is sent."""

import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from asgiref.sync import sync_to_async
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from seon.backend.journal import file_lists
from seon.backend.journal.file_lists import FileFilter
from seon.backend.journal.models import File
from seon.backend.panel.downloads import MOST_ROWS, line

LONGEST = 120.0
"""Seconds that looking for them may take."""
_AT_A_TIME = 1_000
NAMES = (
    "offered", "ended", "receipt", "state", "direction", "partner", "name", "date", "time", "originator", "destination",
    "size_kib", "octets", "records", "restart", "format", "security", "result", "receipt_kind", "receipt_result",
    "receipt_signed", "session", "receipt_session",
)  # fmt: skip


async def lines(wanted: FileFilter, form: str, zone: tzinfo) -> AsyncIterator[str]:
    """Yield the lines of a file, and at its end a line that says so where there are more than it holds."""
    wanted = replace(wanted, until=wanted.until or timezone.now())
    if form == "csv":
        yield line(form, NAMES, NAMES)
    left, until, place = MOST_ROWS, time.monotonic() + LONGEST, None
    while left and time.monotonic() < until:
        rows: list[File] = await sync_to_async(_page)(wanted, place, min(left, _AT_A_TIME))
        yield "".join(line(form, NAMES, _cells(row, zone)) for row in rows)
        if len(rows) < _AT_A_TIME:
            return
        left, place = left - len(rows), (rows[-1].at, rows[-1].pk)
    cut = _("Older files are not in this file: ask for a shorter time")
    yield line(form, ("cut",), (cut,))


def _page(wanted: FileFilter, place: tuple[datetime, int] | None, count: int) -> list[File]:
    rows = file_lists.files(wanted)
    if place is not None:
        rows = rows.filter(Q(at__lt=place[0]) | Q(pk__lt=place[1]), at__lte=place[0])
    return list(rows[:count])


def _cells(row: File, zone: tzinfo) -> Sequence[object]:
    moments = (row.offered_at, row.ended_at, row.receipt_at)
    return (
        *(moment.astimezone(zone).isoformat() if moment else "" for moment in moments),
        row.state, row.direction, row.partner, row.name, row.date, row.time, row.originator, row.destination,
        row.size_k, row.octets, row.records, row.restart, row.format, row.security, row.result, row.receipt_kind,
        row.receipt_result, row.receipt_signed, row.session, row.receipt_session,
    )  # fmt: skip
