"""The table of sessions, kept up from the events of each session.

Both hops report a session. The inside's word counts; the DMZ's fills a gap and never replaces it (docs/design.md,
"Events"). Events come late and in any order; the same rows come of them.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from seon.backend.errors import OperatorError
from seon.backend.journal.bulk import insert_new, update_all
from seon.backend.journal.files import CODES as FILE_CODES
from seon.backend.journal.files import follow_files
from seon.backend.journal.hours import OFTP2, REFUSED, SESSIONS, Tally, counted
from seon.backend.journal.models import Entry, Result, Session
from seon.events import shown

LEAST_CHARACTERS = 8
"""Of a session's id: as many as a process title shows."""
_TEXTS = {
    "SES-START": ("partner", "direction", "source", "target", "tls"),
    "SES-END": ("partner", "ended_by", "reason"),
    "SES-FAILED": ("partner", "direction", "reason"),
}
_COUNTS = ("octets_in", "octets_out", "files")
_AGREED = {"level": 99, "credit": 999, "buffer": 99_999}
"""The most of each that an SSID can say."""
_FINDINGS = frozenset({"SES-FINDING", "SES-MORE"})
_CODES = frozenset({*_TEXTS, *_FINDINGS, *FILE_CODES, "SES-AGREED"})


class _Before(NamedTuple):
    """What a session was before a batch of events."""

    counts: tuple[object, ...]
    is_new: bool
    inside: bool
    ended: bool


def follow(entries: Iterable[Entry], tally: Tally) -> None:
    """Take events into the tables of sessions and files, in their order. Call it in the transaction that stores them.

    `tally` learns what that adds to the hours.
    """
    ours = [entry for entry in entries if entry.code in _CODES and entry.session]
    if not ours:
        return
    sessions, new = _locked({entry.session for entry in ours})
    before = {name: _before(session, is_new=name in new) for name, session in sessions.items()}
    changed = {entry.session for entry in ours if _take(sessions[entry.session], entry)}
    for name in changed:
        _count_hours(before[name], sessions[name], tally)
    update_all([sessions[name] for name in sorted(changed)], but=["session"])
    follow_files(ours, sessions, {name for name in changed if _is_news(before[name], sessions[name])}, tally)


def _locked(names: Collection[str]) -> tuple[dict[str, Session], set[str]]:
    """Return the rows of sessions, made if they are new, and held, and which are new.

    Two processes may report the same ones at once. Both make and lock them in one order, so that they wait for each
    other and never in a circle.
    """
    rows = Session.objects.select_for_update().filter(session__in=names).order_by("session")
    found = {row.session: row for row in rows}
    missing = set(names) - set(found)
    if missing:
        insert_new([Session(session=name) for name in sorted(missing)])
        found |= {row.session: row for row in rows.filter(session__in=missing)}
    return found, missing


def _before(session: Session, *, is_new: bool) -> _Before:
    return _Before(_counts(session), is_new, _inside(session), session.ended_at is not None)


def _inside(session: Session) -> bool:
    return "inside" in (session.start_hop, session.end_hop)


def _is_news(before: _Before, session: Session) -> bool:
    """Whether its files have to learn something: whose it is, or that it has ended."""
    ends = session.ended_at is not None and not before.ended
    return not before.is_new and (ends or (_inside(session) and not before.inside))


def _counts(session: Session) -> tuple[object, ...]:
    """Return when it counts as a session, and when as refused by the verifier."""
    return session.started_at, session.ended_at if session.result == Result.REFUSED else None


def _count_hours(before: _Before, session: Session, tally: Tally) -> None:
    now = _counts(session)
    for kind, was, moment in zip((SESSIONS, REFUSED + OFTP2), before.counts, now, strict=True):
        if was != moment:
            for each, sign in ((was, -1), (moment, 1)):
                if each is not None:
                    tally.add(each, kind, sign)  # type: ignore[arg-type]  # a moment


def _take(session: Session, entry: Entry) -> bool:
    """Take one event into its session; return whether it has something to say of the session itself."""
    if entry.code in _FINDINGS:
        name = f"findings_{entry.hop}"
        more = counted(entry.fields.get("count"), 10**9) if entry.code == "SES-MORE" else 1
        setattr(session, name, getattr(session, name) + more)
        return True
    if entry.code == "SES-AGREED":
        return entry.hop == "inside" and _agree(session, entry)
    return entry.code in _TEXTS and _take_start_or_end(session, entry)


def _agree(session: Session, entry: Entry) -> bool:
    said = entry.fields
    session.initiator, session.responder = (shown(said.get(name, ""))[:120] for name in ("initiator", "responder"))
    session.level, session.credit, session.buffer_size = (
        counted(said.get(name), most) for name, most in _AGREED.items()
    )
    for name in ("compression", "restart", "authentication"):
        setattr(session, name, said.get(name) is True)
    return True


def _take_start_or_end(session: Session, entry: Entry) -> bool:
    end = entry.code != "SES-START"
    _put_fingerprint(session, entry)
    said_by = session.end_hop if end else session.start_hop
    if said_by and (said_by == "inside" or entry.hop != "inside"):
        return bool(entry.fields.get("fingerprint"))
    for name in _TEXTS[entry.code]:
        _put_text(session, name, entry)
    if end:
        session.ended_at, session.end_hop, session.result = entry.time, entry.hop, _result(entry)
        for name in _COUNTS:
            setattr(session, name, counted(entry.fields.get(name)))
    else:
        session.started_at, session.start_hop = entry.time, entry.hop
    if not session.start_hop:
        session.started_at = session.ended_at
    return True


def _result(entry: Entry) -> Result:
    """Return how a session ended, from the words of `seon.endings`."""
    by, reason = str(entry.fields.get("ended_by", "")), str(entry.fields.get("reason", ""))
    ways = (
        (entry.code == "SES-FAILED", Result.NOT_STARTED),
        (by.endswith(" verifier"), Result.REFUSED),
        (by == "administrator", Result.STOPPED),
        (reason.startswith("ESID 00"), Result.NORMAL),
    )
    return next((result for so, result in ways if so), Result.BROKEN)


def _put_fingerprint(session: Session, entry: Entry) -> None:
    """Set the certificate. The inside knows it where the partner called, and only the DMZ where it was dialled."""
    said = shown(entry.fields.get("fingerprint", ""))[:64]
    if said and (entry.hop == "inside" or not session.fingerprint):
        session.fingerprint = said


def _put_text(session: Session, name: str, entry: Entry) -> None:
    """Set a text, unless the inside has said it already (several events name the partner)."""
    told_inside = _inside(session) and getattr(session, name)
    if name in entry.fields and not (told_inside and entry.hop != "inside"):
        longest = getattr(Session._meta.get_field(name), "max_length")  # noqa: B009 - the stubs do not know it
        setattr(session, name, shown(entry.fields[name])[:longest])


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
