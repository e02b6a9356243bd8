from datetime import timedelta

import pytest
from django.utils import timezone

from seon.backend.configuration.keys import set_setting
from seon.backend.journal.models import Entry, Session
from seon.backend.journal.recording import record
from seon.backend.queue import cleanup, daemon


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
    daemon.run_round()
    assert [entry.text for entry in Entry.objects.all()] == ["Client ended: new"]
    assert [session.session for session in Session.objects.all()] == ["long"]


def test_a_task_that_fails_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done = []

    def fails() -> str:
        raise RuntimeError("broken")

    def works() -> str:
        done.append(True)
        return "did it"

    monkeypatch.setattr(daemon, "TASKS", (fails, works))
    with caplog.at_level("INFO", logger="seon.queue"):
        daemon.run_round()
    assert done == [True]
    assert [record.getMessage() for record in caplog.records] == ["fails failed", "did it"]
