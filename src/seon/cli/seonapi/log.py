"""`seonapi log`: the system log, and the file of the API log."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import contextlib
import functools
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from textwrap import indent
from typing import TYPE_CHECKING, Any

import click
import msgspec

from seon.backend.logs import LEVELS
from seon.cli.seonapi.answers import Safe, Sheet, State, Table, Tone
from seon.cli.seonapi.base import (
    Said,
    clear_errors,
    database_errors_cleared,
    home_option,
    on_installation,
    open_installation,
)
from seon.cli.seonapi.moments import SINCE, UNTIL, shown_moment
from seon.events import Severity, shown

if TYPE_CHECKING:
    from seon.backend.journal.lists import EntryFilter
    from seon.backend.journal.models import Entry

_HEADINGS = {
    "number": "number", "arrival": "arrival", "severity": "severity", "hop": "where", "session": "session",
    "code": "code", "text": "text",
}  # fmt: skip
_TONES = {Severity.DEBUG: Tone.OFF, Severity.INFO: Tone.GOOD, Severity.WARNING: Tone.SOON}
PAUSE_SECONDS = 1.0
"""Between two looks of `log follow`."""
LATE = timedelta(seconds=10)
"""An entry may become visible so long after its arrival: its transaction took time."""


@click.group()
def log() -> None:
    """The system log, and the file of the API log. It has every event of servers, clients and sessions."""


def filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what is looked for."""
    for option in reversed((
        click.option("--severity", type=click.Choice([s.name.lower() for s in Severity]), help="At least this."),
        click.option("--code", default="", help="Code of the events, such as ADM-REFUSED."),
        click.option("--group", default="", help="Group of the events, such as refused."),
        click.option("--session", default="", metavar="ID", help="Id of a session, or its first 8 characters or more."),
        click.option("--partner", default="", metavar="ID", help="Events that name the partner."),
        click.option("--hop", type=click.Choice(["dmz", "inside"]), help="Where it happened."),
        click.option("--source", default="", metavar="ADDRESS", help="Address of the source, without port."),
        click.option("--text", default="", help="Found anywhere in text, code or session, in any case."),
    )):  # fmt: skip
        function = option(function)
    return function


