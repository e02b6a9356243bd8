"""Only the last days count."""

from datetime import UTC, timedelta

from django.utils import timezone

from seon.backend.counting import lists
from seon.backend.counting.models import RuleCount


def test_what_is_older_than_the_days_is_not_counted() -> None:
    today = timezone.now().astimezone(UTC).date()
    for age, number in ((0, 1), (29, 2), (30, 4)):
        RuleCount.objects.create(day=today - timedelta(days=age), rule="FLD-XPAD", hop="inside", number=number)
    assert lists.broken_rules() == {"FLD-XPAD": 3}
    assert lists.broken_rules(days=1) == {"FLD-XPAD": 1}
