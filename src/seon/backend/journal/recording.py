"""Putting events into the journal: each once, and the tables of sessions, files and hours kept up from them."""

import logging
import time
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.db import transaction
from django.utils import timezone

from seon.addresses import AddressError, split_host_port
from seon.backend.counting.adding import count_broken_rules
from seon.backend.journal.bulk import insert_new
from seon.backend.journal.folding import folded
from seon.backend.journal.hours import Tally
from seon.backend.journal.ignoring import remember, sorted_out
from seon.backend.journal.models import LONGEST_SEARCHED, Entry, Ignored
from seon.backend.journal.sessions import follow
from seon.backend.script.models import MOST_WAITING
from seon.backend.script.queueing import enqueue
from seon.events import CATALOGUE, Event, Value, describe, severity_of, shown

log = logging.getLogger("seon.api")
_AHEAD = timedelta(days=1)
"""A hop's clock may be wrong: a time further ahead is replaced by ours, so that nothing hides in the future."""
_OURS = frozenset({"audit", "seonapi"})
"""Groups that Seonapi alone reports: no client writes the audit, whatever its token."""
_OLDEST = datetime(2020, 1, 1, tzinfo=UTC)


def record(code: str, /, **fields: Value) -> str:
    """Put something that Seonapi itself did into the journal; return the id of the event."""
    return record_of("", code, **fields)


def record_of(session: str, code: str, /, **fields: Value) -> str:
    """Put something that Seonapi itself did about a session into the journal; return the id of the event."""
    event_id = f"{uuid.uuid4().hex}-api-1"
    event = Event(id=event_id, code=code, time=time.time(), hop="inside", session=session, fields=fields)
    store([event], reported_by="")
    return event_id


def store(events: Sequence[Event], reported_by: str) -> int:
    """Store events that are not there yet, follow the sessions; return how many of them are done with.

    What an ignore rule keeps out of the system log is done with, too. It counts for the sessions like any other. So is
    what only Seonapi itself may say and a client has reported: it is not stored, and the log of this process says so.
    """
    with transaction.atomic():
        entries = [entry for event in _new(events) if _may_say(entry := _entry(event, reported_by), reported_by)]
        kept, ignored = sorted_out(entries)
        insert_new(kept)
        count_broken_rules(entries)
        remember(ignored)
        tally = Tally()
        follow(entries, tally)
        tally.refusals(entries)
        if enqueue(kept):
            record("SCR-FULL", count=MOST_WAITING)
        tally.store()
    return len(events)


def _new(events: Sequence[Event]) -> Iterable[Event]:
    by_key = {(event.hop, event.id): event for event in events}
    ids = {event.id for event in events}
    stored = set(Entry.objects.filter(event_id__in=ids).values_list("hop", "event_id"))
    stored |= set(Ignored.objects.filter(event_id__in=ids).values_list("hop", "event_id"))
    return [event for key, event in by_key.items() if key not in stored]


def _may_say(entry: Entry, reported_by: str) -> bool:
    if not reported_by or entry.group not in _OURS:
        return True
    log.warning("Token %s reported %s, which only Seonapi does: not stored: %s", reported_by, entry.code, entry.text)
    return False


def _entry(event: Event, reported_by: str) -> Entry:
    kind = CATALOGUE.get(event.code)
    session, text = shown(event.session)[:64], describe(event)
    return Entry(
        event_id=event.id,
        hop=event.hop,
        time=_time(event.time),
        code=event.code,
        group=kind.group if kind else "unknown",
        severity=int(severity_of(event.code)),
        session=session,
        partner=shown(event.fields.get("partner", ""))[:120],
        source=_address(event.fields.get("source", "")),
        text=text,
        search=folded(f"{text}\n{event.code} {session}")[:LONGEST_SEARCHED],
        fields={_field(name): _stored(value) for name, value in event.fields.items()},
        reported_by=reported_by,
    )


_field = lru_cache(1_000)(shown)
"""The name of a field: there are few, and each event has many."""


def _address(source: Value) -> str:
    """Return the address of a source that may have a port: an address is what is looked for."""
    text = shown(source, 64)
    try:
        return split_host_port(text, 0, least_port=0)[0][:64]
    except AddressError:
        return text[:64]


def _time(unix: float) -> datetime:
    now = timezone.now()
    try:
        time_said = datetime.fromtimestamp(unix, UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return time_said if _OLDEST <= time_said <= now + _AHEAD else now


def _stored(value: Value) -> Value:
    """Return a value as every database can store it: a NUL and half a character of two (a surrogate) are escaped."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return value.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()
