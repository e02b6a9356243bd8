from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

import certificates
from seon import pki
from seon.backend.anchors.reading import anchor_in
from seon.backend.errors import OperatorError
from seon.pki import making


def taken(octets: bytes | str, *, force: bool = False) -> str:
    data = octets.encode() if isinstance(octets, str) else octets
    return pki.fingerprint(anchor_in(data, datetime.now(UTC), force=force).certificate)


def test_a_leaf_is_refused_with_where_it_belongs() -> None:
    with pytest.raises(OperatorError, match=r"CN=Partner is no CA: .*seonapi partner certificate add"):
        taken(certificates.make("Partner").pem)


def test_an_expired_one_is_taken_by_force_alone() -> None:
    old = certificates.make("CA", ca=True, days=-1)
    with pytest.raises(OperatorError, match=r"CN=CA expired on .*use --force"):
        taken(old.pem)
    assert taken(old.pem, force=True) == old.fingerprint


def test_a_key_that_would_hold_the_server_is_refused() -> None:
    huge = rsa.RSAPublicNumbers(65_537, (1 << 8_200) | 1).public_key()
    constraints = (x509.BasicConstraints(ca=True, path_length=None), True)
    made = certificates.certified(huge, "CA", certificates.make("Root", ca=True), extensions=[constraints])
    with pytest.raises(OperatorError, match="RSA key of 8201 bits; there can be 8192"):
        taken(pki.pem_of(made), force=True)


def test_a_ca_whose_key_may_not_sign_certificates_is_refused() -> None:
    usage = making._usage(signs_certificates=False)
    with pytest.raises(OperatorError, match="its key may not sign certificates"):
        taken(certificates.make("CA", ca=True, extensions=[(usage, True)]).pem)


def test_md5_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(pki, "signature_hash_of", lambda _: hashes.MD5.name)  # no program here signs with it any more
    with pytest.raises(OperatorError, match="signed with MD5"):
        taken(certificates.make("CA", ca=True).pem, force=True)


def test_two_cas_of_which_none_is_below_the_other_are_for_two_files() -> None:
    one, two = certificates.make("One", ca=True), certificates.make("Two", ca=True)
    with pytest.raises(OperatorError, match=r"2 CAs.*a file of its own"):
        taken(one.pem + two.pem)


def test_one_too_large_to_cross_is_refused() -> None:
    names = x509.SubjectAlternativeName([x509.DNSName(f"{'x' * 60}{n}.example") for n in range(400)])
    with pytest.raises(OperatorError, match="octets; there can be 20000"):
        taken(certificates.make("CA", ca=True, extensions=[(names, False)]).pem)


@pytest.mark.parametrize("octets", [b"", b"x", b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_said_to_be_none(octets: bytes) -> None:
    with pytest.raises(OperatorError, match="No certificate can be read there"):
        taken(octets)
