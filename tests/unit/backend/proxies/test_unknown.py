from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from seon.backend.acting.actors import owner
from seon.backend.journal.models import Entry
from seon.backend.proxies.actions import add_client
from seon.backend.proxies.models import UnknownCaller
from seon.backend.proxies.unknown import tell_unknown
from seon.backend.queue.cleanup import remove_old_events


def told() -> list[str]:
    return list(Entry.objects.filter(code="CLI-UNKNOWN").order_by("pk").values_list("text", flat=True))


def test_an_address_in_no_entry_is_told_once_an_hour_with_the_address() -> None:
    for _ in range(3):
        tell_unknown("10.0.0.5", "main")
    (text,) = told()
    assert "token main called from 10.0.0.5" in text
    tell_unknown("10.0.0.6", "main")
    assert len(told()) == 2
    UnknownCaller.objects.filter(address="10.0.0.5").update(told_at=timezone.now() - timedelta(hours=1))
    tell_unknown("10.0.0.5", "main")
    tell_unknown("10.0.0.5", "main")
    assert len(told()) == 3


def test_a_known_address_is_not_told() -> None:
    add_client(owner(), "main", "10.0.0.5")
    tell_unknown("10.0.0.5", "main")
    assert told() == []


def test_what_was_told_long_ago_is_forgotten_by_the_queue_daemon() -> None:
    for address, days in (("10.0.0.5", 2), ("10.0.0.6", 0.5)):
        tell_unknown(address, "main")
        UnknownCaller.objects.filter(address=address).update(told_at=timezone.now() - timedelta(days=days))
    remove_old_events()
    assert UnknownCaller.objects.get().address == "10.0.0.6"


def test_within_the_hour_nothing_is_written_and_no_writer_waited_for() -> None:
    tell_unknown("10.0.0.5", "main")
    with CaptureQueriesContext(connection) as asked:
        tell_unknown("10.0.0.5", "main")
    assert {query["sql"].split()[0] for query in asked.captured_queries} == {"SELECT"}
