"""Counts do not stay for ever."""

from datetime import UTC, timedelta

from django.utils import timezone

from seon.backend.acting.actors import owner
from seon.backend.counting.forgetting import forget_old_counts
from seon.backend.counting.models import KeptOut, RuleCount
from seon.backend.journal.actions import add_rule


def test_old_days_and_rules_that_are_gone_are_forgotten() -> None:
    now = timezone.now()
    rule = add_rule(owner(), "known", "something")
    for age in (0, 40):
        day = now.astimezone(UTC).date() - timedelta(days=age)
        RuleCount.objects.create(day=day, rule="FLD-XPAD", hop="inside", number=1)
    for key in (rule.pk, rule.pk + 1):
        KeptOut.objects.create(rule=key, number=1, last_at=now)
    assert forget_old_counts() == "2 old counts removed"
    assert (RuleCount.objects.count(), KeptOut.objects.get().rule) == (1, rule.pk)
    assert forget_old_counts() == ""
