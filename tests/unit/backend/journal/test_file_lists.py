"""Lists of files and sessions: what is found, and that an index finds it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from journal.story import BEGAN, Told

from seon.backend.journal.file_lists import (
    FileFilter,
    PartnerFiles,
    SessionFilter,
    files,
    files_of_session,
    files_since,
    files_today,
    last_file,
    last_session_of,
    sessions,
)
from seon.backend.journal.models import File, FileState, Session
from seon.backend.journal.recording import store

BEGINNING = datetime.fromtimestamp(BEGAN, UTC)


def days() -> None:
    """Two partners, three sessions, four files."""
    first = Told("s1-first").start().offer().done().receipt().offer(name="INVOICES")
    store(first.done("declined by rule X", name="INVOICES").end().events, "token")
    other = Told("s2-second", began=BEGAN + 3_600).start(partner="umbra", source="203.0.113.9:7")
    store(other.offer(name="ORDERS.A", direction="outgoing").done(name="ORDERS.A", direction="outgoing", octets=5)
          .end(partner="umbra", ended_by="idle", reason="no progress").events, "token")  # fmt: skip
    store(Told("s3-third", began=BEGAN + 7_200).start().offer(name="LATEST").events, "token")


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["LATEST", "ORDERS.A", "INVOICES", "ORDERS"]),
        ({"partner": "acme"}, ["LATEST", "INVOICES", "ORDERS"]),
        ({"direction": "to-partner"}, ["ORDERS.A"]),
        ({"state": FileState.DECLINED}, ["INVOICES"]),
        ({"state": FileState.UNDER_WAY}, ["LATEST"]),
        ({"name": "ORDERS"}, ["ORDERS.A", "ORDERS"]),
        ({"text": "voice"}, ["INVOICES"]),
        ({"text": "o0013PARTNER"}, ["LATEST", "ORDERS.A", "INVOICES", "ORDERS"]),
        ({"text": "s1-first"}, ["INVOICES", "ORDERS"]),
        ({"text": "%"}, []),
        ({"since": BEGINNING + timedelta(hours=1)}, ["LATEST", "ORDERS.A"]),
        ({"until": BEGINNING + timedelta(hours=1)}, ["INVOICES", "ORDERS"]),
    ],
)
def test_files_are_found_by_what_is_known_of_them(wanted: dict[str, Any], names: list[str]) -> None:
    days()
    assert [row.name for row in files(FileFilter(**wanted))] == names


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["s3-third", "s2-second", "s1-first"]),
        ({"partner": "acme"}, ["s3-third", "s1-first"]),
        ({"result": "running"}, ["s3-third"]),
        ({"result": "broken"}, ["s2-second"]),
        ({"direction": "outgoing"}, []),
        ({"text": "203.0.113.9"}, ["s2-second"]),
        ({"text": "NO PROGRESS"}, ["s2-second"]),
        ({"since": BEGINNING + timedelta(hours=2)}, ["s3-third"]),
    ],
)
def test_sessions_are_found_by_what_is_known_of_them(wanted: dict[str, Any], found: list[str]) -> None:
    days()
    assert [row.session for row in sessions(SessionFilter(**wanted))] == found


def test_what_other_pages_ask_for() -> None:
    days()
    assert [row.name for row in files_of_session("s1-first")] == ["ORDERS", "INVOICES"]
    assert {name: row.session for name, row in last_session_of(["acme", "umbra", "nobody"]).items()} == {
        "acme": "s3-third", "umbra": "s2-second",
    }  # fmt: skip
    newest = last_file()
    assert newest is not None
    assert newest.name == "ORDERS.A"
    assert files_since(BEGINNING, ["acme", "umbra"]) == {
        "acme": PartnerFiles(1, 8_192, 0, 0), "umbra": PartnerFiles(0, 0, 1, 5),
    }  # fmt: skip
    assert files_today(["acme", "umbra"]) == {}
    File.objects.filter(name="ORDERS").update(at=timezone.now())
    assert files_today(["acme", "umbra"]) == {"acme": PartnerFiles(1, 8_192, 0, 0)}


def test_without_any_file_there_is_no_last_one() -> None:
    assert last_file() is None


PLANS: dict[str, Any] = {
    "all files": (lambda: files(FileFilter())[:51], "file_at"),
    "a partner's": (lambda: files(FileFilter(partner="p7"))[:51], "file_partner"),
    "a partner's since": (lambda: files(FileFilter(partner="p7", since=BEGINNING))[:51], "file_partner"),
    "of a state": (lambda: files(FileFilter(state="declined"))[:51], "file_state"),
    "by name": (lambda: files(FileFilter(name="N77"))[:51], "file_name"),
    "of the last hour": (lambda: files(FileFilter(since=timezone.now() - timedelta(hours=1)))[:51], "file_at"),
    "of a session": (lambda: File.objects.filter(session="s7").order_by("at", "pk"), "file_session"),
    "offers": (lambda: File.objects.filter(offer_key__in=[7, 8]), "file_offer"),
    "receipts' files": (lambda: File.objects.filter(identity__in=[7, 8]), "file_identity"),
    "all sessions": (lambda: sessions(SessionFilter())[:51], "session_start"),
    "a partner's sessions": (lambda: sessions(SessionFilter(partner="p7"))[:51], "session_partner"),
    "sessions with a result": (lambda: sessions(SessionFilter(result="refused"))[:51], "session_result"),
}


def test_no_list_reads_the_whole_table() -> None:
    now = timezone.now()
    File.objects.bulk_create(
        File(session=f"s{n}", partner=f"p{n % 50}", direction="from-partner", name=f"N{n}", offer_key=n, identity=n,
             at=now - timedelta(minutes=n), state="declined" if n % 500 == 0 else "delivered")
        for n in range(3_000)
    )  # fmt: skip
    Session.objects.bulk_create(
        Session(session=f"s{n}", partner=f"p{n % 50}", started_at=now - timedelta(minutes=n),
                result="refused" if n % 500 == 0 else "normal")
        for n in range(3_000)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    plans = {name: rows().explain() for name, (rows, _) in PLANS.items()}
    assert {name: plan for name, plan in plans.items() if PLANS[name][1] not in plan or "Seq Scan" in plan} == {}
