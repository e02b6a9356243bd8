"""Numbers per hour: what counts as which kind, and that nothing a stranger says makes the table grow."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from journal.story import BEGAN, Told

from seon.admission.codes import Verdict
from seon.backend.journal.file_lists import hours
from seon.backend.journal.hours import Tally, counted
from seon.backend.journal.models import HourCount
from seon.backend.journal.recording import store


def refused(code: str, **fields: Any) -> list[tuple[str, int]]:
    store(Told("", "dmz").add(code, source="192.0.2.1:5", **fields).events, "token")
    return list(HourCount.objects.filter(hour__lt=timezone.now() - timedelta(days=300)).values_list("kind", "count"))


@pytest.mark.parametrize(
    ("code", "fields", "kind", "count"),
    [
        ("ADM-REFUSED", {"verdict": "EXPIRED"}, "refused EXPIRED", 1),
        ("ADM-REFUSED", {"verdict": "<script>"}, "refused OTHER", 1),
        ("ADM-REFUSED", {}, "refused OTHER", 1),
        ("ADM-NETWORK", {"verdict": "NETWORK"}, "refused NETWORK", 1),
        ("ADM-TLS", {}, "refused TLS", 1),
        ("ADM-LIMIT", {}, "refused LIMIT", 1),
        ("ADM-DIAL", {"verdict": "IDENTITY"}, "refused IDENTITY", 1),
        ("LNK-REFUSED", {}, "refused LINK", 1),
        ("ADM-MORE", {"kind": "ADM-TLS", "count": 12}, "refused TLS", 12),
        ("ADM-MORE", {"kind": "x" * 300, "count": 2**70}, "refused OTHER", 10**9),
    ],
)
def test_a_refusal_counts_by_its_kind(code: str, fields: dict[str, Any], kind: str, count: int) -> None:
    assert refused(code, **fields) == [(kind, count)]


def test_a_refusal_that_comes_twice_counts_once() -> None:
    events = Told("", "dmz").add("ADM-TLS", source="192.0.2.1:5").events
    for _ in range(3):
        store([*events, *events], "token")
    assert HourCount.objects.get(kind="refused TLS").count == 1


def test_every_verdict_is_a_kind_of_its_own() -> None:
    told = Told("", "dmz")
    for verdict in Verdict:
        told.add("ADM-REFUSED", verdict=verdict.value)
    store(told.events, "token")
    assert set(HourCount.objects.values_list("kind", "count")) >= {(f"refused {each.value}", 1) for each in Verdict}


def test_a_session_counts_in_the_hour_that_the_inside_says() -> None:
    store(Told("s1-first", "dmz", BEGAN - 7_200).start().events, "token")
    store(Told("s1-first").start().end().events, "token")
    assert [row.count for row in HourCount.objects.filter(kind="sessions")] == [0, 1]


def test_a_week_is_one_question_and_what_is_older_is_not_in_it() -> None:
    tally, now = Tally(), timezone.now()
    for days in (0, 3, 8):
        tally.add(now - timedelta(days=days), "sessions", 1 + days)
    tally.store()
    with CaptureQueriesContext(connection) as asked:
        assert [row.count for row in hours(now - timedelta(days=7)) if row.kind == "sessions"] == [4, 1]
    assert len(asked) == 1


def test_nothing_to_add_asks_nothing() -> None:
    tally = Tally()
    tally.add(timezone.now(), "sessions", 1)
    tally.add(timezone.now(), "sessions", -1)
    with CaptureQueriesContext(connection) as asked:
        tally.store()
    assert len(asked) == 0


@pytest.mark.parametrize(
    ("said", "number"), [(5, 5), (-1, 0), (2**80, 2**63 - 1), ("7", 0), (None, 0), (1.9, 1), (True, 1)]
)
def test_what_an_event_says_is_a_number_that_can_be_stored(said: object, number: int) -> None:
    assert counted(said) == number


def test_a_thousand_events_are_one_statement_for_the_hours() -> None:
    tally, now = Tally(), time.time()
    for hour in range(100):
        for kind in ("sessions", "files-in"):
            tally.add(timezone.now() - timedelta(hours=hour), kind, 1, int(now))
    with CaptureQueriesContext(connection) as asked:
        tally.store()
    assert len(asked) == 1
    assert HourCount.objects.filter(kind="files-in").count() == 100
