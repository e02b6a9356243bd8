import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from seon.backend.journal.models import LONGEST_SEARCHED, Entry, Ignored, Session
from seon.backend.journal.recording import record, store
from seon.events import Event


def event(code: str, number: int, hop: Any = "inside", **fields: Any) -> Event:
    return Event(id=f"s1-{number}", code=code, time=time.time(), hop=hop, session="s1", fields=fields)


def test_an_event_is_stored_once_however_often_it_comes() -> None:
    one = event("CLI-START", 1, version="1", server="a")
    assert store([one, one], "token") == 2
    assert store([one, event("CLI-END", 2, reason="x")], "token") == 2
    assert sorted(Entry.objects.values_list("code", flat=True)) == ["CLI-END", "CLI-START"]
    entry = Entry.objects.get(code="CLI-START")
    assert entry.text == "Client 1 started for server a"
    assert (entry.group, entry.severity, entry.reported_by) == ("client", 20, "token")


def test_the_dmz_cannot_take_the_id_of_an_event_of_the_inside() -> None:
    store([event("CLI-END", 1, "dmz", reason="forged")], "token")
    store([event("CLI-END", 1, "inside", reason="true")], "token")
    assert Entry.objects.count() == 2


def test_a_code_that_this_build_does_not_know_is_kept_as_an_error() -> None:
    store([event("NEW-THING", 1, what="this", size=7)], "token")
    entry = Entry.objects.get()
    assert (entry.group, entry.severity) == ("unknown", 40)
    assert entry.fields == {"what": "this", "size": 7}
    assert all(text in entry.text for text in ("NEW-THING", "what", "this", "size", "7"))


@pytest.mark.parametrize("said", [1e300, -1e300, 0.0, 4_000_000_000.0])
def test_an_impossible_time_is_replaced_by_ours(said: float) -> None:
    store([msgspec.structs.replace(event("CLI-END", 1, reason="x"), time=said)], "token")
    assert abs((Entry.objects.get().time - timezone.now()).total_seconds()) < 60


def test_a_wrong_clock_within_reason_is_kept_as_it_was_said() -> None:
    said = time.time() - 86_400
    store([msgspec.structs.replace(event("CLI-END", 1, reason="x"), time=said)], "token")
    assert Entry.objects.get().time == datetime.fromtimestamp(said, UTC)


def test_what_a_stranger_sent_is_escaped() -> None:
    hostile = msgspec.structs.replace(event("CLI-END", 1, reason="a\nb\0"), session="s\0\n")
    store([hostile], "token")
    entry = Entry.objects.get()
    assert entry.text == "Client ended: a\\nb\\x00"
    assert "\0" not in str(entry.fields)
    assert entry.session.isprintable()


def test_the_name_of_a_file_that_is_no_text_can_be_stored() -> None:
    record("CLI-END", reason="/srv/B\udcfccher")
    entry = Entry.objects.get()
    assert (entry.text, entry.fields["reason"]) == ("Client ended: /srv/B\\udcfccher", "/srv/B\\udcfccher")


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("192.0.2.1:5", "192.0.2.1"), ("[2001:db8::1]:5", "2001:db8::1"), ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"), ("http://x", "http://x"), ("x" * 300, "x" * 64), (7, "7"), ("", ""),
    ],
)  # fmt: skip
def test_a_source_is_kept_as_the_address_that_one_looks_for(source: Any, kept: str) -> None:
    store([event("ADM-TLS", 1, source=source)], "token")
    assert Entry.objects.get().source == kept


def test_what_is_searched_is_short_whatever_was_sent() -> None:
    store([event("NEW-THING", 1, **{f"f{number}": "ẞ" * 2_000 for number in range(24)})], "token")
    assert len(Entry.objects.get().search) == LONGEST_SEARCHED


def test_its_arrival_is_ours_and_its_time_is_its_own() -> None:
    said = time.time() - 86_400
    store([msgspec.structs.replace(event("CLI-END", 1, reason="x"), time=said)], "token")
    entry = Entry.objects.get()
    assert abs((entry.received_at - timezone.now()).total_seconds()) < 60
    assert entry.time == datetime.fromtimestamp(said, UTC)


