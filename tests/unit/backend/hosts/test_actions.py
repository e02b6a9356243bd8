from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection

from seon.backend.acting.actors import owner
from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.hosts.actions import MOST_HOSTS, add_hosts, remove_hosts
from seon.backend.https import hosts_in
from seon.backend.journal.models import Entry

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def names(home: Home) -> set[str]:
    return set(hosts_in(home.https_certificate))


def test_names_and_addresses_are_added_in_their_one_form(home: Home) -> None:
    add_hosts(owner(), [" Seonapi.Example. ", "10.0.0.5", "[2001:DB8::1]"])
    assert names(home) == {*LOOPBACK, "seonapi.example", "10.0.0.5", "2001:db8::1"}


def test_what_is_there_already_issues_no_new_certificate(home: Home) -> None:
    add_hosts(owner(), ["seonapi.example"])
    before = home.https_certificate.read_bytes()
    assert set(add_hosts(owner(), ["SEONAPI.example", "localhost"])) == names(home)
    assert home.https_certificate.read_bytes() == before


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ("localhost", "localhost stays: programs on this host"),
        ("::1", "::1 stays"),
        ("other.example", "is not for other.example; it is for localhost, seonapi.example"),
        ("seonapi.example", r"No other host could call Seonapi without seonapi.example.*seonapi host add NAME"),
    ],
)
def test_loopback_and_the_last_name_cannot_be_removed(home: Home, gone: str, told: str) -> None:
    add_hosts(owner(), ["seonapi.example"])
    before = home.https_certificate.read_bytes(), home.https_key.read_bytes()
    with pytest.raises(OperatorError, match=told):
        remove_hosts(owner(), [gone])
    assert (home.https_certificate.read_bytes(), home.https_key.read_bytes()) == before


def test_a_name_is_removed_whatever_its_case_and_said_in_the_journal(home: Home) -> None:
    add_hosts(owner(), ["old.example", "new.example"])
    assert "old.example" not in remove_hosts(owner(), ["OLD.example"])
    assert names(home) == {*LOOPBACK, "new.example"}
    assert any("old.example" in entry.text for entry in Entry.objects.filter(code="AUD-CHANGE"))


def test_a_change_that_cannot_be_said_in_the_journal_is_not_made(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OperationalError("database or disk is full")

    before = home.https_certificate.read_bytes(), home.https_key.read_bytes()
    monkeypatch.setattr("seon.backend.acting.audit.record", full)
    with pytest.raises(OperationalError):
        add_hosts(owner(), ["seonapi.example"])
    assert (home.https_certificate.read_bytes(), home.https_key.read_bytes()) == before


def test_one_certificate_has_a_bounded_number_of_names(home: Home) -> None:
    with pytest.raises(OperatorError, match=f"can have {MOST_HOSTS} names"):
        add_hosts(owner(), [f"n{number}.example" for number in range(MOST_HOSTS)])
    assert names(home) == LOOPBACK


def test_two_who_add_names_at_once_lose_none(home: Home) -> None:
    def add(number: int) -> None:
        try:
            add_hosts(owner(), [f"n{number}.example"])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(8)))
    assert names(home) == {*LOOPBACK, *(f"n{number}.example" for number in range(8))}
