"""The table of sessions, kept up from SES-START and SES-END.

Both hops report a session. The inside's word counts; the DMZ's fills a gap and never replaces it (docs/design.md,
"Events").
"""

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
_MOST = 2**63 - 1


def follow(entry: Entry) -> None:
    """Take one event into the table of sessions, if it is one of theirs."""
    if entry.code not in _TEXTS or not entry.session:
        return
    session, _ = Session.objects.select_for_update().get_or_create(session=entry.session)  # two may report at once
    end = entry.code == "SES-END"
    said_by = session.end_hop if end else session.start_hop
    if said_by and (said_by == "inside" or entry.hop != "inside"):
        return
    for name in _TEXTS[entry.code]:
        _put_text(session, name, entry)
    if end:
        session.ended_at, session.end_hop = entry.time, entry.hop
        for name in _COUNTS:
            setattr(session, name, _count(entry.fields.get(name)))
    else:
        session.started_at, session.start_hop = entry.time, entry.hop
    session.save()


def _put_text(session: Session, name: str, entry: Entry) -> None:
    """Set a text, unless the inside has said it already (both events name the partner)."""
    told_inside = "inside" in (session.start_hop, session.end_hop) and getattr(session, name)
    if name in entry.fields and not (told_inside and entry.hop != "inside"):
        longest = getattr(Session._meta.get_field(name), "max_length")  # noqa: B009 - the stubs do not know it
        setattr(session, name, shown(entry.fields[name])[:longest])


def _count(value: object) -> int:
    return min(max(int(value), 0), _MOST) if isinstance(value, int | float) else 0


def session_named(text: str) -> str:
    """Return the id of the session that begins with a text; the text itself where it is no beginning of one.

    Raises OperatorError for the beginning of several, or one that is too short.
    """
    text = text.strip()
    if len(text) < LEAST_CHARACTERS:
        raise OperatorError(f"A session is named by its id, or by its first {LEAST_CHARACTERS} characters or more")
    found = list(Session.objects.filter(session__startswith=text).order_by().values_list("session", flat=True)[:2])
    if text in found:
        return text
    if len(found) > 1:
        raise OperatorError(f"More than one session begins with {text!r}: give more of its id")
    return found[0] if found else text
