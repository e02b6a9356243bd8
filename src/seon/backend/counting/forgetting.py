"""The end of counts: the queue daemon removes what no page shows any more."""

from datetime import UTC, timedelta

from django.utils import timezone

from seon.backend.counting.lists import DAYS
from seon.backend.counting.models import KeptOut, RuleCount
from seon.backend.journal.models import IgnoreRule


def forget_old_counts() -> str:
    """Remove counts of days that are over, and of ignore rules that are gone; returns a line for the log."""
    first = timezone.now().astimezone(UTC).date() - timedelta(days=DAYS)
    days, _ = RuleCount.objects.filter(day__lt=first).delete()
    rules, _ = KeptOut.objects.exclude(rule__in=IgnoreRule.objects.values("pk")).delete()
    return f"{days + rules} old counts removed" if days + rules else ""
