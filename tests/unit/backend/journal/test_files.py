"""The tables of sessions, files and hours are the same, in whatever order and batches the events come."""

import random
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journal.story import AGREED, BEGAN, Told

from seon.backend.journal.models import Entry, File, HourCount, IgnoreRule, Receipt, Session
from seon.backend.journal.recording import store
from seon.events import Event

OTHER = {"originator": "O0013ELSE"}
FINDING = {"rule": "FLD-X", "key": "FLD-X", "side": "INITIATOR", "stb": 1, "offset": 0, "text": "x", "partner": "acme"}


def everything() -> list[Event]:
    """Return days of a partner and of another one: every end that a file can have, and receipts in other sessions."""
    first = Told("s1-first").start().add("SES-AGREED", **AGREED).offer().done("declined by rule X")
    first.offer().done("refused before its data: 03").offer().done()  # the same file thrice, the last time whole
    first.offer(**OTHER).done().offer(name="LOST")
    first.add("SES-FINDING", **FINDING).add("SES-MORE", **(FINDING | {"count": 7})).end()
    second = Told("s2-second", began=BEGAN + 5_000).start().receipt("NERP", result="not delivered: 99").receipt()
    second.receipt(destination="O0013ELSE").receipt(name="NEVER")
    second.offer(direction="outgoing").done(direction="outgoing").receipt(direction="incoming")
    second.end(ended_by="client verifier", reason="rule X: no")
    third = Told("s3-third", began=BEGAN + 90_000).start(partner="umbra").receipt()
    third.offer(name="OTHER").done(name="OTHER")
    third.end(partner="umbra", ended_by="idle", reason="no progress")
    fourth = Told("s4-fourth", began=BEGAN + 100_000).start().offer().done().receipt().offer()
    dmz = Told("s1-first", "dmz", BEGAN - 4_000).start(partner="forged", fingerprint="ab" * 32)
    dmz.offer().done().receipt().add("SES-FINDING", **FINDING).end(partner="forged", ended_by="server verifier")
    failed = Told("s5-failed").add("SES-FAILED", partner="acme", direction="incoming", reason="nothing listens")
    late = Told("s6-late", "dmz", BEGAN + 8_000).start().end()
    refused = Told("", "dmz").add("ADM-REFUSED", source="192.0.2.1:5", verdict="UNKNOWN").add("ADM-MORE", count=5)
    return [event for told in (first, second, third, fourth, dmz, failed, late, refused) for event in told.events]


def tables() -> list[list[Any]]:
    def rows(model: Any, *but: str) -> list[Any]:
        names = [field.attname for field in model._meta.concrete_fields if field.attname not in ("id", *but)]
        return sorted(map(repr, model.objects.values_list(*names)))

    return [rows(Session), rows(File), rows(Receipt), rows(HourCount.objects.filter(count__gt=0).model)]


def taken(events: list[Event], sizes: list[int]) -> list[list[Any]]:
    for model in (Entry, File, Receipt, HourCount, Session):
        model.objects.all().delete()
    rest = list(events)
    while rest:
        size = sizes[len(rest) % len(sizes)]
        store(rest[:size], "token")
        rest = rest[size:]
    HourCount.objects.filter(count=0, octets=0).delete()
    return tables()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), sizes=st.lists(st.integers(1, 60), min_size=1, max_size=4))
def test_the_same_comes_of_events_in_any_order(seed: int, sizes: list[int]) -> None:
    events = everything()
    expected = taken(events, [200])
    mixed = [*events, *random.Random(seed).sample(events, 10)]
    random.Random(seed).shuffle(mixed)
    assert taken(mixed, sizes) == expected