@log.command(name="list")
@click.option("--since", type=SINCE, help="First arrival: a time, or how long ago (2h, 7d). Default: 7 days ago.")
@click.option("--until", type=UNTIL, help="Last arrival; a day counts to its end. Default: now.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=100, show_default=True, help="How many at most.")
@click.option("--before", default="", metavar="PLACE", help="Go on behind this place, which the list before named.")
@filters
@on_installation
def log_list(since: datetime | None, until: datetime | None, limit: int, before: str, **wanted: str | None) -> Said:
    """List events, newest arrival first."""
    from seon.backend.journal.lists import Cursor, entries

    page = entries(_filter(since, until, wanted), Cursor.read(before) if before else None, limit)
    data = {
        "entries": [_data(entry) for entry in page.entries],
        "before": page.older.text if page.older else None,
        "searched_to": page.searched_to,
    }
    notes = []
    if page.searched_to:
        notes.append(f"searched back to {shown_moment(page.searched_to)} UTC")
    if page.older:
        notes.append(f"there may be older ones: --before {page.older.text}")
    table = Table(_HEADINGS, empty="no such events")
    for entry in page.entries:
        table.add(
            number=entry.pk, arrival=entry.received_at, severity=State(*_severity(entry)), hop=entry.hop,
            session=entry.session[:8], code=entry.code, text=Safe(entry.text),
        )  # fmt: skip
    return Said(data, table.text(), "; ".join(notes))


@log.command(name="show")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
@on_installation
def log_show(number: int) -> Said:
    """Show the event with this number in the list, with all its fields."""
    from seon.backend.errors import OperatorError
    from seon.backend.journal.models import Entry

    entry = Entry.objects.filter(pk=number).first()
    if entry is None:
        raise OperatorError(f"There is no event {number} in the system log; `seonapi log list` shows the numbers")
    data, sheet = _data(entry), Sheet()
    people = data | {"severity": State(*_severity(entry)), "text": Safe(entry.text)}
    for name, value in people.items():
        if name != "fields":
            sheet.add(name, name.replace("_", " "), value)
    fields = Sheet()
    for name, value in entry.fields.items():
        fields.add(name, shown(name), Safe(shown(value, 2_000)))
    return Said(data, f"{sheet.text()}\n\nfields:\n{indent(fields.text(), '  ')}")


@log.command(name="file")
@click.option("--path", help='Absolute path, in an existing directory; "": log/seonapi.log in the home of each host.')
@click.option("--level", type=click.Choice(tuple(LEVELS), case_sensitive=False), help="What is written, and worse.")
@on_installation
def log_file(path: str | None, level: str | None) -> Said:
    """Show the API log's file and level, or choose them. Every process obeys within a second."""
    from seon.backend.acting.actors import owner
    from seon.backend.apilog.actions import configure_log
    from seon.backend.apilog.models import ApiLog
    from seon.backend.home import current_home

    is_change = path is not None or level is not None
    row = configure_log(owner(), path=path, level=level) if is_change else ApiLog.load()
    own = current_home().log_directory / "seonapi.log"
    sheet = Sheet()
    sheet.add("path", "", row.path)
    sheet.add("file", "API log", row.path or str(own))
    sheet.add("own", "where that cannot be written", str(own))
    sheet.add("level", "level", row.level)
    return sheet.said()


@log.command(name="follow")
@filters
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value a line.")
@clear_errors
def log_follow(home: str | None, as_json: bool, **wanted: str | None) -> None:
    """Show events as they come in, until Ctrl-C."""
    open_installation(home)
    from django.utils import timezone

    from seon.backend.journal.lists import arrived

    began = timezone.now()
    since, known = began, dict[int, datetime]()
    chosen = _filter(None, None, wanted)
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        while True:
            for entry in database_errors_cleared(functools.partial(arrived, chosen, since, known.keys())):
                known[entry.pk] = entry.received_at
                print(msgspec.json.encode(_data(entry)).decode() if as_json else _line(entry))
            sys.stdout.flush()
            newest = max(known.values(), default=since)
            since = max(began, newest - LATE)
            known = {pk: at for pk, at in known.items() if at >= since}
            time.sleep(PAUSE_SECONDS)


def _filter(since: datetime | None, until: datetime | None, wanted: dict[str, str | None]) -> "EntryFilter":
    from seon.backend.journal.lists import EntryFilter
    from seon.backend.journal.sessions import session_named

    texts: dict[str, Any] = {name: value or "" for name, value in wanted.items()}
    severity = texts.pop("severity")
    if texts["session"]:
        texts["session"] = session_named(texts["session"])
    return EntryFilter(since, until, Severity[severity.upper()] if severity else None, **texts)


def _line(entry: "Entry") -> str:
    where = f" [{entry.session[:8]}]" if entry.session else ""
    severity = Severity(entry.severity).name
    return f"{entry.pk:>8}  {shown_moment(entry.received_at)}  {severity:8}  {entry.hop:6}  {entry}{where}"


def _data(entry: "Entry") -> dict[str, Any]:
    return {
        "number": entry.pk, "arrival": entry.received_at, "time": entry.time, "severity": entry.get_severity_display(),
        "group": entry.group, "code": entry.code, "text": entry.text, "hop": entry.hop, "session": entry.session,
        "partner": entry.partner, "source": entry.source, "reported_by": entry.reported_by, "id": entry.event_id,
        "fields": entry.fields,
    }  # fmt: skip


def _severity(entry: "Entry") -> tuple[str, Tone]:
    severity = Severity(entry.severity)
    return severity.name.lower(), _TONES.get(severity, Tone.BAD)
