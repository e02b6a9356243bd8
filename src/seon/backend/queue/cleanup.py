"""What the queue daemon clears away. A task returns a line for the log, or "" when there was nothing to do."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.models import Session as LoginSession
from django.db.models import QuerySet
from django.utils import timezone

from seon.backend.configuration.models import Settings
from seon.backend.journal.expiring import remove_expired_rules
from seon.backend.journal.models import Entry, Ignored, Session
from seon.backend.journal.tracing import forget_ended_traces
from seon.backend.trust.own import switch_due
from seon.events import Severity

SLICE = 5_000
"""Rows removed at a time, so that no writer waits long."""
MOST_SLICES = 100
"""Slices of one kind in one round."""
REMEMBERED = timedelta(days=30)
"""How long the id of an ignored event is remembered: a client may send it again after a long trouble."""


def remove_old_events() -> str:
    """Remove events that are older than the days of their severity, and what is remembered of ignored ones."""
    settings = Settings.load()
    removed = 0
    for severity in Severity:
        old = Entry.objects.filter(severity=severity, received_at__lt=_days_ago(settings.days_of(severity)))
        removed += _remove(old)
    _remove(Ignored.objects.filter(received_at__lt=timezone.now() - REMEMBERED))
    return f"{removed} old events removed" if removed else ""


def remove_old_sessions() -> str:
    """Remove ended sessions older than `journal_days`."""
    keep_from = _days_ago(Settings.load().journal_days)
    removed = _remove(Session.objects.filter(ended_at__lt=keep_from))
    removed += _remove(Session.objects.filter(ended_at=None, started_at__lt=keep_from))
    return f"{removed} old sessions removed" if removed else ""


def _remove(old: "QuerySet[Any]") -> int:
    """Remove rows in slices. What is left after `MOST_SLICES` waits for the next round, for other jobs wait, too."""
    removed = 0
    for _ in range(MOST_SLICES):
        keys = list(old.order_by("pk").values_list("pk", flat=True)[:SLICE])
        if not keys:
            break
        rows = old.model._default_manager.filter(pk__in=keys)
        removed += rows._raw_delete(rows.db)  # nothing hangs on them, and nobody hears of each
    return removed


def remove_ended_logins() -> str:
    """Remove panel logins that have expired."""
    removed, _ = LoginSession.objects.filter(expire_date__lt=timezone.now()).delete()
    return f"{removed} ended panel logins removed" if removed else ""


TASKS: tuple[Callable[[], str], ...] = (
    remove_old_events,
    remove_old_sessions,
    remove_ended_logins,
    forget_ended_traces,
    switch_due,
    remove_expired_rules,
)


def _days_ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)
