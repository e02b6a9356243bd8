import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from seon.backend.errors import OperatorError
from seon.backend.journal import lists
from seon.backend.journal.deadlines import TimeOverError
from seon.backend.journal.lists import EVER, Budget, Cursor, EntryFilter, Page, arrived, entries, kept_out, newer
from seon.backend.journal.models import FILTERS, Entry, Ignored
from seon.backend.journal.recording import store
from seon.events import Event, Severity

KINDS: list[tuple[str, dict[str, Any]]] = [
    ("CLI-API", {}),
    ("SES-FAILED", {"partner": "müller", "direction": "incoming", "reason": "Straße 100%_ closed"}),
    ("ADM-TLS", {"source": "192.0.2.1:5", "target": "198.51.100.7:6619", "reason": "it speaks HTTP"}),
    ("CLI-TOKEN", {"reason": "the token is not known"}),
]
PATIENT = Budget(walk=60, total=120)


def fill(count: int, apart: timedelta = timedelta(minutes=1)) -> list[Entry]:
    """Store events of each kind in turn, the newest one just now; return them newest first."""
    Entry.objects.all().delete()
    events = []
    for number in range(count):
        code, fields = KINDS[number % len(KINDS)]
        hop: Any = "dmz" if code == "ADM-TLS" else "inside"
        session = f"session{number % 3}"
        events.append(Event(id=f"a-{number}", code=code, time=time.time(), hop=hop, session=session, fields=fields))
    store(events, "t")
    now, stored = timezone.now(), list(Entry.objects.order_by("-pk"))
    for age, entry in enumerate(stored):
        entry.received_at = now - age * apart
    Entry.objects.bulk_update(stored, ["received_at"])
    return list(Entry.objects.order_by("-received_at", "-pk"))


def numbers(page: Page | list[Entry]) -> list[int]:
    return [entry.pk for entry in (page.entries if isinstance(page, Page) else page)]


def all_pages(wanted: EntryFilter, limit: int, budget: Budget | None = None) -> list[int]:
    found: list[int] = []
    page = entries(wanted, None, limit, budget)
    while True:
        found += numbers(page)
        if page.older is None:
            return found
        page = entries(wanted, Cursor.read(page.older.text), limit, budget)


EACH: list[tuple[EntryFilter, Any]] = [
    (EntryFilter(), lambda entry: True),
    (EntryFilter(code="ADM-TLS"), lambda entry: entry.code == "ADM-TLS"),
    (EntryFilter(group="refused"), lambda entry: entry.group == "refused"),
    (EntryFilter(session="session1"), lambda entry: entry.session == "session1"),
    (EntryFilter(partner="müller"), lambda entry: entry.partner == "müller"),
    (EntryFilter(hop="dmz"), lambda entry: entry.hop == "dmz"),
    (EntryFilter(source="192.0.2.1"), lambda entry: entry.code == "ADM-TLS"),
    (EntryFilter(severity=Severity.DEBUG), lambda entry: True),
    (EntryFilter(severity=Severity.WARNING), lambda entry: entry.severity >= 30),
    (EntryFilter(severity=Severity.CRITICAL), lambda entry: entry.code == "CLI-TOKEN"),
    (EntryFilter(severity=Severity.ERROR, session="session2"), lambda e: e.severity >= 40 and e.session == "session2"),
    (EntryFilter(text="STRASSE 100%_"), lambda entry: entry.code == "SES-FAILED"),
    (EntryFilter(text="adm-tls"), lambda entry: entry.code == "ADM-TLS"),
    (EntryFilter(text="MÜ", session="session1"), lambda e: e.code == "SES-FAILED" and e.session == "session1"),
    (EntryFilter(text="x%_y"), lambda entry: False),
]


@pytest.mark.parametrize(("wanted", "matches"), EACH)
@pytest.mark.parametrize("slice_rows", [2, 5_000])
def test_each_filter_finds_all_of_its_events_once_newest_first_page_by_page(
    wanted: EntryFilter, matches: Any, slice_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "SLICE", slice_rows)
    right = [entry.pk for entry in fill(24) if matches(entry)]
    assert all_pages(wanted, 5, PATIENT_NOW()) == right
    assert all_pages(wanted, 100, PATIENT_NOW()) == right


def PATIENT_NOW() -> Budget:  # noqa: N802 - a budget begins when it is made
    return replace(PATIENT, began=time.monotonic())


def test_entries_that_arrived_in_the_same_moment_are_neither_lost_nor_shown_twice() -> None:
    right = [entry.pk for entry in fill(12, timedelta(0))]
    assert all_pages(EntryFilter(), 5) == right
    assert all_pages(EntryFilter(text="a"), 5) == right


def test_seven_days_are_shown_unless_more_is_wanted() -> None:
    right = [entry.pk for entry in fill(12, timedelta(days=1))]
    assert numbers(entries(EntryFilter())) == right[:7]
    assert numbers(entries(EntryFilter(since=EVER))) == right
    middle = Entry.objects.get(pk=right[8]).received_at
    assert numbers(entries(EntryFilter(until=middle)))[0] == right[9], "the end does not belong to it"
    assert numbers(entries(EntryFilter(since=middle)))[-1] == right[8], "the beginning does"


