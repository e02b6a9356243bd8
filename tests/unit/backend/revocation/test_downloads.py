import ipaddress
import time
from collections.abc import Iterator

import pytest

import certificates
from crl_web import Web, make_list, octets, serving, silent
from functional.processes import eventually
from seon.backend.revocation import downloads as module
from seon.backend.revocation.bringing import Brought, Expected
from seon.backend.revocation.destinations import DownloadError
from seon.backend.revocation.downloading import Fetched, Wanted
from seon.backend.revocation.downloads import Downloads, Outcome

CA = certificates.make("CA", ca=True)
CA_ALONE = Expected(CA.pem)
LOOPBACK = [ipaddress.ip_network("127.0.0.1/32")]


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as made:
        yield made


def wanted(web: Web, path: str) -> Wanted:
    return Wanted(web.url(path), networks=LOOPBACK)


def taken(downloads: Downloads) -> dict[int, Outcome]:
    found: dict[int, Outcome] = {}

    def all_taken() -> bool:
        found.update(downloads.take())
        return not len(downloads)

    eventually(all_taken)
    return found


def test_several_run_beside_each_other_and_each_has_its_end(web: Web) -> None:
    web.answers["a"] = octets(make_list(CA, [1, 2]))
    web.answers["b"] = octets(b"<html>")
    downloads = Downloads()
    for key, path in enumerate(("a", "a", "missing", "b"), 1):
        downloads.start(key, key % 2, wanted(web, path), CA_ALONE)
    assert (len(downloads), downloads.of_group(1), 2 in downloads) == (4, 2, True)
    found = taken(downloads)
    for key in (1, 2):
        outcome = found[key]
        assert isinstance(outcome, Brought)
        assert outcome.entries == 2
    assert str(found[3]) == "the web server answers 404 Not Found"
    assert str(found[4]) == "it is no revocation list but a web page (HTML or XML)"
    assert 2 not in downloads


def test_what_is_given_up_ends_at_once_and_is_not_heard_of_again(web: Web) -> None:
    web.answers["a"] = silent(web)
    downloads = Downloads()
    downloads.start(1, 1, wanted(web, "a"), CA_ALONE)
    eventually(lambda: bool(web.asked))
    began = time.monotonic()
    downloads.give_up()
    assert (len(downloads), downloads.take()) == (0, [])
    eventually(lambda: not downloads._done.empty())
    assert time.monotonic() - began < 15
    assert downloads.take() == []


def test_a_fault_of_ours_is_a_failed_download(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Fetched:
        raise KeyError("x")

    monkeypatch.setattr(module, "fetch", broken)
    downloads = Downloads()
    downloads.start(1, 1, wanted(web, "a"), CA_ALONE)
    found = taken(downloads)[1]
    assert isinstance(found, DownloadError)
    assert "internal error: KeyError" in str(found)
