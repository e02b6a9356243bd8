"""The queue of runs as the events service works on it: take out, note the start, note the end, take up again."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from seon.backend.script.models import MOST_STORED_OUTPUT, RunState, ScriptRun
from seon.backend.script.processes import Result, end_left
from seon.events import shown

if TYPE_CHECKING:
    from django.db.models import QuerySet

MOST_STARTS = 2
"""A run that was started and did not end, since the service was killed, is started again once."""
MOST_ATTEMPTS = 10
"""The same where it is not known whether it was started: the service ended between noting it and doing it."""
KEEP_DAYS = 7
"""How long runs are kept that have ended."""
SLICE = 2_000
"""Rows removed at a time, so that no writer waits long."""


def turn(ended: Collection[tuple[ScriptRun, Result]], begun: Mapping[int, str], most: int) -> list[ScriptRun]:
    """Note what has ended and what runs (its process by its key), and take the oldest out of the queue.

    All in one transaction, since a transaction takes longer than many a script.
    """
    if not ended and not begun:
        return claim(most)
    with transaction.atomic():
        note_ends(ended)
        note_starts(begun)
        return _taken(_waiting(), most)


def claim(most: int, key: int | None = None) -> list[ScriptRun]:
    """Take the oldest runs out of the queue, or the one with a key. They count as begun from here on."""
    waiting = _waiting() if key is None else _waiting().filter(pk=key)
    if most <= 0 or not waiting.exists():  # so that an empty queue costs no writing transaction
        return []
    with transaction.atomic():
        return _taken(waiting, most)


def _waiting() -> "QuerySet[ScriptRun]":
    due = ScriptRun.objects.filter(state=RunState.WAITING, not_before__lte=timezone.now())
    return due.order_by("not_before", "pk")


def _taken(waiting: "QuerySet[ScriptRun]", most: int) -> list[ScriptRun]:
    """Take them, within a transaction."""
    runs = list(waiting.select_for_update(skip_locked=True)[:most]) if most > 0 else []
    if runs:
        new: dict[str, Any] = {"state": RunState.RUNNING, "started_at": timezone.now(), "process": ""}
        _all(runs).update(**new, attempts=F("attempts") + 1)
        for run in runs:
            run.state, run.started_at, run.process = new["state"], new["started_at"], ""
            run.attempts += 1
    return runs


def _all(runs: Iterable[ScriptRun]) -> "QuerySet[ScriptRun]":
    return ScriptRun.objects.filter(pk__in=[run.pk for run in runs])


def put_back(runs: Collection[ScriptRun]) -> None:
    """Put runs back that were taken out and certainly not started."""
    for run in runs:
        run.state, run.started_at = RunState.WAITING, None
        run.attempts -= 1
    ScriptRun.objects.bulk_update(runs, ["state", "started_at", "attempts"])


def give_back(runs: Iterable[ScriptRun]) -> None:
    """Put runs back whose processes we have ended ourselves: that start does not count. Others stay as they are."""
    for run in runs:
        ours = ScriptRun.objects.filter(pk=run.pk, state=RunState.RUNNING, process=run.process).exclude(process="")
        ours.update(
            state=RunState.WAITING, started_at=None, process="", attempts=F("attempts") - 1, starts=F("starts") - 1
        )


def note_starts(identities: Mapping[int, str]) -> None:
    """Note in which processes runs were started."""
    for key, identity in identities.items():
        ScriptRun.objects.filter(pk=key).update(process=identity, starts=F("starts") + 1)


def note_ends(ended: Iterable[tuple[ScriptRun, Result]]) -> None:
    """Note how runs ended: those that ended alike with one statement."""
    alike = defaultdict(list)
    for run, result in ended:
        alike[result.exit_status, result.is_good, result.reason, result.output].append(run)
    for (status, is_good, reason, output), runs in alike.items():
        _all(runs).update(
            state=RunState.DONE if is_good else RunState.FAILED,
            ended_at=timezone.now(),
            exit_status=status,
            result=reason,
            output=as_text(output)[:MOST_STORED_OUTPUT],
        )


def note_failures(runs: Collection[ScriptRun], reason: str) -> None:
    """Note that runs cannot be started at all."""
    for run in runs:
        run.state, run.ended_at, run.result = RunState.FAILED, timezone.now(), reason[:300]
    ScriptRun.objects.bulk_update(runs, ["state", "ended_at", "result"])


def take_up(but: Collection[int]) -> list[tuple[ScriptRun, str]]:
    """Put runs back into the queue that a service before us left begun; `but`: those that run here.

    Returns them, and what there is to tell of each. A process that was left behind is ended first: nobody bounds its
    time any more.
    """
    told = []
    for run in ScriptRun.objects.filter(state=RunState.RUNNING).exclude(pk__in=list(but)):
        ended = " and was still there" if run.process and end_left(run.process) else ""
        again = run.starts < MOST_STARTS if run.process else run.attempts < MOST_ATTEMPTS
        if again:
            run.state = RunState.WAITING
        else:
            run.state, run.ended_at, run.result = RunState.FAILED, timezone.now(), "interrupted too often"
        run.save(update_fields=["state", "ended_at", "result"])
        what = f"Run {run.pk} for {run.code} was begun before{ended}: {'begun again' if again else run.result}"
        told.append((run, what))
    return told


def forget_old(now: datetime) -> int:
    """Remove runs that ended long ago, a slice at a time; return how many."""
    old = ScriptRun.objects.filter(ended_at__lt=now - timedelta(days=KEEP_DAYS)).order_by("ended_at")
    removed, _ = ScriptRun.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:SLICE])).delete()
    return removed


def as_text(octets: bytes) -> str:
    """Return output as it can be stored and shown: what is not UTF-8 is escaped, and a NUL, which no database takes."""
    return octets.decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def on_one_line(octets: bytes, most: int) -> str:
    """Return output as it stands in a log line."""
    return shown(as_text(octets).strip(), most)