def test_what_seonapi_does_itself_is_recorded_too() -> None:
    record("AUD-TOKEN", source="10.0.0.1", reason="no security token", path="/x")
    assert Entry.objects.get().text == "API call without valid authentication from 10.0.0.1: no security token; /x"


START = {"partner": "P1", "direction": "incoming", "source": "1.2.3.4", "target": "sta", "tls": "TLS 1.3"}
END = {"partner": "P1", "ended_by": "partner", "reason": "done", "octets_in": 10, "octets_out": 20, "files": 1}


def test_a_session_is_followed_from_start_to_end() -> None:
    store([event("SES-START", 1, **START)], "token")
    assert Session.objects.get().ended_at is None
    store([event("SES-END", 2, **END)], "token")
    session = Session.objects.get()
    assert (session.partner, session.source, session.ended_by, session.octets_out) == ("P1", "1.2.3.4", "partner", 20)


@pytest.mark.parametrize("dmz_first", [True, False])
def test_the_inside_s_word_counts_whoever_comes_first(dmz_first: bool) -> None:
    dmz = [
        event("SES-START", 1, "dmz", **(START | {"partner": "forged", "source": "6.6.6.6"})),
        event("SES-END", 2, "dmz", **(END | {"partner": "forged", "octets_in": 666})),
    ]
    inside = [event("SES-START", 1, **START), event("SES-END", 2, **END)]
    for batch in (dmz, inside) if dmz_first else (inside, dmz):
        store(batch, "token")
    session = Session.objects.get()
    assert (session.partner, session.source, session.octets_in) == ("P1", "1.2.3.4", 10)
    assert (session.start_hop, session.end_hop) == ("inside", "inside")


def test_the_dmz_fills_a_gap_without_renaming_the_partner() -> None:
    store([event("SES-START", 1, **START), event("SES-END", 1, "dmz", **(END | {"partner": "forged"}))], "token")
    session = Session.objects.get()
    assert (session.partner, session.end_hop, session.ended_by) == ("P1", "dmz", "partner")


@pytest.mark.parametrize(("said", "kept"), [(2**70, 2**63 - 1), (-1, 0), ("many", 0), (1e300, 2**63 - 1), (True, 1)])
def test_counts_stay_storable(said: Any, kept: int) -> None:
    store([event("SES-END", 1, **(END | {"octets_in": said, "reason": "x" * 2_000}))], "token")
    session = Session.objects.get()
    assert session.octets_in == kept
    assert len(session.reason) == 300


def test_whether_an_event_is_there_already_is_asked_of_an_index_and_not_of_all_rows() -> None:
    now = timezone.now()
    rows = [Entry(event_id=f"e-{number}", hop="inside", code="X", severity=20, time=now) for number in range(5_000)]
    Entry.objects.bulk_create(rows)
    Ignored.objects.bulk_create(Ignored(event_id=f"e-{number}", hop="inside") for number in range(5_000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    with CaptureQueriesContext(connection) as asked:
        store([event("CLI-API", number) for number in range(20)], "token")
    questions = [query["sql"] for query in asked if query["sql"].startswith("SELECT") and " IN (" in query["sql"]]
    assert len(questions) == 2
    for question in questions:
        with connection.cursor() as cursor:
            prefix = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
            cursor.execute(f"{prefix} {question}")
            plan = str(cursor.fetchall())
        assert ("Index Cond" if connection.vendor == "postgresql" else "(event_id=?)") in plan, plan
        assert "Seq Scan" not in plan


def test_no_client_writes_the_audit_or_speaks_for_seonapi_whatever_its_token(caplog: pytest.LogCaptureFixture) -> None:
    forged = {"user": "anna", "way": "panel", "act": "user.add", "what": "user eve", "change": "added"}
    batch = [event("AUD-CHANGE", 1, **forged), event("SCR-TEST", 2, user="anna", way="panel"), event("CLI-API", 3)]
    with caplog.at_level("WARNING", logger="seon.api"):
        assert store(batch, "main") == 3, "the client is not to send them again"
    assert list(Entry.objects.values_list("code", flat=True)) == ["CLI-API"]
    assert [record.getMessage().partition(", which")[0] for record in caplog.records] == [
        "Token main reported AUD-CHANGE", "Token main reported SCR-TEST",
    ]  # fmt: skip
    record("AUD-CHANGE", **forged)
    assert Entry.objects.filter(code="AUD-CHANGE").exists()
