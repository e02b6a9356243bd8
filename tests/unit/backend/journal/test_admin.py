"""The system log in the panel: whatever is asked for, what it costs is bounded."""

from datetime import timedelta
from functools import partial

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from seon.backend.journal import lists
from seon.backend.journal.models import Entry
from seon.backend.journal.recording import record

EVENTS = "/panel/journal/entry/"


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])
    client = Client()
    client.force_login(User.objects.create_superuser("anna"))
    Entry.objects.all().delete()
    for number in range(6):
        record("CLI-END", reason=f"Straße {number}")
        record("CLI-FAULT", reason=f"fault {number}")
    return client


def shown(panel: Client, asked: str) -> tuple[list[str], str]:
    """Return the texts of the list, and the whole page."""
    answer = panel.get(f"{EVENTS}?{asked}", secure=True)
    assert answer.status_code == 200
    return [entry.text for entry in answer.context_data["cl"].result_list], answer.content.decode()


def test_a_text_is_found_in_any_case_and_filters_narrow_it(panel: Client) -> None:
    error = Entry.objects.filter(code="CLI-FAULT").values_list("severity", flat=True)[0]
    assert shown(panel, "q=STRASSE 3")[0] == ["Client ended: Straße 3"]
    assert len(shown(panel, f"severity__exact={error}&hop__exact=inside")[0]) == 6
    assert len(shown(panel, "q=fault&hop__exact=inside")[0]) == 6
    assert shown(panel, f"q=straße&severity__exact={error}")[0] == []
    assert shown(panel, "q=" + "x" * 900)[0] == []


@pytest.mark.parametrize("asked", ["q=nowhere", "severity__exact=20&hop__exact=dmz", "o=5&q=nowhere", "hop__in=dmz"])
def test_where_the_time_is_over_the_list_says_how_far_back_it_looked(
    panel: Client, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.setattr(lists, "SLICE", 2)
    monkeypatch.setattr(lists, "Budget", partial(lists.Budget, walk=-1, total=-1))
    found, page = shown(panel, asked)
    assert found == []
    assert "Only what arrived since" in page


def test_a_list_that_is_sorted_by_a_column_or_has_much_shows_the_newest_and_says_so(
    panel: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MOST", 3)
    found, page = shown(panel, "o=5")
    assert found == ["Client ended: Straße 5", *sorted(found)[1:]]
    assert len(found) == 3
    assert "Only the newest 3 events" in page


def test_a_plain_list_asks_for_no_text_and_counts_no_further_than_its_pages(panel: Client) -> None:
    Entry.objects.filter(code="CLI-END").update(received_at=timezone.now() - timedelta(days=8))
    with CaptureQueriesContext(connection) as asked:
        found, _ = shown(panel, "q=&_facets=True")
    assert len(found) == 6
    of_entries = [query["sql"] for query in asked if "journal_entry" in query["sql"]]
    assert not any("LIKE" in sql for sql in of_entries)
    assert not any("COUNT(" in sql for sql in of_entries)
