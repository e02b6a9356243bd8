"""A name that was read in a certificate, and the same name typed, are the same text: admission compares texts."""

import functools

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

import certificates
from seon.pki import peer_certificate
from seon.pki.typed_names import name_text

KINDS = (
    NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.GIVEN_NAME,
    NameOID.ORGANIZATION_IDENTIFIER, NameOID.USER_ID,
)  # fmt: skip
part = st.builds(
    x509.NameAttribute, st.sampled_from(KINDS), st.text(alphabet='aB0 ,+"\\<>;=#/üé中', min_size=1, max_size=8)
)
relative = st.lists(part, min_size=1, max_size=3, unique=True).map(x509.RelativeDistinguishedName)
names = st.lists(relative, min_size=1, max_size=4).map(x509.Name)


@functools.cache
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@settings(max_examples=200, deadline=None)
@given(names)
def test_a_name_that_is_read_and_the_same_name_typed_are_one_text(name: x509.Name) -> None:
    shown = certificates.make(name, key=key()).certificate
    read = peer_certificate(shown.public_bytes(certificates.Encoding.DER)).subject_text
    assert read is not None
    assert name_text(read) == read
    assert name_text(name.rfc4514_string()) == read
