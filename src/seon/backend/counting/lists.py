"""What was counted, for those who look."""

from datetime import UTC, timedelta

from django.db.models import Sum
from django.utils import timezone

from seon.backend.counting.models import KeptOut, RuleCount

DAYS = 30


def broken_rules(days: int = DAYS) -> dict[str, int]:
    """Return how often each rule was broken in the last days, by its key; those that were not are not in it.

    Both hops check every octet, so what the inside has seen, the DMZ has seen too: of the two numbers, the greater
    one counts.
    """
    since = timezone.now().astimezone(UTC).date() - timedelta(days=days - 1)
    rows = RuleCount.objects.filter(day__gte=since).values_list("rule", "hop").annotate(all=Sum("number"))
    found: dict[str, int] = {}
    for rule, _, number in rows:
        found[rule] = max(found.get(rule, 0), number)
    return found


def kept_out() -> dict[int, KeptOut]:
    """Return how many events each ignore rule has kept out, by the number of the rule."""
    return {row.rule: row for row in KeptOut.objects.all()}
