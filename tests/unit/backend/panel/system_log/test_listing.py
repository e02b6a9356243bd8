"""What a page knows of what came in last, from one address to the next."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from seon.backend.errors import OperatorError
from seon.backend.journal.models import Entry
from seon.backend.panel.system_log.listing import Tail, kept


def entries(count: int, apart: timedelta) -> list[Entry]:
    now = timezone.now()
    return [Entry(pk=pk, received_at=now - pk * apart) for pk in range(1, count + 1)]


def test_what_is_known_survives_the_address_with_the_filters() -> None:
    tail = Tail.behind(entries(5, timedelta(seconds=1)), timezone.now() - timedelta(hours=1), 7)
    assert sorted(tail.known) == [1, 2, 3, 4, 5]
    asked = QueryDict(tail.address(QueryDict("q=x&before=1-1"))[1:])
    assert Tail.read(asked) == tail
    assert asked["q"] == "x"
    assert kept(asked).urlencode() == "q=x"


def test_only_the_last_seconds_are_asked_for_again_and_no_more_than_an_address_holds() -> None:
    tail = Tail.behind(entries(50, timedelta(seconds=1)), timezone.now() - timedelta(hours=1), 0)
    assert 8 <= len(tail.known) <= 10
    full = entries(1_000, timedelta(milliseconds=1))
    tail = Tail.behind(full, timezone.now() - timedelta(hours=1), 0)
    assert len(tail.known) == 200
    assert {entry.pk for entry in full if entry.received_at >= tail.since} == set(tail.known)


def test_what_was_not_looked_at_is_not_asked_for() -> None:
    since = timezone.now() - timedelta(seconds=2)
    assert Tail.behind(entries(50, timedelta(seconds=1)), since, 0).since == since


@pytest.mark.parametrize(
    "asked", ["", "since_place=x", "since_place=1-1&known=-1", "since_place=1-1&count=" + "9" * 30]
)
def test_what_no_page_has_made_is_refused(asked: str) -> None:
    with pytest.raises(OperatorError):
        Tail.read(QueryDict(asked))
