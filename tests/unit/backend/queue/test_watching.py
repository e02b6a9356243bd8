from datetime import timedelta

import pytest
from django.utils import timezone

from seon.backend.configuration.keys import set_setting
from seon.backend.journal.models import Entry
from seon.backend.queue import watching
from seon.backend.queue.locks import QUEUE, became_active, seen
from seon.backend.queue.models import Service
from seon.backend.queue.watching import LOOK_SECONDS, Watch, patience_of


def told() -> list[str]:
    return list(Entry.objects.filter(code__startswith="QUE-").order_by("pk").values_list("text", flat=True))


def away_for(**time: float) -> None:
    Service.objects.update(seen_at=timezone.now() - timedelta(**time))


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """An API process that has run for an hour."""
    watch = Watch()
    now = watching.time.monotonic()
    monkeypatch.setattr(watching.time, "monotonic", lambda: now + 3_600)
    return watch


def test_it_is_away_after_three_slices_which_is_told_once_for_all_api_processes(watch: Watch) -> None:
    set_setting("queue_seconds", "20")
    became_active(QUEUE)
    away_for(seconds=59)
    watch.look()
    assert told() == []
    away_for(seconds=61)
    watch.look()
    watch.look()
    Watch().look()
    (text,) = told()
    assert text.startswith("The Seon send queue daemon has done nothing since 20")
    assert text.endswith("Start it: seonapi queue")
    assert f"process {Service.objects.get().pid}" in text


def test_that_it_runs_again_is_told_once_and_the_next_outage_anew(watch: Watch) -> None:
    became_active(QUEUE)
    for _ in range(2):
        away_for(hours=1)
        watch.look()
        seen(QUEUE)
        watch.look()
        watch.look()
    assert [text.partition("[")[0][:38] for text in told()] == [
        "The Seon send queue daemon has done no", "The Seon send queue daemon runs again,"
    ] * 2  # fmt: skip


def test_after_a_start_of_the_api_the_daemon_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    became_active(QUEUE)
    away_for(hours=5)
    young = Watch()
    young.look()
    assert told() == []
    now = watching.time.monotonic()
    monkeypatch.setattr(watching.time, "monotonic", lambda: now + 3_600)
    young.look()
    assert len(told()) == 1


def test_one_that_has_never_run_is_missed_too(watch: Watch) -> None:
    watch.look()
    assert told() == []
    away_for(hours=1)
    watch.look()
    (text,) = told()
    assert "process" not in text


def test_it_is_looked_for_once_a_minute_or_in_each_slice_that_is_shorter(watch: Watch) -> None:
    set_setting("queue_seconds", "3600")
    assert watch.look() == LOOK_SECONDS == 60
    set_setting("queue_seconds", "20")
    assert watch.look() == 20
    assert patience_of(20) == timedelta(seconds=60)
    assert patience_of(1) == watching.LEAST
