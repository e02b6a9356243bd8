"""What the queue daemon does and did, for those who look."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from seon.backend.configuration.models import Settings
from seon.backend.queue.jobs import JOBS, Work
from seon.backend.queue.locks import EVENTS, QUEUE
from seon.backend.queue.models import Job, Service
from seon.backend.queue.watching import patience_of
from seon.backend.script.service import UPKEEP

NEW, ASKED_FOR, GOOD, FAILED = "new", "asked for", "good", "failed"
"""The states of a job."""
EVENTS_PATIENCE = 3 * timedelta(seconds=UPKEEP)
"""So long without a sign of the events service, and it is away."""


@dataclass(frozen=True, slots=True)
class JobState:
    """A job, and how it went last."""

    work: Work
    row: Job | None
    """None: it was never done."""

    @property
    def state(self) -> str:
        """`NEW`, `ASKED_FOR`, `GOOD` or `FAILED`."""
        if self.row is not None and self.row.asked_for:
            return ASKED_FOR
        if self.row is None or self.row.last_run is None:
            return NEW
        return GOOD if self.row.ok else FAILED


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service of which one is active."""

    name: str
    host: str
    """Empty: none has ever run."""
    pid: int
    home: str
    since: datetime | None
    seen_at: datetime | None
    away: bool
    """Whether it has given no sign for too long, or has never run."""


def jobs() -> list[JobState]:
    """Return every job in the order in which they are done."""
    there = {row.name: row for row in Job.objects.filter(name__in=[work.name for work in JOBS])}
    return [JobState(work, there.get(work.name)) for work in JOBS]


def queue_daemon() -> ServiceState:
    """Return the queue daemon that is active, or was last."""
    return _service(QUEUE, patience_of(Settings.load().queue_seconds))


def events_service() -> ServiceState:
    """Return the events service that is active, or was last."""
    return _service(EVENTS, EVENTS_PATIENCE)


def _service(name: str, patience: timedelta) -> ServiceState:
    row = Service.objects.filter(name=name).exclude(host="").first()
    if row is None:
        return ServiceState(name, "", 0, "", None, None, away=True)
    away = row.seen_at < timezone.now() - patience
    return ServiceState(name, row.host, row.pid, row.home, row.since, row.seen_at, away)
