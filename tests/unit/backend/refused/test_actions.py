import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

import certificates
from seon.api_messages import RefusedCertificate as Told
from seon.backend.acting.actors import owner
from seon.backend.errors import OperatorError
from seon.backend.partners.actions import add_partner
from seon.backend.refused.actions import partner_from_refused, pin_refused, remove_refused
from seon.backend.refused.models import RefusedCertificate
from seon.backend.refused.recording import remember

BY = owner()
URIS = (x509.SubjectAlternativeName([x509.UniformResourceIdentifier("oftp://O0013B")]), False)


def kept(subject: x509.Name | str = "Stranger", verdict: str = "UNKNOWN", **options) -> certificates.Made:
    made = certificates.make(subject, **options)
    remember(Told(made.certificate.public_bytes(Encoding.DER), "192.0.2.1:5", verdict, "no", time.time()))
    return made


def named(**parts: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(getattr(NameOID, key), text) for key, text in parts.items()])


def test_a_partner_is_made_of_one_with_pin_name_and_odette_ids() -> None:
    made = kept(named(ORGANIZATION_NAME="Acme AG", COMMON_NAME="Acme, Inc", SERIAL_NUMBER="O0013A"), extensions=[URIS])
    partner = partner_from_refused(BY, made.fingerprint[:12], "acme", codes=["O0013A"])
    assert (partner.name, partner.odette_ids) == ("Acme, Inc", "O0013A\nO0013B")
    assert [row.fingerprint for row in partner.certificates.all()] == [made.fingerprint]
    assert not RefusedCertificate.objects.exists()


@pytest.mark.parametrize(
    ("subject", "name"),
    [(named(ORGANIZATION_NAME="Acme AG"), "Acme AG"), (named(COUNTRY_NAME="DE"), "acme"), (x509.Name([]), "acme")],
)
def test_the_name_is_what_there_is(subject: x509.Name, name: str) -> None:
    assert partner_from_refused(BY, kept(subject).fingerprint, "acme").name == name


def test_an_odette_id_of_another_partner_makes_no_second_partner_but_tells_how_to_pin() -> None:
    add_partner(BY, "acme", "Acme", [], [], odette_ids=["O0013A"])
    made = kept(named(COMMON_NAME="Acme", SERIAL_NUMBER="O0013A"))
    with pytest.raises(OperatorError, match=f"add acme --refused {made.fingerprint[:16]}"):
        partner_from_refused(BY, made.fingerprint, "acme2")
    assert RefusedCertificate.objects.exists()
    assert pin_refused(BY, made.fingerprint, "acme").fingerprint == made.fingerprint
    assert not RefusedCertificate.objects.exists()


def test_a_revoked_one_is_pinned_by_force_alone() -> None:
    """No list is asked for what is pinned: who makes a partner of it would let in what its CA has withdrawn."""
    made = kept("Revoked", verdict="REVOKED")
    add_partner(BY, "acme", "Acme", [], [])
    for pin in (pin_refused, partner_from_refused):
        with pytest.raises(OperatorError, match="CA has withdrawn it"):
            pin(BY, made.fingerprint, "acme")
    assert pin_refused(BY, made.fingerprint, "acme", force=True).fingerprint == made.fingerprint


def test_one_that_should_not_be_pinned_is_taken_by_force_alone() -> None:
    made = kept("Old", days=-1)
    with pytest.raises(OperatorError, match="expired"):
        partner_from_refused(BY, made.fingerprint, "old")
    assert partner_from_refused(BY, made.fingerprint, "old", force=True).identifier == "old"


def test_all_are_forgotten_at_once_and_one_that_is_named_twice_once() -> None:
    one = kept(named(COMMON_NAME="One"))
    assert len(remove_refused(BY, [one.fingerprint, one.fingerprint[:8]])) == 1
    kept(named(COMMON_NAME="Two")), kept(named(COMMON_NAME="Three"))
    assert len(remove_refused(BY, None)) == 2
    assert remove_refused(BY, None) == []
    assert not RefusedCertificate.objects.exists()


def test_an_odette_id_that_no_list_of_them_can_have_is_left_out() -> None:
    made = kept(named(COMMON_NAME="Acme", SERIAL_NUMBER="O0013A,O0013B"))
    assert partner_from_refused(BY, made.fingerprint, "acme").odette_ids == ""
