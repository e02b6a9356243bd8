"""What stored lists say of a few certificates is what a server says that has them whole."""

import sys
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

sys.path.insert(0, str(Path(__file__).parent))

from placing import take_over

import certificates
from crl_web import make_list, points
from seon.admission.revocation import State
from seon.backend.acting.actors import owner
from seon.backend.anchors.actions import add_anchor
from seon.backend.revocation.known import lists_for, state_by_lists
from seon.backend.revocation.models import CrlUrl
from seon.backend.revocation.places import issuer_of
from seon.pki import PeerCertificate, peer_certificate
from seon.pki.lists import read_list

URL = "http://crl.example/ca.crl"
CA = certificates.make("CA", ca=True)
LEAF = certificates.make("Leaf", issuer=CA, extensions=[points(URL)])


def peer(made: certificates.Made) -> PeerCertificate:
    return peer_certificate(made.certificate.public_bytes(Encoding.DER))


def state(made: certificates.Made = LEAF, issuer: certificates.Made = CA) -> State:
    chain = ((peer(made), peer(issuer)),)
    now = peer(made).not_before + 86_400 * 2
    return lists_for(chain).look_up(*chain[0], now, 86_400.0 * 15).state


def store(der: bytes, url: str = URL) -> None:
    place, _ = CrlUrl.objects.get_or_create(issuer=issuer_of(peer(CA)), url=url)
    take_over(read_list(der), place)


def test_without_a_list_it_is_not_yet_known() -> None:
    assert state() is State.NOT_YET_KNOWN


def test_who_is_in_the_list_is_revoked_and_nobody_else() -> None:
    other = certificates.make("Other", issuer=CA, extensions=[points(URL)])
    store(make_list(CA, [5, LEAF.certificate.serial_number]))
    assert state() is State.REVOKED
    assert state(other) is State.GOOD


def test_a_list_that_is_overdue_is_stale() -> None:
    store(make_list(CA, age=timedelta(days=9), life=timedelta(days=1)))
    assert state() is State.STALE


def test_a_list_of_another_ca_says_nothing() -> None:
    store(make_list(CA, [LEAF.certificate.serial_number]))
    twin = certificates.make("CA", ca=True)
    assert state(LEAF, twin) is State.NOT_YET_KNOWN


def test_the_state_of_one_certificate_is_asked_below_anchors_that_have_signed_it() -> None:
    assert state_by_lists(peer(LEAF)) is None
    twin = certificates.make("CA", ca=True)
    add_anchor(owner(), twin.pem.encode())
    assert state_by_lists(peer(LEAF)) is None, "the same name, and another key"
    store(make_list(CA, [LEAF.certificate.serial_number]))
    found = state_by_lists(peer(LEAF))
    assert found is not None
    assert found.state is State.REVOKED
