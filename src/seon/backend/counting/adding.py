"""Adding to the counts: one statement for all of a batch of events, within its transaction.

Whose word it is: an event's fields are what a client or a server says. A rule that this build does not know is not
counted, and a number is bounded, so that the table cannot grow by what somebody makes up.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from django.db import connection
from django.utils import timezone

from seon.backend.counting.models import KeptOut, RuleCount
from seon.backend.journal.models import Entry
from seon.oftp2.rules import RULES

BROKEN = frozenset({"SES-REFUSED", "SES-FINDING", "SES-MORE"})
"""Events about a rule that was broken; the last one is about several at once, and says how many."""
MOST_AT_ONCE = 1_000_000


def count_broken_rules(entries: Iterable[Entry]) -> None:
    """Count the rules that these events say were broken."""
    found: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        key = entry.fields.get("key")
        if entry.code in BROKEN and isinstance(key, str) and key in RULES:
            found[key, entry.hop] += _number(entry)
    today = timezone.now().astimezone(UTC).date()
    _add(RuleCount, ("day", "rule", "hop"), {(today, *key): number for key, number in found.items()})


def count_kept_out(rules: Sequence[int]) -> None:
    """Count what ignore rules have kept out: the number of the rule, once for each event."""
    now = timezone.now()
    _add(KeptOut, ("rule",), {(key,): number for key, number in Counter(rules).items()}, last_at=now)


def _number(entry: Entry) -> int:
    number = entry.fields.get("count", 1) if entry.code == "SES-MORE" else 1
    return max(1, min(number, MOST_AT_ONCE)) if isinstance(number, int) else 1


def _add(
    model: type[RuleCount | KeptOut],
    names: Sequence[str],
    numbers: Mapping[tuple[date | str | int, ...], int],
    **also: datetime,
) -> None:
    """Add numbers to the rows of these keys; where there is none, it is made. In the order of the keys, always."""
    if not numbers:
        return
    table = connection.ops.quote_name(model._meta.db_table)
    columns = [*names, "number", *also]
    rows = [[*key, number, *also.values()] for key, number in sorted(numbers.items())]
    places = ", ".join(f"({', '.join(['%s'] * len(columns))})" for _ in rows)
    changes = [f"number = {table}.number + excluded.number", *(f"{name} = excluded.{name}" for name in also)]
    with connection.cursor() as cursor:
        # Names are the model's own.
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) VALUES {places} "  # noqa: S608
            f"ON CONFLICT ({', '.join(names)}) DO UPDATE SET {', '.join(changes)}",
            [value for row in rows for value in row],
        )
