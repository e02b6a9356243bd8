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


def said(at: float, **marks: float) -> bytes:
    return msgspec.json.encode(signed(CA, Standing(OURS, at, {name[1:] * 32: end for name, end in marks.items()})))


@pytest.fixture
def clients() -> Clients:
    return Clients(OURS, lambda: CA.public_key().public_bytes_raw())


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


def test_an_older_list_brings_nobody_back(clients: Clients) -> None:
    clients.take(said(1_000_000, m1=0))
    clients.take(said(1_000_000 - LATE_SECONDS, m2=0))
    assert clients.barred(OTHER)
    clients.take(said(1_000_000 - LATE_SECONDS / 2, m2=0))  # another host of Seonapi, whose clock is behind
    assert not clients.barred(OTHER)


def test_a_forged_list_changes_nothing(clients: Clients) -> None:
    clients.take(said(1_000, m1=0))
    forged = signed(new_link_ca()[0], Standing(OURS, 2_000, {OTHER: 0}))
    with pytest.raises(IdentityError):
        clients.take(msgspec.json.encode(forged))
    assert clients.barred(OTHER)
    assert not clients.barred(ONE)
