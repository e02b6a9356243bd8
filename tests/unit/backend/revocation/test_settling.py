import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

sys.path.insert(0, str(Path(__file__).parent))

from placing import CA, URL, came, place, settle, told

from crl_web import issuing_point, make_list
from seon.backend.configuration.versioned import read_version
from seon.backend.journal.models import Entry
from seon.backend.revocation.destinations import DownloadError
from seon.backend.revocation.downloading import Fetched
from seon.backend.revocation.models import CrlUrl, HeldList
from seon.backend.revocation.settling import LATEST, SOONEST, back_off, next_after

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def now_of() -> CrlUrl:
    return CrlUrl.objects.select_related("held").get()


def test_a_list_that_was_fetched_comes_into_force_and_is_told() -> None:
    steps: list[str] = []
    assert settle(place(), came(make_list(CA, [1, 2], number=7), '"1"', "then"), steps.append)
    found = now_of()
    assert (found.result, found.failures, found.etag, found.modified) == ("taken over: 2 entries", 0, '"1"', "then")
    assert found.list_or_none is not None
    assert steps[0].startswith("read: complete, number 7, made ")
    assert steps[1:] == ["signed by the key of CN=CA", "taken over: 2 entries"]
    (text,) = told()
    assert text.startswith(
        f"Revocation list of CN=CA taken over, {URL}: 2 entries, complete, number 7; the next one is due"
    )


def test_an_unchanged_list_changes_nothing_but_the_time_of_its_next_try() -> None:
    where, der = place(), make_list(CA)
    settle(where, came(der, '"1"'))
    version, before = read_version(), HeldList.objects.get().taken_at
    for outcome, said in ((came(der), "not changed (the same list)"), (Fetched(None, '"1"'), "not changed (304)")):
        CrlUrl.objects.update(next_try=None)
        assert settle(where, outcome)
        assert now_of().result == said
        assert now_of().next_try is not None
    assert (read_version(), HeldList.objects.get().taken_at, len(told())) == (version, before, 1)


def test_a_failure_is_told_once_until_it_works_again_and_the_list_before_stays() -> None:
    where = place()
    settle(where, came(make_list(CA, [1])))
    held = HeldList.objects.get()
    for number in (1, 2):
        assert not settle(where, DownloadError("the web server answers 500\x1b"))
        assert (now_of().failures, now_of().result) == (number, "the web server answers 500\\x1b")
    assert HeldList.objects.get() == held
    (failed,) = told()[1:]
    assert failed.startswith(
        f"Revocation list of CN=CA is not to be had and is tried again, {URL}: the web server answers 500\\x1b; "
        "the one before stays in force: of 20"
    )
    settle(where, came(make_list(CA, [1, 2], number=2)))
    assert told()[2:][1] == f"Revocation list of CN=CA is to be had again, {URL}"
    settle(where, DownloadError("x"))
    assert len(told()) == 5, "another outage is told anew"


@pytest.mark.parametrize(
    ("octets", "said"),
    [(b"", "it is empty"), (b"<html>", "it is no revocation list but a web page (HTML or XML)"),
     (make_list(CA, age=8 * DAY), "it has expired")],
)  # fmt: skip
def test_what_is_no_good_list_is_said_in_words(octets: bytes, said: str) -> None:
    assert not settle(place(), came(octets))
    assert now_of().result.startswith(said)
    assert now_of().list_or_none is None


def test_a_kind_that_is_not_supported_is_told_as_such() -> None:
    where = place()
    settle(where, DownloadError("x"))
    settle(where, came(make_list(CA, extensions=[issuing_point(URL, indirect_crl=True)])))
    settle(where, came(make_list(CA, extensions=[issuing_point(URL, indirect_crl=True)])))
    assert now_of().unsupported
    assert list(Entry.objects.filter(code__startswith="CRL-").order_by("pk").values_list("code", flat=True)) == [
        "CRL-FAILED", "CRL-UNSUPPORTED",
    ]  # fmt: skip


def test_an_unchanged_list_that_has_expired_is_a_failure() -> None:
    where = place()
    settle(where, came(make_list(CA), '"1"'))
    HeldList.objects.update(next_update=timezone.now() - HOUR)
    assert not settle(where, Fetched(None, '"1"'))
    assert now_of().result == "there is no newer list (304), and the one in force has expired"


def test_nothing_changed_is_no_answer_where_there_is_no_list() -> None:
    assert not settle(place(), Fetched(None))
    assert "there is no list yet" in now_of().result


def test_a_place_that_has_gone_meanwhile_is_no_trouble() -> None:
    where = place()
    CrlUrl.objects.all().delete()
    outcome = came(make_list(CA))
    assert not settle(where, outcome)
    assert outcome.body is not None
    assert outcome.body.closed


def test_a_mark_that_is_no_plain_short_text_is_not_sent_back() -> None:
    where = place()
    settle(where, came(make_list(CA), "x" * 301, "a\r\nb"))
    assert (now_of().etag, now_of().modified) == ("", "")


def test_failures_are_repeated_ever_later() -> None:
    assert [back_off(n) / SOONEST for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert back_off(8) == back_off(100_000) == LATEST


def test_a_list_is_asked_for_by_its_age_or_before_it_ends() -> None:
    now = timezone.now()

    def after(age: timedelta, life: timedelta) -> timedelta:
        held = HeldList(this_update=now - age, next_update=now - age + life)
        return next_after(now, held, 24) - now

    assert after(HOUR, 7 * DAY) == DAY
    assert after(timedelta(0), 10 * HOUR) == 9 * HOUR
    assert after(9 * HOUR, 10 * HOUR) == HOUR / 2
    assert after(10 * HOUR, 10 * HOUR) == SOONEST
    assert next_after(now, None, 24) - now == DAY
    assert next_after(now, HeldList(this_update=now), 12) - now == DAY / 2
