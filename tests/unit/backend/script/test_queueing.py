import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

sys.path.insert(0, str(Path(__file__).parent))

from making import chosen, critical

from seon.backend.acting.actors import owner
from seon.backend.journal.models import Entry
from seon.backend.journal.recording import record, store
from seon.backend.script import queueing
from seon.backend.script.actions import set_script
from seon.backend.script.models import RunState, ScriptRun


def test_each_critical_event_has_one_run_however_often_it_comes(tmp_path: Path) -> None:
    chosen(tmp_path)
    events = [critical(address=f"a{number}", partner="acme", source="192.0.2.9:1", server="s") for number in range(3)]
    store(events, "token")
    store(events, "token")
    record("SCR-FAILED", file="/x", kind="SRV-PORT", reason="exit status 1")
    assert ScriptRun.objects.count() == 3
    run = ScriptRun.objects.get(event_id=events[0].id)
    assert (run.code, run.hop, run.partner, run.source, run.server) == ("SRV-PORT", "dmz", "acme", "192.0.2.9:1", "s")
    assert run.message == Entry.objects.get(event_id=events[0].id).text


def test_without_a_script_there_is_no_queue() -> None:
    store([critical()], "token")
    assert not ScriptRun.objects.exists()


def test_an_event_that_is_not_stored_after_all_has_no_run(tmp_path: Path) -> None:
    chosen(tmp_path)
    with transaction.atomic():
        store([critical()], "token")
        transaction.set_rollback(True)
    assert not ScriptRun.objects.exists()


def test_two_processes_that_store_one_event_at_once_make_one_run(tmp_path: Path) -> None:
    chosen(tmp_path)
    store([event := critical()], "token")
    # The other one has not seen the entry yet when it looks.
    queueing.enqueue(list(Entry.objects.filter(event_id=event.id)))
    assert ScriptRun.objects.count() == 1


def test_a_full_queue_is_said_once_and_what_it_did_not_take_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen(tmp_path)
    monkeypatch.setattr(queueing, "MOST_WAITING", 5)
    store([critical() for _ in range(7)], "token")
    store([critical() for _ in range(3)], "token")
    assert ScriptRun.objects.count() == 5
    assert Entry.objects.filter(code="SRV-PORT").count() == 10
    assert Entry.objects.filter(code="SCR-FULL").count() == 1
    assert queueing.take_lost() == 0, "it is full yet"
    ScriptRun.objects.update(state=RunState.DONE)
    assert queueing.take_lost() == 5
    assert queueing.take_lost() == 0


def test_repeats_are_put_together_only_if_that_is_set(tmp_path: Path) -> None:
    chosen(tmp_path)
    store([critical(), critical()], "token")
    assert ScriptRun.objects.count() == 2
    ScriptRun.objects.all().delete()
    set_script(owner(), collapse_seconds=60)
    store([critical(), critical(), critical(address="another")], "token")
    store([critical()], "token")
    assert sorted(ScriptRun.objects.values_list("repeats", flat=True)) == [1, 3]


@pytest.mark.parametrize("turned", [False, True])
def test_repeats_are_counted_in_one_order_whatever_the_order_of_a_batch(tmp_path: Path, turned: bool) -> None:
    """Otherwise two batches at once would wait for each other in PostgreSQL, and one of them would be undone."""
    chosen(tmp_path)
    set_script(owner(), collapse_seconds=60)
    addresses = ["one", "two", "three", "four"]
    store([critical(address=address) for address in addresses], "token")
    more = [critical(address=address) for address in (addresses[::-1] if turned else addresses)]
    with CaptureQueriesContext(connection) as asked:
        store([*more, critical(address="new")], "token")
    counted = [query["sql"] for query in asked if query["sql"].startswith("UPDATE") and '"repeats" + 1' in query["sql"]]
    assert counted == sorted(counted)
    assert len(counted) == 5
    assert ScriptRun.objects.filter(repeats=2).count() == 4


def test_what_repeats_after_its_run_began_waits_for_more_and_is_told_together(tmp_path: Path) -> None:
    chosen(tmp_path)
    set_script(owner(), collapse_seconds=60)
    store([critical()], "token")
    first = ScriptRun.objects.get()
    ScriptRun.objects.update(state=RunState.DONE)
    store([critical()], "token")
    store([critical(), critical()], "token")
    second = ScriptRun.objects.exclude(pk=first.pk).get()
    assert second.repeats == 3
    assert second.not_before - first.not_before == timedelta(seconds=60)
