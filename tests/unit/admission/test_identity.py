"""What a certificate says of its holder."""

import datetime as dt

from cryptography import x509
from cryptography.x509.oid import NameOID

from seon.admission.identity import NOBODY, identity_of


def test_an_identity_is_the_whole_certificates_fingerprint_and_its_names(partner) -> None:
    identity = identity_of(partner.shown)
    assert identity.fingerprint == partner.fingerprint
    assert identity.subject == identity.issuer == "CN=partner"
    assert int(identity.serial, 16) == partner.certificate.serial_number
    assert dt.datetime.fromtimestamp(identity.not_after, dt.UTC) == partner.certificate.not_valid_after_utc


def test_a_refusal_names_every_part_even_where_there_is_none(partner) -> None:
    assert set(identity_of(partner.shown).as_fields()) == set(NOBODY)


def test_a_long_name_is_cut(certificate) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "x" * 60)] * 40)
    assert len(identity_of(certificate(name).shown).subject) == 500
