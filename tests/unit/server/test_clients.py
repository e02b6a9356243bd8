"""Who may be linked is what Seonapi has said last, and no client can turn that back."""

import time

import msgspec
import pytest

from seon.link.identity import IdentityError, new_link_ca
from seon.link.standing import Standing, signed
from seon.server.clients import GRACE_SECONDS, LATE_SECONDS, Clients

CA, _ = new_link_ca()
OURS = "ab" * 32 + "px"
ONE, OTHER = "1" * 32, "2" * 32


def said(at: float, version: int = 1, **marks: float) -> bytes:
    return msgspec.json.encode(
        signed(CA, Standing(OURS, version, at, {name[1:] * 32: end for name, end in marks.items()}))
    )


@pytest.fixture
def clients(reported) -> Clients:
    return Clients(OURS, lambda: CA.public_key().public_bytes_raw(), reported)


def test_before_the_first_list_every_client_of_the_link_ca_may_link(clients: Clients) -> None:
    assert clients.barred(ONE) == clients.barred("") == ""


def test_only_who_is_on_the_list_may_link(clients: Clients) -> None:
    clients.take(said(1_000, m1=0))
    assert clients.barred(ONE) == ""
    for mark in (OTHER, ""):
        assert "token was withdrawn or changed, or has ended" in clients.barred(mark)


def test_who_has_an_end_may_link_until_then(clients: Clients) -> None:
    clients.take(said(1_000, m1=time.time() + 60, m2=time.time() - GRACE_SECONDS - 1))
    assert clients.barred(ONE) == ""
    assert clients.barred(OTHER)


def test_an_older_list_brings_nobody_back_and_that_is_said(clients: Clients, reported) -> None:
    at = 1_000_000.0
    clients.take(said(at, 5, m1=0))
    for steps in range(1, 5):  # each a little older than the one before
        clients.take(said(at - steps * (LATE_SECONDS - 1), 5 - steps, m2=0))
    clients.take(said(at - 1, 5, m2=0))
    clients.take(said(at + LATE_SECONDS, 4, m2=0))  # of another host, whose clock is ahead
    assert clients.barred(OTHER)
    assert not clients.barred(ONE)
    assert reported.codes == ["CFG-CLIENTS"], "once, however often it is tried"
    assert reported.of("CFG-CLIENTS") == {"version": 4, "known": 5}


def test_an_older_list_that_says_the_same_is_not_worth_a_word(clients: Clients, reported) -> None:
    clients.take(said(1_000, 5, m1=0))
    clients.take(said(999, 4, m1=0))  # by a client that was slow
    assert reported.codes == []


def test_a_clock_of_seonapi_that_was_ahead_shuts_out_nobody(clients: Clients, reported) -> None:
    ahead, now = said(1_000_000 + 3_600, 5, m1=0), said(1_000_000, 6, m2=0)
    clients.take(ahead)
    clients.take(now)
    assert not clients.barred(OTHER)
    clients.take(ahead)
    assert clients.barred(ONE), "nor does what was said then come back"
    assert reported.codes == ["CFG-CLIENTS"]


def test_the_lists_of_a_database_that_was_put_back_count_and_those_before_do_not(clients: Clients) -> None:
    at = 1_000_000.0
    clients.take(said(at, 9, m1=0))
    clients.take(said(at + LATE_SECONDS + 1, 5, m2=0))
    assert not clients.barred(OTHER)
    for before in (said(at - 10, 8, m1=0), said(at, 9, m1=0)):
        clients.take(before)
        assert clients.barred(ONE)
    clients.take(said(at + 90, 6, m1=0, m2=0))
    assert clients.barred(ONE) == clients.barred(OTHER) == ""


def test_a_forged_list_changes_nothing(clients: Clients) -> None:
    clients.take(said(1_000, m1=0))
    forged = signed(new_link_ca()[0], Standing(OURS, 2, 2_000, {OTHER: 0}))
    with pytest.raises(IdentityError):
        clients.take(msgspec.json.encode(forged))
    assert clients.barred(OTHER)
    assert not clients.barred(ONE)
