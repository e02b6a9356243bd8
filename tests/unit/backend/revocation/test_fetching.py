import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from placing import CA, place, told

import certificates
from crl_web import Web, endless, make_list, octets, redirect, serving, silent
from functional.processes import eventually
from seon.backend.acting.actors import owner
from seon.backend.queue.pausing import resting_by
from seon.backend.revocation import downloads, fetching
from seon.backend.revocation.actions import set_fetching
from seon.backend.revocation.bringing import Brought, bring
from seon.backend.revocation.downloading import Limits
from seon.backend.revocation.downloads import Downloads
from seon.backend.revocation.fetching import fetch_lists, fetch_now
from seon.backend.revocation.models import CrlUrl, HeldList

OTHER = certificates.make("Other", ca=True)


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as made:
        yield made


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This host's own address may be fetched from, and a test's downloads are its own."""
    set_fetching(owner(), private_networks="127.0.0.1/32")
    mine = Downloads(Limits(silence=5))
    monkeypatch.setattr(fetching, "_downloads", mine)
    yield
    mine.give_up()


def results() -> dict[str, str]:
    return {place.url.rpartition("/")[2]: place.result for place in CrlUrl.objects.all()}


def test_a_new_place_is_fetched_and_not_again_until_it_is_due(web: Web) -> None:
    web.answers["a"] = octets(make_list(CA, [1]), ETag='"7"')
    place(web.url("a"))
    assert fetch_lists() == "1 revocation list asked for"
    assert HeldList.objects.get().entries == 1
    assert fetch_lists() == ""
    assert len(web.asked) == 1
    CrlUrl.objects.update(next_try=None)
    web.answers["a"] = octets(b"", 304)
    fetch_lists()
    assert (results(), web.asked[1][1]["If-None-Match"]) == ({"a": "not changed (304)"}, '"7"')


def test_each_result_is_in_words_and_a_bad_server_holds_up_no_other(web: Web) -> None:
    web.answers.update(
        a=octets(make_list(CA)), b=redirect("http://10.0.0.1/x"), c=octets(b"<html>sorry</html>"), d=octets(b""),
        e=octets(make_list(OTHER)),
    )  # fmt: skip
    for name in "abcdef":
        place(web.url(name))
    assert fetch_lists() == "6 revocation lists asked for, 5 failed"
    assert results() == {
        "a": "taken over: 0 entries",
        "b": "10.0.0.1 is not a public address, and private_networks does not have it",
        "c": "it is no revocation list but a web page (HTML or XML)",
        "d": "it is empty",
        "e": "it is a list of another CA: CN=Other",
        "f": "the web server answers 404 Not Found",
    }
    assert len(told()) == 6


def test_slow_servers_of_one_ca_leave_room_for_others_and_the_job_does_not_wait_for_them(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_SECONDS", 0.5)
    web.answers.update({f"slow{n}": silent(web) for n in range(4)}, good=octets(make_list(OTHER)))
    for n in range(4):
        place(web.url(f"slow{n}"))
    place(web.url("good"), OTHER)
    began = time.monotonic()
    assert fetch_lists() == "1 revocation list asked for"
    assert time.monotonic() - began < 15
    assert results()["good"] == "taken over: 0 entries"
    assert len(fetching._downloads) == fetching.OF_ISSUER
    web.ending.set()
    eventually(lambda: not fetching._downloads._done.empty())
    fetch_lists()
    assert results()["slow0"].startswith("the connection broke"), "it went on, and is settled a round later"


def test_the_end_of_the_daemon_gives_up_downloads_at_once(web: Web) -> None:
    web.answers["a"] = endless(web, b"x", 0.01)
    place(web.url("a"))
    began = time.monotonic()
    with resting_by(lambda _: not web.asked):
        assert fetch_lists() == ""
    assert time.monotonic() - began < 15
    assert (len(fetching._downloads), results()) == (0, {"a": ""}), "nothing is said of it: it is asked for again"


def test_the_reading_of_a_huge_list_holds_up_neither_the_daemon_nor_its_end(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answers["a"] = octets(make_list(CA))
    place(web.url("a"))
    begun, go_on, rests = threading.Event(), threading.Event(), []

    def slow(*given: Any) -> Brought:
        begun.set()
        assert go_on.wait(30)
        return bring(*given)

    def rest(_: float) -> bool:
        time.sleep(0.01)
        rests.append(begun.is_set())
        return rests.count(True) < 5

    monkeypatch.setattr(downloads, "bring", slow)
    with resting_by(rest):
        assert fetch_lists() == ""
    assert rests.count(True) == 5
    go_on.set()
    assert results() == {"a": ""}
    assert fetch_lists() == "1 revocation list asked for"


def test_one_list_that_cannot_be_stored_hinders_no_other(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    settled = []

    def broken(place: CrlUrl, _: object) -> bool:
        settled.append(place.pk)
        raise OSError("the disk is full")

    web.answers["a"] = octets(make_list(CA))
    one, two = place(web.url("a")), place(web.url("b"))
    monkeypatch.setattr(fetching, "settle", broken)
    for _ in range(2):
        with pytest.raises(OSError, match="the disk is full"):
            fetch_lists()
    assert {one.pk, two.pk} <= set(settled)


def test_one_list_is_fetched_now_with_each_step(web: Web) -> None:
    web.answers["a"] = octets(make_list(CA, [1, 2]))
    steps: list[str] = []
    assert fetch_now(place(web.url("a")), steps.append)
    assert [steps[0], steps[1], *steps[-2:]] == [
        f"connecting to 127.0.0.1:{web.port}", "answer 200 OK", "signed by the key of CN=CA", "taken over: 2 entries",
    ]  # fmt: skip
    assert not fetch_now(place(web.url("b")), steps.append)
    assert steps[-1] == "not taken: the web server answers 404 Not Found"
