"""What the system log is asked for, read from an address."""

from datetime import UTC, datetime

from django.http import QueryDict

from seon.backend.journal.lists import EntryFilter
from seon.backend.panel.system_log.forms import SystemLogFilter
from seon.events import Severity


def wanted(asked: str) -> EntryFilter:
    return SystemLogFilter(QueryDict(asked)).wanted()


def test_an_address_without_anything_asks_for_nothing() -> None:
    assert wanted("") == EntryFilter()


def test_every_value_of_an_address_is_taken() -> None:
    asked = (
        "since=2026-11-27T10:00&severity=warning&code=adm-tls&hop=dmz&group=refused&source=192.0.2.7&q=a b&partner=p"
    )
    assert wanted(asked) == EntryFilter(
        since=datetime(2026, 11, 27, 10, tzinfo=UTC), severity=Severity.WARNING, code="ADM-TLS", hop="dmz",
        group="refused", source="192.0.2.7", text="a b", partner="p",
    )  # fmt: skip


def test_what_is_wrong_asks_for_nothing_and_opens_the_fields_behind_more_filters() -> None:
    form = SystemLogFilter(QueryDict("session=x&severity=none&since=x"))
    assert form.wanted() == EntryFilter()
    assert form.has_rare()
    assert set(form.errors) == {"session", "severity", "since"}
    assert not SystemLogFilter(QueryDict("q=x")).has_rare()


def test_a_time_that_is_none_stands_in_a_field_that_shows_it() -> None:
    form = SystemLogFilter(QueryDict("since=yesterday&until=2026-11-27T10:00"))
    assert 'type="text"' in str(form["since"])
    assert 'value="yesterday"' in str(form["since"])
    assert 'type="datetime-local"' in str(form["until"])
    assert 'type="datetime-local"' in str(SystemLogFilter(QueryDict(""))["since"])
