"""A list is read in a child that has none of the server's keys. Real forks."""

import asyncio

import pytest
from OpenSSL import SSL

from certificates import make, make_link_pki
from revocation_lists import by_hand, make_list, many, serial_of
from seon.net.context import accepting, connecting, link_dialler, link_listener
from seon.pki import PkiError
from seon.pki.serials import find
from seon.server import revocation_child
from seon.server.revocation_child import prepare_apart
from seon.server.revocation_table import prepare, read_prepared

SHA = "ab" * 32


def test_a_child_reads_a_list_and_the_main_has_its_table(alone) -> None:
    alone(reads)


def reads() -> None:
    issuer = make("CA", ca=True)
    known, name = read_prepared(asyncio.run(prepare_apart(bytearray(by_hand(issuer, many(1_000))), issuer.pem)), SHA)
    assert name == "CN=CA"
    assert find(known.table, serial_of(999))
    other = make_list(make("CA", ca=True))
    with pytest.raises(PkiError, match="its signature is not that of its issuer"):
        read_prepared(asyncio.run(prepare_apart(other, issuer.pem)), SHA)


def test_a_child_has_no_key_of_its_main(alone) -> None:
    alone(has_no_key)


def has_no_key() -> None:
    pki = make_link_pki()
    listener = link_listener(pki.server_chain, pki.identity_pem, pki.ca_pem)
    chain, key, authority = pki.client_chain, pki.client_pem, pki.ca_pem

    def look(*arguments) -> bytes:
        assert not _shakes_hands(accepting(listener.context), connecting(link_dialler(chain, key, authority).context))
        return prepare(*arguments)

    revocation_child.prepare = look
    issuer = make("CA", ca=True)
    assert read_prepared(asyncio.run(prepare_apart(make_list(issuer), issuer.pem)), SHA)
    assert _shakes_hands(accepting(listener.context), connecting(link_dialler(chain, key, authority).context))


def _shakes_hands(one: SSL.Connection, two: SSL.Connection) -> bool:
    from unit.conftest import shake_hands

    try:
        shake_hands(one, two)
    except SSL.Error:
        return False
    return True
