"""`seonapi file`: files from their offers to their receipts."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from datetime import datetime

import click

from seon.cli.seonapi.answers import State, Table, Tone
from seon.cli.seonapi.base import Said, on_installation
from seon.cli.seonapi.moments import Moment

MOST = 10_000
"""Files that are listed at once; there may be millions."""
WAYS = ("from-partner", "to-partner")
STATES = {
    "under-way": Tone.OFF, "transferred": Tone.OFF, "delivered": Tone.GOOD, "not-delivered": Tone.BAD,
    "refused": Tone.BAD, "declined": Tone.BAD, "broken-off": Tone.BAD,
}  # fmt: skip
_COLUMNS = {
    "at": "offered", "partner": "partner", "direction": "direction", "name": "file", "date": "date", "time": "time",
    "state": "state", "octets": "octets", "receipt_at": "receipt", "session": "session",
}  # fmt: skip


@click.group()
def file() -> None:
    """Files that were offered, each with what became of it."""


@file.command(name="list")
@click.option("--partner", default="", help="Only those of this partner, by its id.")
@click.option("--since", type=Moment(ago=True), help="Offered since a time, or how long ago (2h, 7d).")
@click.option("--until", type=Moment(end=True), help="Offered before a time; a day stands for its end.")
@click.option("--name", default="", help="Whose virtual file name begins so.")
@click.option("--direction", type=click.Choice(WAYS), default=None, help="Only one way.")
@click.option("--state", type=click.Choice(tuple(STATES)), default=None, help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1, MOST), default=50, show_default=True, help="How many at most.")
@on_installation
def file_list(limit: int, since: datetime | None, until: datetime | None, **wanted: str | None) -> Said:
    """List files, the newest offer first.

    A file is transferred when its receiver has accepted it, and delivered when its receipt (EERP) has come.
    """
    from seon.backend.journal.file_lists import FileFilter, files

    given = {name: value or "" for name, value in wanted.items()}
    rows = list(files(FileFilter(since=since, until=until, **given))[: limit + 1])
    table = Table(_COLUMNS, empty="no such files" if any((since, until, *given.values())) else "no files yet")
    for one in rows[:limit]:
        table.add(
            at=one.at, partner=one.partner, direction=one.direction, name=one.name, date=one.date, time=one.time,
            state=State(one.state, STATES[one.state]), octets=one.octets, receipt_at=one.receipt_at,
            session=one.session, originator=one.originator, destination=one.destination, size_k=one.size_k,
            result=one.result, receipt=one.receipt_kind, receipt_result=one.receipt_result, ended_at=one.ended_at,
            receipt_session=one.receipt_session,
        )  # fmt: skip
    return table.said("" if len(rows) <= limit else f"There are more files: --limit N shows up to {MOST}")