def test_where_the_time_is_over_the_page_says_how_far_back_it_looked_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lists, "SLICE", 4)
    monkeypatch.setattr(lists, "LARGEST_SLICE", 4)
    stored = fill(12)
    nobody = EntryFilter(text="nobody has this")
    page = entries(nobody, None, 10, Budget(walk=0, total=0))
    assert page.entries == []
    assert page.searched_to == stored[3].received_at
    page = entries(nobody, page.older, 10, Budget(walk=0, total=0))
    assert page.searched_to == stored[7].received_at
    assert all_pages(EntryFilter(text="the token"), 10, Budget(walk=0, total=0)) == [
        entry.pk for entry in stored if entry.code == "CLI-TOKEN"
    ]


def test_what_is_rare_is_found_by_an_index_where_looking_through_all_would_take_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lists, "SLICE", 2)
    monkeypatch.setattr(lists, "LARGEST_SLICE", 2)
    oldest = fill(13)[-1]
    Entry.objects.filter(pk=oldest.pk).update(search="a needle", partner="rare")
    wanted = (
        EntryFilter(text="NEEDLE") if connection.vendor == "postgresql" else EntryFilter(partner="rare", text="nee")
    )
    page = entries(wanted, None, 10, Budget(walk=0, total=60))
    assert numbers(page) == [oldest.pk]
    assert (page.older, page.searched_to) == (None, None)


def test_each_list_uses_an_index_in_its_own_order() -> None:
    for field in FILTERS:
        rows = Entry.objects.filter(**{field: 1 if field == "severity" else "x"}, received_at__gte=EVER)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")
        plan = rows[:10].explain()
        assert f"entry_{field}" in plan, plan
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan


@pytest.mark.parametrize("text", ["", "1", "a-1", "1-", "-1", "1" * 40 + "-1", "1-1\n"])
def test_a_place_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(OperatorError, match="no place in the system log"):
        Cursor.read(text)


def test_a_place_survives_its_text_to_the_microsecond() -> None:
    place = Cursor(datetime(2026, 11, 27, 1, 2, 3, 456_789, tzinfo=UTC), 77)
    assert Cursor.read(place.text) == place


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(OperatorError, match="at most 200 characters"):
        entries(EntryFilter(text="x" * 201))


def test_who_follows_gets_what_became_visible_late_too() -> None:
    stored = fill(8, timedelta(seconds=1))
    since = stored[5].received_at
    seen = numbers(arrived(EntryFilter(), since, set()))
    assert seen == [entry.pk for entry in reversed(stored[:6])]
    late = seen.pop(2)
    assert numbers(arrived(EntryFilter(), since, set(seen))) == [late]
    assert numbers(arrived(EntryFilter(code="CLI-TOKEN"), since, set(), 1)) == [
        next(entry.pk for entry in reversed(stored[:6]) if entry.code == "CLI-TOKEN")
    ]


def test_newer_entries_lead_back_up_by_place() -> None:
    stored = fill(9)
    place = Cursor(stored[6].received_at, stored[6].pk)
    assert numbers(newer(EntryFilter(), place, 3)) == [entry.pk for entry in stored[3:6]]
    assert numbers(newer(EntryFilter(), place)) == [entry.pk for entry in stored[:6]]
    wanted = EntryFilter(code="ADM-TLS", text="http")
    found = newer(wanted, place, budget=PATIENT)
    assert numbers(found) == [entry.pk for entry in stored[:6] if entry.code == "ADM-TLS"]


def test_newer_entries_of_the_same_moment_are_neither_lost_nor_shown_twice() -> None:
    stored = fill(4, timedelta(0))
    place = Cursor(stored[2].received_at, stored[2].pk)
    assert numbers(newer(EntryFilter(), place)) == [entry.pk for entry in stored[:2]]


def test_newer_entries_that_cannot_be_found_in_time_are_given_up() -> None:
    with pytest.raises(TimeOverError):
        newer(EntryFilter(), Cursor(EVER, 0), budget=Budget(total=-1))


def test_an_event_s_own_fields_are_looked_through() -> None:
    stored = fill(8)
    found = entries(EntryFilter(said={"partner": "LLER"}), budget=PATIENT)
    assert numbers(found) == [entry.pk for entry in stored if entry.code == "SES-FAILED"]
    assert numbers(entries(EntryFilter(said={"reason": "100%_"}, group="session"), budget=PATIENT)) == numbers(found)
    for none in ({"partner": "%"}, {"nothing": "x"}, {"partner": "m\u00fcller", "reason": "token"}):
        assert numbers(entries(EntryFilter(said=none), budget=PATIENT)) == []


def test_what_ignore_rules_kept_out_is_counted_within_the_time_of_the_list() -> None:
    now = timezone.now()
    for number in range(5):
        Ignored.objects.create(event_id=f"i-{number}", hop="inside", received_at=now - timedelta(days=2 * number))
    assert kept_out(EntryFilter()) == 4
    assert kept_out(EntryFilter(since=EVER), most=3) == 3
    assert kept_out(EntryFilter(since=EVER, until=now - timedelta(days=3))) == 3
