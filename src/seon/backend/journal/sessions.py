"""The table of sessions, kept up from SES-START and SES-END.

Both hops report a session. The inside's word counts; the DMZ's fills a gap and never replaces it (docs/design.md,
"Events").
"""

from collections.abc import Collection, Iterable

from seon.backend.errors import OperatorError
from seon.backend.journal.models import Entry, Session
from seon.events import shown

LEAST_CHARACTERS = 8
"""Of a session's id: as many as a process title shows."""
_TEXTS = {
    "SES-START": ("partner", "direction", "source", "target", "tls"),
    "SES-END": ("partner", "ended_by", "reason"),
}
_COUNTS = ("octets_in", "octets_out", "files")
_WRITTEN = [*dict.fromkeys(sum(_TEXTS.values(), _COUNTS)), "started_at", "start_hop", "ended_at", "end_hop"]
_MOST = 2**63 - 1


def follow(entries: Iterable[Entry]) -> None:
    """Take events into the table of sessions, in their order. Call it in the transaction that stores them."""
    ours = [entry for entry in entries if entry.code in _TEXTS and entry.session]
    if not ours:
        return
    sessions = _locked({entry.session for entry in ours})
    changed = {entry.session for entry in ours if _take(sessions[entry.session], entry)}
    # Rows that are there, written by an "upsert": bulk_update makes an expression of each value, which costs more.
    rows = [
        Session(session=name, **{key: getattr(sessions[name], key) for key in _WRITTEN}) for name in sorted(changed)
    ]
    Session.objects.bulk_create(rows, update_conflicts=True, update_fields=_WRITTEN, unique_fields=["session"])


def _locked(names: Collection[str]) -> dict[str, Session]:
    """Return the rows of sessions, made if they are new, and held: two processes may report the same ones at once.

    Both make and lock them in one order, so that they wait for each other and never in a circle.
    """
    rows = Session.objects.select_for_update().filter(session__in=names).order_by("session")
    found = {row.session: row for row in rows}
    missing = sorted(set(names) - set(found))
    if missing:
        Session.objects.bulk_create([Session(session=name) for name in missing], ignore_conflicts=True)
        found |= {row.session: row for row in rows.filter(session__in=missing)}
    return found


def _take(session: Session, entry: Entry) -> bool:
    """Take one event into its session; return whether it has something to say."""
    end = entry.code == "SES-END"
    said_by = session.end_hop if end else session.start_hop
    if said_by and (said_by == "inside" or entry.hop != "inside"):
        return False
    for name in _TEXTS[entry.code]:
        _put_text(session, name, entry)
    if end:
        session.ended_at, session.end_hop = entry.time, entry.hop
        for name in _COUNTS:
            setattr(session, name, _count(entry.fields.get(name)))
    else:
        session.started_at, session.start_hop = entry.time, entry.hop
    return True


def _put_text(session: Session, name: str, entry: Entry) -> None:
    """Set a text, unless the inside has said it already (both events name the partner)."""
    told_inside = "inside" in (session.start_hop, session.end_hop) and getattr(session, name)
    if name in entry.fields and not (told_inside and entry.hop != "inside"):
        longest = getattr(Session._meta.get_field(name), "max_length")  # noqa: B009 - the stubs do not know it
        setattr(session, name, shown(entry.fields[name])[:longest])


def _count(value: object) -> int:
    return min(max(int(value), 0), _MOST) if isinstance(value, int | float) else 0


def session_named(text: str, *, running: bool = False) -> str:
    """Return the id of the session that begins with a text; the text itself where it is no beginning of one.

    `running`: only of those that run. Raises OperatorError for the beginning of several, or one that is too short.
    """
    text = text.strip()
    if len(text) < LEAST_CHARACTERS:
        raise OperatorError(f"A session is named by its id, or by its first {LEAST_CHARACTERS} characters or more")
    sessions = Session.objects.filter(session__startswith=text)
    if running:
        sessions = sessions.filter(ended_at=None)
    found = list(sessions.order_by().values_list("session", flat=True)[:2])
    if text in found:
        return text
    if len(found) > 1:
        which = "session that runs" if running else "session"
        raise OperatorError(f"More than one {which} begins with {text!r}: give more of its id")
    return found[0] if found else text
