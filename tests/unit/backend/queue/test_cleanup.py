import itertools
from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessLog
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from live_states import ADDRESS, tell

from seon.backend.acting.actors import owner
from seon.backend.configuration.keys import set_setting
from seon.backend.journal.models import Entry, File, HourCount, Ignored, Receipt, Session
from seon.backend.journal.recording import record
from seon.backend.live.models import LastState, LiveOrder
from seon.backend.live.orders import Place, give
from seon.backend.queue import cleanup
from seon.backend.queue.locks import QUEUE, became_active
from seon.backend.trust.models import Token


def test_what_is_older_than_the_journal_s_days_goes_and_the_rest_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "SLICE", 2)
    set_setting("journal_days", "10")
    Entry.objects.all().delete()
    now = timezone.now()
    for _ in range(5):
        record("CLI-END", reason="old")
    Entry.objects.update(received_at=now - timedelta(days=11))
    record("CLI-END", reason="new")
    Session.objects.create(session="old", started_at=now - timedelta(days=12), ended_at=now - timedelta(days=11))
    Session.objects.create(session="lost", started_at=now - timedelta(days=12))
    Session.objects.create(session="long", started_at=now - timedelta(days=12), ended_at=now)
    assert cleanup.remove_old_events() == "5 old events removed"
    assert cleanup.remove_old_sessions() == "2 old sessions removed"
    assert [entry.text for entry in Entry.objects.all()] == ["Client ended: new"]
    assert [session.session for session in Session.objects.all()] == ["long"]


def test_files_receipts_and_numbers_go_with_the_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "SLICE", 2)
    set_setting("journal_days", "10")
    HourCount.objects.all().delete()
    for name, days in (("OLD1", 12), ("OLD2", 11), ("OLD3", 11), ("NEW", 9)):
        at = timezone.now() - timedelta(days=days)
        File.objects.create(session="s", name=name, direction="from-partner", offer_key=1, at=at)
        Receipt.objects.create(
            session="s", name=name, direction="from-partner", number=1, identity=1, kind="EERP", at=at
        )
        HourCount.objects.create(hour=at, kind=name)
    assert cleanup.remove_old_sessions() == "3 old files removed"
    left = [list(model.objects.values_list(column, flat=True)) for model, column in KEPT]
    assert left == [["NEW"]] * 3


KEPT = ((File, "name"), (Receipt, "name"), (HourCount, "kind"))


def test_each_severity_may_have_days_of_its_own() -> None:
    set_setting("journal_days", "10")
    set_setting("journal_days_info", "2")
    set_setting("journal_days_warning", "20")
    Entry.objects.all().delete()
    old = timezone.now() - timedelta(days=5)
    for age in (old, old - timedelta(days=10), timezone.now()):
        for code in ("CLI-API", "ADM-TLS", "CLI-FAULT"):
            record(code, reason=f"{age:%d}")
        Entry.objects.filter(received_at__gt=timezone.now() - timedelta(hours=1)).update(received_at=age)
    assert cleanup.remove_old_events() == "3 old events removed"
    left = Entry.objects.order_by("code", "received_at").values_list("code", flat=True)
    assert list(left) == ["ADM-TLS", "ADM-TLS", "ADM-TLS", "CLI-API", "CLI-FAULT", "CLI-FAULT"]
    set_setting("journal_days_warning", "")
    assert cleanup.remove_old_events() == "1 old events removed"


def test_a_round_does_not_last_for_ever_however_much_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "SLICE", 2)
    monkeypatch.setattr(cleanup, "MOST_SLICES", 2)
    for _ in range(7):
        record("CLI-API")
    Entry.objects.update(received_at=timezone.now() - timedelta(days=4_000))
    assert cleanup.remove_old_events() == "4 old events removed"
    assert cleanup.remove_old_events() == "3 old events removed"


def test_a_job_ends_when_its_time_is_over_and_each_kind_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "SLICE", 1)
    for code in ("CLI-API", "ADM-TLS") * 3:
        record(code)
    Entry.objects.update(received_at=timezone.now() - timedelta(days=4_000))
    ticks = itertools.count(0.0, cleanup.MOST_SECONDS / 4)  # the beginning, and before each slice
    monkeypatch.setattr(cleanup.time, "monotonic", lambda: next(ticks))
    cleanup.remove_old_events()
    monkeypatch.undo()
    assert Entry.objects.count() > 3
    cleanup.remove_old_events()
    assert not Entry.objects.exists()


def test_a_daemon_that_has_much_to_remove_is_not_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "SLICE", 2)
    became_active(QUEUE)
    for _ in range(6):
        record("CLI-API")
    Entry.objects.update(received_at=timezone.now() - timedelta(days=4_000))
    with CaptureQueriesContext(connection) as asked:
        cleanup.remove_old_events()
    said = [query["sql"] for query in asked]
    assert sum("seen_at" in sql for sql in said) == 3
    assert not any("ORDER BY" in sql for sql in said if "journal_entry" in sql), "no slice sorts all that is old"


def test_ids_of_ignored_events_are_forgotten_after_a_month() -> None:
    for number, days in enumerate((29, 31)):
        Ignored.objects.create(event_id=str(number), hop="dmz", received_at=timezone.now() - timedelta(days=days))
    cleanup.remove_old_events()
    assert Ignored.objects.get().event_id == "0"


def test_failed_logins_are_forgotten_after_a_week_and_logins_with_the_journal() -> None:
    now = timezone.now()
    for days in (1, 8, 366):
        for model in (AccessAttempt, AccessLog):
            more = {"failures_since_start": 1} if model is AccessAttempt else {}
            row = model.objects.create(username=f"anna{days}", ip_address="192.0.2.1", **more)
            model.objects.filter(pk=row.pk).update(attempt_time=now - timedelta(days=days))
    assert cleanup.remove_old_attempts() == "3 old login attempts removed"
    assert [row.username for row in AccessAttempt.objects.all()] == ["anna1"]
    assert {row.username for row in AccessLog.objects.all()} == {"anna1", "anna8"}
    assert cleanup.remove_old_attempts() == ""


def test_orders_that_nobody_took_end_and_old_ones_go_with_the_states_of_withdrawn_tokens() -> None:
    place = Place(tell().pk, ADDRESS)
    old, late, _ = (give(owner(), place, what) for what in ("drain", "resume", "end-link"))
    for order, days, seconds in ((old, 31, 0), (late, 0, 61)):
        LiveOrder.objects.filter(pk=order.pk).update(given_at=timezone.now() - timedelta(days=days, seconds=seconds))
    assert cleanup.forget_live_state() == "1 old orders and states of clients removed"
    assert dict(LiveOrder.objects.values_list("what", "state")) == {"resume": "expired", "end-link": "waiting"}
    assert cleanup.forget_live_state() == ""
    Token.objects.update(withdrawn_at=timezone.now())
    assert cleanup.forget_live_state() == "1 old orders and states of clients removed"
    assert not LastState.objects.exists()
