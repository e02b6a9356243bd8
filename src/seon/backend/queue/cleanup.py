"""What the queue daemon clears away. A job returns a line for the log, or "" when there was nothing to do."""

import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.sessions.models import Session as LoginSession
from django.db.models import Model, QuerySet
from django.utils import timezone

from seon.backend.configuration.models import Settings
from seon.backend.journal.models import Entry, File, HourCount, Ignored, Receipt, Session
from seon.backend.live.keeping import forget_withdrawn
from seon.backend.live.orders import expire, forget_old
from seon.backend.proxies.models import UnknownCaller
from seon.backend.proxies.unknown import FORGOTTEN
from seon.backend.queue.locks import QUEUE, seen
from seon.events import Severity

SLICE = 5_000
"""Rows removed at a time, so that no writer waits long."""
MOST_SLICES = 100
"""Slices of one kind in one round."""
MOST_SECONDS = 20.0
"""How long one job takes in one round, however slow the database is: others wait."""
REMEMBERED = timedelta(days=30)
"""How long the id of an ignored event is remembered: a client may send it again after a long trouble."""
ATTEMPTS_KEPT = timedelta(days=7)
"""How long failed logins to the panel are kept."""


def remove_old_events() -> str:
    """Remove events that are older than the days of their severity, and what is remembered of others.

    That is which ones were ignored, and which unknown clients were told of.
    """
    settings = Settings.load()
    kinds = [
        Entry.objects.filter(severity=severity, received_at__lt=_days_ago(settings.days_of(severity)))
        for severity in Severity
    ]
    ignored = Ignored.objects.filter(received_at__lt=timezone.now() - REMEMBERED)
    callers = UnknownCaller.objects.filter(told_at__lt=timezone.now() - FORGOTTEN)
    removed = _remove(*kinds, ignored, callers)[Entry]
    return f"{removed} old events removed" if removed else ""


def remove_old_sessions() -> str:
    """Remove ended sessions older than `journal_days`, and files, receipts and numbers per hour that are as old."""
    keep_from = _days_ago(Settings.load().journal_days)
    removed = _remove(
        Session.objects.filter(ended_at__lt=keep_from),
        Session.objects.filter(ended_at=None, started_at__lt=keep_from),
        File.objects.filter(at__lt=keep_from),
        Receipt.objects.filter(at__lt=keep_from),
        HourCount.objects.filter(hour__lt=keep_from),
    )
    told = [f"{removed[model]} old {name} removed" for model, name in ((Session, "sessions"), (File, "files"))
            if removed[model]]  # fmt: skip
    return ", ".join(told)


def remove_ended_logins() -> str:
    """Remove panel logins that have expired."""
    removed = _remove(LoginSession.objects.filter(expire_date__lt=timezone.now())).total()
    return f"{removed} ended panel logins removed" if removed else ""


def remove_old_attempts() -> str:
    """Remove what axes keeps of logins and failed ones: a stranger can make as many of these rows as it likes.

    A lock of a login has ended long before (AXES_COOLOFF_TIME).
    """
    failed, log = timezone.now() - ATTEMPTS_KEPT, _days_ago(Settings.load().journal_days)
    removed = _remove(
        AccessAttempt.objects.filter(attempt_time__lt=failed),
        AccessFailureLog.objects.filter(attempt_time__lt=failed),
        AccessLog.objects.filter(attempt_time__lt=log),
    ).total()
    return f"{removed} old login attempts removed" if removed else ""


def forget_live_state() -> str:
    """Let orders be over that no client has taken, and remove old ones, and the states of withdrawn tokens."""
    expire()
    removed = forget_old() + forget_withdrawn()
    return f"{removed} old orders and states of clients removed" if removed else ""


def _remove(*kinds: "QuerySet[Any]") -> Counter[type[Model]]:
    """Remove rows in slices, of each kind in turn; returns how many of each model.

    What is left when the time is over, or after `MOST_SLICES`, waits for the next round.
    """
    removed: Counter[type[Model]] = Counter()
    until, left = time.monotonic() + MOST_SECONDS, list(kinds)
    for _ in range(MOST_SLICES):
        for old in tuple(left):
            if time.monotonic() >= until:
                return removed
            keys = list(old.order_by().values_list("pk", flat=True)[:SLICE])  # unsorted: as found
            if keys:
                rows = old.model._default_manager.filter(pk__in=keys)
                removed[old.model] += rows._raw_delete(rows.db)  # nothing hangs on them, and nobody hears of each
                seen(QUEUE)  # or a daemon that has much to do would look like one that is away
            if len(keys) < SLICE:
                left.remove(old)
    return removed


def _days_ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)
