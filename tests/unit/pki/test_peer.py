"""Every certificate that OpenSSL takes has a fingerprint, a name, a time and a key; what cannot be read is said so."""

import hashlib
import time
import warnings

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ed448, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import crypto

from certificates import make, rsa_key
from odd_certificates import CASES, REFUSED, Odd
from seon import pki
from seon.pki import MAX_DER, PkiError, as_shown, peer_certificate

USUAL = make(
    x509.Name.from_rfc4514_string("2.5.4.5=O0013000001ACME,CN=ours\\, Müller & Söhne,O=x+OU=y,C=DE"),
    rsa_key(),
    extensions=[
        (
            x509.SubjectAlternativeName([x509.DNSName("a.example"), x509.UniformResourceIdentifier("OFTP://O0013")]),
            False,
        )
    ],
)
DER = USUAL.certificate.public_bytes(Encoding.DER)


def test_a_usual_certificate_says_what_cryptography_reads_in_it() -> None:
    found, same = peer_certificate(DER), USUAL.certificate
    assert (found.der, found.fingerprint) == (DER, hashlib.sha256(DER).hexdigest())
    assert found.subject == found.subject_text == pki.subject_of(same)
    assert found.issuer == found.issuer_text == pki.issuer_of(same)
    assert found.subject_der == same.subject.public_bytes()
    assert found.issuer_der == same.issuer.public_bytes()
    assert int(found.serial, 16) == same.serial_number
    assert found.not_before == same.not_valid_before_utc.timestamp()
    assert found.not_after == same.not_valid_after_utc.timestamp()
    assert found.key.digest == pki.key_digest(pki.public_key_of(same))
    assert (found.key.text, found.signature_hash) == ("RSA 2048", "sha256")
    assert (found.odette_ids, found.oftp_ids) == (("O0013000001ACME",), ("O0013",))
    assert found.extensions.hosts == ("a.example",)
    assert found.x509 == same
    assert pki.certificate_in_pem(found.pem) == same
    assert found.pem == USUAL.pem


def test_what_a_handshake_has_read_already_is_the_same() -> None:
    assert as_shown(crypto.load_certificate(crypto.FILETYPE_ASN1, DER)) == peer_certificate(DER)


@pytest.mark.parametrize("name", CASES)
def test_a_certificate_that_breaks_a_rule_is_read(name: str) -> None:
    odd = CASES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = peer_certificate(odd.der)
        assert found.x509 is None or isinstance(found.x509, x509.Certificate)
    assert found.fingerprint == hashlib.sha256(odd.der.removesuffix(odd.behind)).hexdigest()
    assert found.subject.isprintable()
    assert 0 < len(found.subject) <= 500
    assert len(found.serial) <= 128
    assert found.openssl.get_version() >= 0


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("ampersand", "CN=EX&M"),
        ("underscore", "CN=my_host"),
        ("T61 umlauts", "CN=Müller"),
        ("IA5 umlauts", "CN=Müller"),
        ("IA5 umlauts in UTF-8", "CN=Müller"),
        ("BMPString", "CN=Müller"),
        ("UniversalString", "CN=Müller"),
        ("empty RDN", "CN=odd"),
        ("empty subject", "(empty)"),
        ("huge name", "(unreadable)"),
        ("many parts", "(unreadable)"),
        ("bits as a name", "CN=#03020001"),
        ("NUL in a name", r"CN=good\00.evil"),
        ("orders to a terminal", r"CN=a\1B[2K\E2\80\AEb"),
    ],
)
def test_a_name_is_shown_as_its_maker_meant_it(name: str, subject: str) -> None:
    assert peer_certificate(CASES[name].der).subject == subject


@pytest.mark.parametrize("name", ["an extension twice", "nonsense in an extension", "10,000 names"])
def test_extensions_that_cannot_be_read_are_none(name: str) -> None:
    assert peer_certificate(CASES[name].der).extensions is None


@pytest.mark.parametrize("name", ["ampersand", "critical FALSE", "ECDSA with NULL", "negative serial", "year 0"])
def test_what_is_wrong_elsewhere_hides_no_extension(name: str) -> None:
    assert peer_certificate(CASES[name].der).extensions.is_ca is False


def test_a_time_that_is_none_is_never() -> None:
    found = peer_certificate(CASES["30 February"].der)
    assert found.not_before > 253_000_000_000
    assert found.not_after == 0


@pytest.mark.parametrize("name", REFUSED)
def test_what_openssl_cannot_read_is_refused_with_its_sha256(name: str) -> None:
    der = REFUSED[name].der
    with pytest.raises(PkiError, match=hashlib.sha256(der).hexdigest()):
        peer_certificate(der)


@pytest.mark.parametrize("octets", [b"", b"\x30", b"\x30\x80", b"-----BEGIN CERTIFICATE-----", bytes(MAX_DER + 1)])
def test_what_is_no_certificate_is_an_error_of_ours(octets: bytes) -> None:
    with pytest.raises(PkiError):
        peer_certificate(octets)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519 256"),
        (ed448.Ed448PrivateKey.generate(), "Ed448 456"),
        (dsa.generate_private_key(1_024), "DSA 1024"),
    ],
    ids=["Ed25519", "Ed448", "DSA"],
)
def test_each_kind_of_key_is_named(key, text: str) -> None:
    certificate = pki.issue(USUAL.key, USUAL.certificate, key.public_key(), pki.Leaf(common_name="x", until=UNTIL))
    assert peer_certificate(certificate.public_bytes(Encoding.DER)).key.text == text


UNTIL = USUAL.certificate.not_valid_after_utc


def test_each_octet_changed_is_taken_or_refused() -> None:
    whole, taken, refusals = Odd().der, 0, []
    for position in range(len(whole)):
        for octet in {0, 0x80, 0xFF, whole[position] ^ 1, whole[position] ^ 0x20}:
            try:
                peer_certificate(whole[:position] + bytes([octet]) + whole[position + 1 :])
                taken += 1
            except PkiError as error:
                refusals.append(str(error))
    assert taken > 300
    assert len(refusals) > 300
    assert all("OpenSSL cannot read it" in refusal for refusal in refusals), "all that OpenSSL takes is taken"


def test_reading_takes_a_third_of_a_millisecond_at_most() -> None:
    peer_certificate(DER)
    took = []
    for _ in range(20):
        began = time.process_time()
        for _ in range(10):
            peer_certificate(DER)
        took.append((time.process_time() - began) / 10)
    assert min(took) < 0.0003
