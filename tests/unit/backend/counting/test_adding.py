"""Rules that were broken, and messages that were kept out, are counted while events come in."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from seon.backend.acting.actors import owner
from seon.backend.counting import adding, lists
from seon.backend.counting.models import KeptOut, RuleCount
from seon.backend.journal.actions import add_rule
from seon.backend.journal.recording import store
from seon.events import Event

_numbers = iter(range(10_000))


def broken(key: str, hop: str = "inside", code: str = "SES-FINDING", **fields: object) -> Event:
    number = next(_numbers)
    told = {"rule": key.partition("/")[0], "key": key, "partner": "acme", **fields}
    return Event(id=f"e-{number}", code=code, time=time.time(), hop=hop, fields=told)  # type: ignore[arg-type]


def test_a_rule_is_counted_with_every_batch_and_once_for_both_hops() -> None:
    store([broken("FLD-XPAD"), broken("FLD-XPAD"), broken("FLD-XPAD", "dmz")], reported_by="main")
    store([broken("FLD-XPAD"), broken("FLD-X/case", code="SES-REFUSED")], reported_by="main")
    assert lists.broken_rules() == {"FLD-XPAD": 3, "FLD-X/case": 1}
    assert RuleCount.objects.count() == 3


def test_an_event_that_comes_twice_is_counted_once() -> None:
    event = broken("FLD-XPAD")
    store([event], reported_by="main")
    store([event], reported_by="main")
    assert lists.broken_rules() == {"FLD-XPAD": 1}


@pytest.mark.parametrize(("said", "counted"), [(12, 12), (0, 1), (-5, 1), (2**62, adding.MOST_AT_ONCE), ("x", 1)])
def test_more_of_a_rule_is_counted_as_it_is_said_within_bounds(said: object, counted: int) -> None:
    store([broken("FLD-XPAD", code="SES-MORE", count=said)], reported_by="main")
    assert lists.broken_rules() == {"FLD-XPAD": counted}


def test_a_rule_that_nobody_knows_is_not_counted() -> None:
    store([broken("<script>"), broken("FLD-XPAD", code="SES-END")], reported_by="main")
    assert not RuleCount.objects.exists()


def test_what_an_ignore_rule_keeps_out_is_counted_with_it() -> None:
    rule = add_rule(owner(), "known", "leading or embedded")
    store([broken("FLD-XPAD", text="leading or embedded space") for _ in range(3)], reported_by="main")
    store([broken("FLD-XPAD", text="leading or embedded space")], reported_by="main")
    row = lists.kept_out()[rule.pk]
    assert row.number == 4
    assert timezone.now() - row.last_at < timedelta(minutes=1)
    assert lists.broken_rules() == {"FLD-XPAD": 4}, "what is ignored in the log has happened all the same"
    assert KeptOut.objects.count() == 1