def test_what_comes_of_them_is_what_happened() -> None:
    taken(everything(), [200])
    rows = File.objects.order_by("session", "at").values_list(
        "session", "name", "direction", "state", "receipt_session"
    )
    assert list(rows) == [
        ("s1-first", "ORDERS", "from-partner", "declined", ""),
        ("s1-first", "ORDERS", "from-partner", "refused", ""),
        ("s1-first", "ORDERS", "from-partner", "delivered", "s2-second"),
        ("s1-first", "ORDERS", "from-partner", "delivered", "s2-second"),
        ("s1-first", "LOST", "from-partner", "broken-off", ""),
        ("s2-second", "ORDERS", "to-partner", "delivered", "s2-second"),
        ("s3-third", "OTHER", "from-partner", "transferred", ""),
        ("s4-fourth", "ORDERS", "from-partner", "delivered", "s4-fourth"),
        ("s4-fourth", "ORDERS", "from-partner", "under-way", ""),
    ], "umbra's receipt for a file of acme counts for nothing"
    results = Session.objects.order_by("session").values_list("session", "partner", "result", "fingerprint")
    assert list(results) == [
        ("s1-first", "acme", "normal", "ab" * 32),
        ("s2-second", "acme", "refused", ""),
        ("s3-third", "umbra", "broken", ""),
        ("s4-fourth", "acme", "running", ""),
        ("s5-failed", "acme", "not-started", ""),
        ("s6-late", "acme", "normal", ""),
    ]
    first = Session.objects.get(session="s1-first")
    assert (first.level, first.buffer_size, first.credit, first.authentication, first.findings) == (
        5,
        4_096,
        64,
        True,
        8,
    )


def test_each_hour_has_its_numbers() -> None:
    taken(everything(), [200])
    numbers = {}
    for row in HourCount.objects.all():
        count, octets = numbers.get(row.kind, (0, 0))
        numbers[row.kind] = (count + row.count, octets + row.octets)
    assert numbers == {
        "sessions": (6, 0),
        "files-in": (4, 4 * 8_192),
        "files-out": (1, 8_192),
        "refused UNKNOWN": (1, 0),
        "refused OTHER": (5, 0),
        "refused OFTP2": (1, 0),
    }
    assert HourCount.objects.filter(hour=datetime(2023, 11, 14, 22, tzinfo=UTC), kind="sessions").get().count == 2


def test_a_file_that_is_under_way_is_broken_off_once_its_session_has_ended() -> None:
    told = Told("s1-first").start().offer()
    store(told.events, "token")
    assert File.objects.get().state == "under-way"
    store(Told("s1-first", "dmz").end(ended_by="crash").events, "token")
    assert File.objects.get().state == "broken-off"
    store(told.done().events[2:], "token")
    assert File.objects.get().state == "transferred"


def test_what_ignore_rules_keep_out_of_the_system_log_counts_here() -> None:
    IgnoreRule(description="noise", text="orders").save()
    store(Told("s1-first").start().offer().done().receipt().end().events, "token")
    assert not Entry.objects.filter(code__startswith="FIL-").exists()
    assert File.objects.get().state == "delivered"
    assert HourCount.objects.get(kind="files-in").octets == 8_192


def test_a_receipt_weeks_later_finds_its_file_and_an_older_one_does_not_replace_it() -> None:
    store(Told("s1-first").start().offer().done().end().events, "token")
    store(Told("s9-late", began=BEGAN + 20 * 86_400).start().receipt().end().events, "token")
    store(Told("s8-lost", began=BEGAN + 10 * 86_400).start().receipt("NERP").end().events, "token")
    row = File.objects.get()
    assert (row.state, row.receipt_session, row.receipt_signed) == ("delivered", "s9-late", True)
    assert Receipt.objects.get().kind == "NERP"


def test_what_a_stranger_has_chosen_is_stored_escaped_and_bounded() -> None:
    hostile = {"name": "<b>\0" + "x" * 500, "date": "\n", "originator": "O" * 500, "size_k": 2**70, "format": "\u202e"}
    hostile["security"] = "=cmd()" * 20
    store(Told("s1-first").start().offer(**hostile).events, "token")
    row = File.objects.get()
    assert (row.name[:4], len(row.name), row.date, row.size_k) == ("<b>\\", 120, "\\n", 2**63 - 1)
    assert all(str(value).isprintable() for value in vars(row).values() if isinstance(value, str))


def test_a_number_that_nobody_counts_to_does_no_harm() -> None:
    event = msgspec.structs.replace(Told("s1-first").start().offer().events[1], id="x-" + "9" * 60)
    store([event, msgspec.structs.replace(event, id="noNumber")], "token")
    assert set(File.objects.values_list("start_number", flat=True)) == {0, 2**63 - 1}
