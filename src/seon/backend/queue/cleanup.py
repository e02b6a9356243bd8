"""What the queue daemon clears away. A task returns a line for the log, or "" when there was nothing to do."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.sessions.models import Session as LoginSession
from django.db.models import Q
from django.utils import timezone

from seon.backend.configuration.models import Settings
from seon.backend.journal.models import Entry, Session
from seon.backend.journal.tracing import forget_ended_traces
from seon.backend.trust.own import switch_due

SLICE = 5_000
"""Rows removed at a time, so that no writer waits long."""


def remove_old_events() -> str:
    """Remove events older than `journal_days`."""
    old = Entry.objects.filter(received_at__lt=_keep_from()).order_by("pk").values_list("pk", flat=True)
    removed = 0
    while keys := list(old[:SLICE]):
        removed += Entry.objects.filter(pk__in=keys).delete()[0]
    return f"{removed} old events removed" if removed else ""


def remove_old_sessions() -> str:
    """Remove ended sessions older than `journal_days`."""
    old = Q(ended_at__lt=_keep_from()) | Q(ended_at=None, started_at__lt=_keep_from())
    removed, _ = Session.objects.filter(old).delete()
    return f"{removed} old sessions removed" if removed else ""


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
)


def _keep_from() -> datetime:
    return timezone.now() - timedelta(days=Settings.load().journal_days)
