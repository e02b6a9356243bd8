import sys
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

sys.path.insert(0, str(Path(__file__).parent))

from placing import CA, came, place, settle

import certificates
from crl_web import issuing_point, make_list
from seon.backend.revocation.authorities import identity_of, peer_in
from seon.backend.revocation.destinations import DownloadError
from seon.backend.revocation.lists import rows, source_of, summaries
from seon.backend.revocation.models import CrlUrl, HeldList


def states() -> dict[str, str]:
    return {row.place.url: row.state for row in rows(timezone.now())}


def test_each_place_has_a_state_in_words() -> None:
    for name in "abcdef":
        place(f"http://{name}/")
    good = make_list(CA)
    settle(place("http://a/"), came(good))
    settle(place("http://b/"), came(good))
    settle(place("http://b/"), DownloadError("x"))
    settle(place("http://c/"), DownloadError("x"))
    settle(place("http://d/"), came(make_list(CA, extensions=[issuing_point("http://d/", indirect_crl=True)])))
    settle(place("http://e/"), came(good))
    HeldList.objects.filter(place__url="http://e/").update(next_update=timezone.now() - timedelta(hours=1))
    assert states() == {
        "http://a/": "in force", "http://b/": "in force, not renewed", "http://c/": "failed",
        "http://d/": "not supported", "http://e/": "overdue", "http://f/": "not fetched yet",
    }  # fmt: skip
    ages = [row.age for row in rows(timezone.now()) if row.age is not None]
    assert len(ages) == 3
    assert all(timedelta(minutes=59) < age < timedelta(minutes=61) for age in ages)


def test_the_lists_of_a_ca_are_told_together_the_worst_first() -> None:
    other = certificates.make("Other", ca=True)
    place("http://a/"), place("http://b/"), place("http://c/"), place("http://d/", other)
    assert told_of(other) == ("not fetched yet", "not fetched yet")
    for name in "ab":
        settle(place(f"http://{name}/"), came(make_list(CA)))
    assert told_of(CA) == ("1 not fetched yet, 2 in force", "not fetched yet")
    HeldList.objects.filter(place__url="http://a/").update(next_update=timezone.now() - timedelta(hours=1))
    assert told_of(CA) == ("1 overdue, 1 not fetched yet, 1 in force", "overdue")


def told_of(ca: certificates.Made) -> tuple[str, str]:
    found = summaries(timezone.now())[identity_of(peer_in(ca.pem))]
    return found.text, found.worst


def test_who_has_named_a_place_is_said() -> None:
    assert source_of(CrlUrl(of_anchor=True)) == "trust anchor"
    assert source_of(CrlUrl(by_hand=True)) == "administrator"
    assert source_of(CrlUrl(reported_by="main")) == "server, by token main"
