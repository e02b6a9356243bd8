"""The jobs of the Seon send queue daemon, and how one is done: once, timed, its result stored (mission E5).

To add a job, write a function that returns what it did ("" if there was nothing to do), and add a line to `JOBS`. It
may raise anything: that is logged, told by one event until it works again, and stops no other job. It may run twice at
once (locks.py), and a SIGKILL may end it at any place; so each of its steps is a transaction of its own.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from seon.backend.counting.forgetting import forget_old_counts
from seon.backend.errors import OperatorError
from seon.backend.journal.expiring import remove_expired_rules
from seon.backend.journal.recording import record
from seon.backend.journal.tracing import forget_ended_traces
from seon.backend.queue.cleanup import (
    forget_live_state,
    remove_ended_logins,
    remove_old_attempts,
    remove_old_events,
    remove_old_sessions,
)
from seon.backend.queue.expiry import warn_of_ends
from seon.backend.queue.models import Job
from seon.backend.queue.upkeep import keep_database_up
from seon.backend.revocation.fetching import fetch_lists
from seon.backend.trust.own import switch_due
from seon.events import shown

SLICE = timedelta(0)
"""In every time slice."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_LONGEST = 500

log = logging.getLogger("seon.queue")


@dataclass(frozen=True, slots=True)
class Work:
    """What a job is."""

    name: str
    meaning: str
    do: Callable[[], str]
    every: timedelta
    """How long after it has begun it is due again."""

    @property
    def rhythm(self) -> str:
        """How often it is done, in words."""
        return {SLICE: "every time slice", HOUR: "hourly", DAY: "daily"}.get(self.every, f"every {self.every}")


JOBS: tuple[Work, ...] = (
    Work("certificates", "put own certificates in use whose time has come", switch_due, SLICE),
    Work("events", "remove events that are older than the setting journal_days", remove_old_events, SLICE),
    Work(
        "sessions", "remove sessions and files that are older than the setting journal_days", remove_old_sessions, SLICE
    ),
    Work("ignore-rules", "remove ignore rules whose validity has ended", remove_expired_rules, SLICE),
    Work("traces", "forget traces of sessions that have ended", forget_ended_traces, SLICE),
    Work("live", "end orders that no client has taken, and forget old ones", forget_live_state, SLICE),
    Work("crls", "fetch revocation lists that are due, and say which are overdue", fetch_lists, SLICE),
    Work("expiry", "warn of certificates, licenses, tokens and CAs that end soon", warn_of_ends, HOUR),
    Work("counts", "remove counts of broken rules that are older than 30 days", forget_old_counts, DAY),
    Work("logins", "remove panel logins that have expired", remove_ended_logins, HOUR),
    Work("attempts", "remove old entries of who tried to log in to the panel", remove_old_attempts, DAY),
    Work("database", "keep the database quick and small", keep_database_up, DAY),
)


def work_named(name: str) -> Work:
    """Return a job. Raises OperatorError that names those there are."""
    for work in JOBS:
        if work.name == name:
            return work
    raise OperatorError(f"There is no job {name[:40]!r}; there are: {', '.join(work.name for work in JOBS)}")


def is_due(work: Work) -> bool:
    """Whether a job is to be done now: its time has come, or somebody has asked for it."""
    row = Job.objects.filter(name=work.name).first()
    if row is None or row.next_run is None or row.asked_for:
        return True
    now = timezone.now()
    # Further ahead than it can be: the clock was wrong when it was done last.
    return row.next_run <= now or row.next_run > now + work.every


def is_asked_for() -> bool:
    """Whether somebody waits for one of these jobs."""
    return Job.objects.filter(asked_for=True, name__in=[work.name for work in JOBS]).exists()


def do(work: Work) -> Job:
    """Do a job and store how it went; a failure is told by an event unless the time before failed too."""
    began, clock = timezone.now(), time.monotonic()
    try:
        result, ok = work.do(), True
    except Exception as error:
        log.exception("Job %s failed", work.name)
        connection.close()  # it may be the connection that is broken
        result, ok = reason_of(error), False
    seconds = time.monotonic() - clock
    if ok and result:
        log.info("%s", result)
    log.debug("Job %s took %.1f ms", work.name, seconds * 1_000)
    went = {"last_run": began, "duration": seconds, "ok": ok, "asked_for": False}
    return _store(work, {**went, "next_run": began + work.every}, result[:_LONGEST])


def _store(work: Work, went: dict[str, object], result: str) -> Job:
    with transaction.atomic():
        row, _ = Job.objects.select_for_update().get_or_create(name=work.name)
        before = row.ok
        for name, value in went.items():
            setattr(row, name, value)
        row.result = shown(result, _LONGEST)[:_LONGEST]
        row.save()
        if before and not row.ok:
            record("QUE-FAILED", job=work.name, reason=result)
        elif row.ok and not before:
            record("QUE-WORKS", job=work.name)
    return row


def reason_of(error: Exception) -> str:
    """Return an exception in one line. An OperatorError is for people as it stands."""
    first = (str(error).splitlines() or [""])[0]
    return first if isinstance(error, OperatorError) else f"{type(error).__name__}: {first}".removesuffix(": ")
