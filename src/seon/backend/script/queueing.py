"""Putting runs into the queue: one for every critical event that is stored, in its transaction."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter

from django.db.models import F
from django.utils import timezone

from seon.backend.journal.bulk import insert_new
from seon.backend.journal.models import Entry
from seon.backend.script.models import MOST_WAITING, LostRuns, RunState, ScriptRun, ScriptSettings
from seon.events import Severity

TEST = "SCR-TEST"
"""The event by which the script is tried."""
MOST_CHARACTERS = 4_000
"""Of one argument or variable. The system takes 128 KiB each, 4 octets a character."""


def enqueue(entries: Sequence[Entry]) -> bool:
    """Make the runs of those entries that are critical, within the transaction that stores them.

    Returns whether the queue has just become full: who stores says so in the journal, once.
    """
    critical = [entry for entry in entries if entry.severity == Severity.CRITICAL]
    if not critical:
        return False
    settings = ScriptSettings.load()
    if not settings.path:
        return False
    now = timezone.now()
    runs = [_run_for(entry, now) for entry in critical]
    if settings.collapse_seconds:
        runs = _without_repeats(runs, settings.collapse_seconds)
    room = max(0, MOST_WAITING - _waiting()) if runs else 0
    # An event that another process stores at the same time has one run, too: its id is unique.
    insert_new(runs[:room])
    return _count_lost(sum(run.repeats for run in runs[room:]))


def _run_for(entry: Entry, now: datetime) -> ScriptRun:
    """Return the run for an entry, not stored."""
    fields = entry.fields
    return ScriptRun(
        hop=entry.hop,
        event_id=entry.event_id,
        severity=entry.severity,
        code=entry.code,
        message=entry.text,
        time=entry.time,
        server=_text(fields.get("server") or fields.get("proxy_id")),
        session=entry.session,
        partner=_text(fields.get("partner")),
        source=_text(fields.get("source")),
        fields=fields,
        created_at=now,
        not_before=now,
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)[:MOST_CHARACTERS]


def _waiting() -> int:
    """Return how many runs wait, at most `MOST_WAITING`."""
    return ScriptRun.objects.filter(state=RunState.WAITING).order_by()[:MOST_WAITING].count()


def _without_repeats(runs: Iterable[ScriptRun], seconds: int) -> list[ScriptRun]:
    """Return the runs that are to be made; a repeat is counted in one that waits, or begins one that waits for more."""
    made: dict[str, ScriptRun] = {}
    runs = list(runs)
    for run in runs:
        run.same = "" if run.code == TEST else _same(run)  # who tries the script waits for its own run
    # Two processes count repeats of the same ones at once: in one order, so that they never wait in a circle.
    for run in sorted(runs, key=attrgetter("same")):
        if not run.same:
            made[run.event_id] = run
            continue
        waiting = ScriptRun.objects.filter(same=run.same, state=RunState.WAITING)
        if run.same in made:
            made[run.same].repeats += 1
        elif not waiting.update(repeats=F("repeats") + 1):
            last = ScriptRun.objects.filter(same=run.same).order_by("-pk").first()
            if last is not None:  # the first one is told at once, what follows together
                run.not_before = max(run.not_before, last.not_before + timedelta(seconds=seconds))
            made[run.same] = run
    return [run for run in runs if made.get(run.same or run.event_id) is run]


def _same(run: ScriptRun) -> str:
    told = "\0".join((run.hop, run.code, run.message, run.server, run.partner))
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def _count_lost(number: int) -> bool:
    """Count events that get no run; return whether they are the first."""
    if number <= 0:
        return False
    if LostRuns.objects.filter(pk=1, number__gt=0).update(number=F("number") + number):
        return False
    LostRuns.objects.get_or_create(pk=1)  # another process may be making the row just now
    LostRuns.objects.filter(pk=1).update(number=F("number") + number)
    return True


def take_lost() -> int:
    """Return how many events got no run, and begin at 0 again, once there is room for a good many runs."""
    lost = LostRuns.objects.filter(pk=1, number__gt=0).values_list("number", flat=True).first() or 0
    if lost and _waiting() < MOST_WAITING * 9 // 10:
        LostRuns.objects.filter(pk=1).update(number=F("number") - lost)
        return lost
    return 0
