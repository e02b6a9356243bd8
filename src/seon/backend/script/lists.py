"""The runs of the event script, for those who look."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from seon.backend.script.models import LostRuns, RunState, ScriptRun, ScriptSettings

SHOWN = 50
"""Runs in one list."""
MOST_COUNTED = 10_000
RECENT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QueueState:
    """How the queue of the event script stands."""

    path: str
    """Empty: no script is set."""
    waiting: int
    """`MOST_COUNTED` at most."""
    running: int
    failed: int
    """Within `RECENT`, `MOST_COUNTED` at most."""
    lost: int
    """Critical events without a run, since the queue is full."""


def queue_state() -> QueueState:
    """Return how the queue stands; what it costs is bounded."""
    since = timezone.now() - RECENT
    return QueueState(
        path=ScriptSettings.load().path,
        waiting=_count(state=RunState.WAITING),
        running=_count(state=RunState.RUNNING),
        failed=_count(state=RunState.FAILED, ended_at__gte=since),
        lost=LostRuns.objects.filter(number__gt=0).values_list("number", flat=True).first() or 0,
    )


def runs(state: str = "") -> list[ScriptRun]:
    """Return the newest runs, `SHOWN` at most; in one state if it is one of `RunState`."""
    rows = ScriptRun.objects.order_by("-pk")
    return list((rows.filter(state=state) if state in RunState.values else rows)[:SHOWN])


def _count(**wanted: object) -> int:
    return len(ScriptRun.objects.filter(**wanted).order_by().values_list("pk")[:MOST_COUNTED])
