"""`seonapi session` and `seonapi trace`: sessions that run, and those that have ended."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from typing import TYPE_CHECKING

import click

from seon.backend.errors import OperatorError
from seon.cli.seonapi.answers import Sheet, State, Table, Tone
from seon.cli.seonapi.base import Said, on_installation
from seon.cli.seonapi.orders import outcome

if TYPE_CHECKING:
    from seon.backend.journal.models import Session

MOST = 10_000
"""Sessions that are listed at once; there may be millions."""
RUNNING = State("running", Tone.GOOD)
_DAY = 86_400


@click.command()
@click.argument("session")
@click.argument("switch", type=click.Choice(["on", "off"]))
@on_installation
def trace(session: str, switch: str) -> Said:
    """Switch the trace of a running session on or off. SESSION is its id, or 8 characters of it.

    Both programs write it to a file in the directory `traces` of their home. For all sessions of a partner:
    seonapi partner set ID trace yes.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.journal.actions import trace_session

    found = trace_session(owner(), session, on=switch == "on")
    return Said({"session": found, "trace": switch == "on"}, f"trace of session {found} switched {switch}")


@click.group()
def session() -> None:
    """Sessions: those that run, and those that have ended."""


session.add_command(trace)


@session.command(name="kill")
@click.argument("session")
@click.option(
    "--reason", type=click.Choice(["99", "05"]), default="99", show_default=True,
    help="Of the ESID to both sides: 99 is an unspecified reason, 05 an emergency close.",
)  # fmt: skip
@on_installation
def session_kill(session: str, reason: str) -> Said:
    """End SESSION, which runs. SESSION is its id, or 8 characters of it.

    Waits up to 15 s until its client says that it is done.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.live.actions import kill_session

    return outcome(kill_session(owner(), session, int(reason)))


@session.command(name="list")
@click.option("--running", is_flag=True, help="Only those that run.")
@click.option("--past", is_flag=True, help="Only those that have ended.")
@click.option("--partner", help="Only those of this partner, by its id.")
@click.option("--limit", type=click.IntRange(1, MOST), default=50, show_default=True, help="How many at most.")
@on_installation
def session_list(running: bool, past: bool, partner: str | None, limit: int) -> Said:
    """List sessions, newest first."""
    from seon.backend.journal.models import Session

    if running and past:
        raise OperatorError("A session runs or has ended: give --running or --past, not both")
    found = Session.objects.all()
    if running:
        found = found.filter(ended_at=None)
    if past:
        found = found.filter(ended_at__isnull=False)
    if partner is not None:
        found = found.filter(partner=partner)
    rows = list(found[: limit + 1])
    headings = {
        "session": "session", "partner": "partner", "direction": "direction", "start": "start", "state": "state",
        "duration": "duration", "octets_in": "octets in", "octets_out": "octets out", "files": "files",
        "ended_by": "ended by",
    }  # fmt: skip
    is_narrowed = partner is not None or running or past
    table = Table(headings, empty="no such sessions" if is_narrowed else "no sessions yet")
    for one in rows[:limit]:
        table.add(
            session=one.session, partner=one.partner, direction=one.direction, start=one.started_at,
            state=_state(one), duration=_duration(one), end=one.ended_at, octets_in=one.octets_in,
            octets_out=one.octets_out, files=one.files, ended_by=one.ended_by, reason=one.reason,
        )  # fmt: skip
    return table.said("" if len(rows) <= limit else f"There are more sessions: --limit N shows up to {MOST}")


@session.command(name="show")
@click.argument("session")
@on_installation
def session_show(session: str) -> Said:
    """Show SESSION, an id or its first 8 characters or more."""
    from seon.backend.configuration.models import TracedSession

    found = _known(session)
    sheet = Sheet()
    sheet.add("session", "session", found.session)
    sheet.add("state", "state", _state(found))
    sheet.add("partner", "partner", found.partner)
    sheet.add("direction", "direction", found.direction)
    sheet.add("source", "from", found.source)
    sheet.add("target", "to", found.target)
    sheet.add("tls", "TLS", found.tls)
    sheet.add("fingerprint", "certificate, SHA-256", found.fingerprint)
    if found.level:
        sheet.add("initiator", "Initiator", found.initiator)
        sheet.add("responder", "Responder", found.responder)
        sheet.add("level", "level", found.level)
        sheet.add("buffer", "exchange buffer", found.buffer_size)
        sheet.add("credit", "credit", found.credit)
        for name in ("compression", "restart", "authentication"):
            sheet.add(name, name, getattr(found, name))
    sheet.add("start", "start", found.started_at)
    sheet.add("end", "end", found.ended_at)
    sheet.add("duration", "duration", _duration(found))
    sheet.add("octets_in", "octets in", found.octets_in)
    sheet.add("octets_out", "octets out", found.octets_out)
    sheet.add("files", "files", found.files)
    sheet.add("findings", "findings", found.findings)
    sheet.add("result", "result", found.result)
    sheet.add("ended_by", "ended by", found.ended_by)
    sheet.add("reason", "reason", found.reason)
    sheet.add("trace", "traced", TracedSession.objects.filter(session=found.session).exists())
    return sheet.said()


def _known(text: str) -> "Session":
    """Return a session by its id or the beginning of it. Raises OperatorError."""
    from seon.backend.journal.models import Session
    from seon.backend.journal.sessions import session_named

    found = Session.objects.filter(session=session_named(text)).first()
    if found is None:
        raise OperatorError(f"There is no session {text!r}; see: seonapi session list")
    return found


def _state(found: "Session") -> State:
    return RUNNING if found.ended_at is None else State("ended", Tone.OFF)


def _duration(found: "Session") -> str:
    """Return how long a session took, or has taken until now, in hours, minutes and seconds."""
    from django.utils import timezone

    if found.started_at is None:  # only its end was reported
        return ""
    seconds = max(0, int(((found.ended_at or timezone.now()) - found.started_at).total_seconds()))
    days = f"{seconds // _DAY} d " if seconds >= _DAY else ""
    return f"{days}{seconds % _DAY // 3_600}:{seconds % 3_600 // 60:02}:{seconds % 60:02}"
