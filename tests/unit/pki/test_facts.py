"""Reading and making certificates, keys and requests: what cannot be read is a PkiError, never anything else."""

import datetime as dt
import hashlib
import ipaddress
import warnings

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dh, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.utils import CryptographyDeprecationWarning

from seon import pki
from seon.pki import AlternativeNames, KeyLockedError, Leaf, PkiError, Purpose, WrongPasswordError

FFDHE_2048 = (
    "FFFFFFFFFFFFFFFFADF85458A2BB4A9AAFDC5620273D3CF1D8B9C583CE2D3695A9E13641146433FBCC939DCE249B3EF97D2FE363630C75D8"
    "F681B202AEC4617AD3DF1ED5D5FD65612433F51F5F066ED0856365553DED1AF3B557135E7F57C935984F0C70E0E68B77E2A689DAF3EFE872"
    "1DF158A136ADE73530ACCA4F483A797ABC0AB182B324FB61D108A94BB2C8E3FBB96ADAB760D7F4681D4F42A3DE394DF4AE56EDE76372BB19"
    "0B07A7C8EE0A6D709E02FCE1CDF7E2ECC03404CD28342F619172FE9CE98583FF8E4F1232EEF28183C3FE3B1B4C6FAD733BB5FCBC2EC22005"
    "C58EF1837D1683B2C6F34A26C1B2EFFA886B423861285C97FFFFFFFFFFFFFFFF"
)
SOON = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
KEY, OTHER_KEY = pki.new_ecdsa_key(), pki.new_ed25519_key()
CA = pki.new_authority(KEY, "the CA", SOON)
FULL = Leaf(
    common_name="full",
    serial_number="O0013000001SEON",
    until=SOON,
    purposes=[Purpose.CLIENT, Purpose.SERVER],
    names=AlternativeNames(
        uris=["oftp://O0013"],
        hosts=["a.example"],
        addresses=[ipaddress.IPv4Address("10.0.0.1"), ipaddress.IPv6Address("::1")],
    ),
)
LEAF = pki.issue(KEY, CA, OTHER_KEY.public_key(), FULL)
BARE = pki.self_signed(OTHER_KEY, Leaf(common_name="bare", until=SOON))
READERS = [
    pki.fingerprint,
    pki.pem_of,
    pki.subject_of,
    pki.issuer_of,
    pki.issuer_in_der,
    pki.public_key_of,
    pki.purposes_of,
    pki.alternative_names_of,
    pki.key_identifier_of,
    pki.is_ca,
    pki.key_usages_of,
    lambda certificate: pki.is_issued_by(certificate, CA),
    lambda certificate: pki.is_key_of(OTHER_KEY, certificate),
]


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def altered(certificate: x509.Certificate, old: bytes, new: bytes) -> x509.Certificate:
    """Return a certificate with other octets in the place of these; its signature is wrong then."""
    assert len(old) == len(new)
    assert old in der(certificate)
    return pki.certificate_in_der(der(certificate).replace(old, new))


# --- certificates ---------------------------------------------------------------------------------


def test_pem_is_read_in_its_order_and_der_alone() -> None:
    pem = pki.pem_of(LEAF) + "words between\n" + pki.pem_of(CA)
    assert pki.certificates_in_pem(pem) == pki.certificates_in(pem.encode()) == [LEAF, CA]
    assert pki.certificate_in_pem(pem) == LEAF
    assert pki.certificates_in(der(CA)) == [CA] == [pki.certificate_in_der(der(CA))]


@pytest.mark.parametrize("read", [pki.certificates_in_pem, pki.certificate_in_pem, pki.key_in_request])
@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "\ud800", pki.pem_of_key(KEY).decode(), pki.pem_of(CA)[:-40]],
    ids=["nothing", "words", "half a character", "a key", "a part"],
)
def test_a_text_that_is_something_else_is_an_error_of_ours(read, text) -> None:
    with pytest.raises(PkiError):
        read(text)


@pytest.mark.parametrize(
    "read", [pki.certificates_in, pki.certificate_in_der, pki.private_key_in, pki.private_key_in_pem]
)
@pytest.mark.parametrize(
    "octets",
    [b"", b"\0", b"\x30\x80", b"-----BEGIN", b"-----BEGIN X-----\nAAAA\n-----END X-----"],
    ids=["nothing", "zero", "a sequence", "a beginning", "another kind"],
)
def test_octets_that_are_something_else_are_an_error_of_ours(read, octets) -> None:
    with pytest.raises(PkiError):
        read(octets)


def test_a_certificate_says_what_it_is() -> None:
    assert pki.fingerprint(LEAF) == hashlib.sha256(der(LEAF)).hexdigest()
    assert pki.subject_of(LEAF) == "serialNumber=O0013000001SEON,CN=full"
    assert pki.issuer_of(LEAF) == "CN=the CA"
    assert pki.purposes_of(LEAF) == [Purpose.CLIENT, Purpose.SERVER]
    assert pki.alternative_names_of(LEAF) == FULL.names
    assert pki.public_key_of(LEAF) == OTHER_KEY.public_key()
    assert pki.issuer_in_der(LEAF) == CA.subject.public_bytes()


def test_what_a_certificate_does_not_say_is_none() -> None:
    assert pki.purposes_of(BARE) is None
    assert pki.alternative_names_of(BARE) is None


def test_a_key_has_an_identifier_said_or_not() -> None:
    made = x509.SubjectKeyIdentifier.from_public_key(OTHER_KEY.public_key()).digest
    assert pki.key_identifier_of(LEAF) == made == pki.key_identifier_of(BARE)
    assert pki.key_identifier_of(altered(LEAF, made, bytes(20))) == bytes(20)


def test_who_issued_what() -> None:
    assert pki.is_ca(CA)
    assert not pki.is_ca(LEAF)
    assert not pki.is_ca(BARE)


def test_what_a_key_may_do_is_said_or_not() -> None:
    assert pki.key_usages_of(CA) == {"keyCertSign", "cRLSign"}
    assert pki.key_usages_of(LEAF) == {"digitalSignature"}
    assert pki.key_usages_of(BARE) is None
    assert pki.is_issued_by(LEAF, CA)
    assert pki.is_issued_by(CA, CA)
    assert not pki.is_issued_by(LEAF, BARE)
    assert not pki.is_issued_by(altered(LEAF, b"a.example", b"b.example"), CA)


def test_whose_key_it_is() -> None:
    assert pki.is_key_of(OTHER_KEY, LEAF)
    assert not pki.is_key_of(KEY, LEAF)
    assert not pki.is_key_of(pki.new_ed25519_key(), LEAF)


@pytest.mark.parametrize("name", [b"\x0c\x06the\xff\xfeA", b"\x0e\x06the CA"], ids=["no UTF-8", "no string"])
def test_a_name_that_cannot_be_read_is_said_to_be_so_and_hinders_nothing(name) -> None:
    broken = altered(CA, b"\x0c\x06the CA", name)
    assert pki.subject_of(broken) == pki.issuer_of(broken) == pki.UNREADABLE
    assert len(pki.fingerprint(broken)) == 64
    assert pki.is_ca(broken)


@pytest.mark.parametrize("evil", ["\r", "\n", "\x1b[2K", "\x7f", "\x9b8m", "\u2028", "\u202e"], ids=ascii)
def test_a_name_obeys_no_terminal(evil: str) -> None:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"Acme{evil}, Ü=\\")])
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 1, SOON, SOON)
    certificate = builder.sign(KEY, hashes.SHA256())
    said = pki.subject_of(certificate)
    assert said.isprintable()
    assert said == pki.issuer_of(certificate)
    assert x509.Name.from_rfc4514_string(said) == name, "it is still the name, as RFC 4514 writes it"


def test_a_long_name_is_cut() -> None:
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "x" * 60)] * 40)
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 1, SOON, SOON)
    certificate = builder.sign(KEY, hashes.SHA256())
    assert len(pki.subject_of(certificate)) == len(pki.issuer_of(certificate)) == 500


@pytest.mark.parametrize("certificate", [LEAF, CA], ids=["leaf", "CA"])
def test_no_octet_of_a_certificate_can_raise_anything_but_our_error(certificate) -> None:
    """Strangers show certificates: each octet changed in several ways, each question asked of what can be read."""
    whole, read, refused = der(certificate), 0, 0
    for position in range(len(whole)):
        for octet in {0x00, 0x30, 0xFF, whole[position] ^ 1, whole[position] ^ 0x20}:
            try:
                found = pki.certificate_in_der(whole[:position] + bytes([octet]) + whole[position + 1 :])
            except PkiError:
                refused += 1
                continue
            read += 1
            for ask in READERS:
                try:
                    ask(found)
                except PkiError:
                    continue
    assert read > 500
    assert refused > 200


# --- keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY, OTHER_KEY], ids=["EC", "Ed25519"])
def test_a_key_is_read_in_each_form(key) -> None:
    pem = pki.pem_of_key(key)
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----")
    in_der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    for found in (pki.private_key_in(pem), pki.private_key_in(in_der), pki.private_key_in_pem(bytearray(pem))):
        assert pki.pem_of_key(found) == pem
    with pytest.raises(PkiError):
        pki.private_key_in_pem(in_der)


@pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER])
def test_a_locked_key_is_told_from_one_that_cannot_be_read(form) -> None:
    locked = KEY.private_bytes(form, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    assert pki.pem_of_key(pki.private_key_in(locked, b"word")) == pki.pem_of_key(KEY)
    for password in (None, b""):
        with pytest.raises(KeyLockedError, match="protected by a password"):
            pki.private_key_in(locked, password)
    with pytest.raises(WrongPasswordError, match="password of the private key is wrong"):
        pki.private_key_in(locked, b"another")


def test_a_password_too_many_is_not_needed() -> None:
    assert pki.pem_of_key(pki.private_key_in(pki.pem_of_key(KEY), b"word")) == pki.pem_of_key(KEY)


def test_a_key_that_no_certificate_can_hold_is_told() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        numbers = dh.DHParameterNumbers(int(FFDHE_2048, 16), 2)
        key = numbers.parameters().generate_private_key()
        with pytest.raises(PkiError, match="Diffie-Hellman"):
            pki.public_half(key)


# --- requests -------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY, OTHER_KEY], ids=["EC", "Ed25519"])
def test_a_request_holds_its_key(key) -> None:
    assert pki.key_in_request(pki.new_request(key, "x")) == key.public_key()


def test_a_request_that_another_key_signed_is_none() -> None:
    octets = x509.load_pem_x509_csr(pki.new_request(OTHER_KEY, "x").encode()).public_bytes(Encoding.DER)
    forged = x509.load_der_x509_csr(octets[:-1] + bytes([octets[-1] ^ 1])).public_bytes(Encoding.PEM).decode()
    with pytest.raises(PkiError, match="not signed by its own key"):
        pki.key_in_request(forged)


def test_a_request_says_for_whom_and_for_what_the_certificate_is_to_be() -> None:
    names = AlternativeNames(uris=["oftp://O0013"], hosts=["a.example"])
    pem = pki.new_request(KEY, "us", serial_number="O0013", purposes=[Purpose.SERVER, Purpose.CLIENT], names=names)
    request = x509.load_pem_x509_csr(pem.encode())
    assert request.subject.rfc4514_string() == "2.5.4.5=O0013,CN=us"
    said = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [name.value for name in said] == ["oftp://O0013", "a.example"]
    usages = request.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert {usage.dotted_string for usage in usages} == {Purpose.SERVER.value, Purpose.CLIENT.value}


def test_a_key_has_one_digest_wherever_it_is_met() -> None:
    public = KEY.public_key()
    found = pki.key_digest(pki.public_half(KEY))
    assert (
        found == pki.key_digest(pki.key_in_request(pki.new_request(KEY, "x"))) == pki.key_digest(pki.public_key_of(CA))
    )
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert found == hashlib.sha256(spki).hexdigest()


def test_what_a_signature_was_made_with_is_told() -> None:
    assert pki.signature_hash_of(CA) == "sha256"
    by_itself = pki.new_authority(pki.new_ed25519_key(), "x", SOON)
    assert pki.signature_hash_of(by_itself) == ""


def test_a_name_and_a_key_identifier_tell_who_the_issuer_is_said_to_be() -> None:
    assert pki.names_issuer(LEAF, CA)
    assert not pki.names_issuer(LEAF, BARE)
    assert not pki.names_issuer(LEAF, pki.new_authority(pki.new_ecdsa_key(), "the CA", SOON)), "another key"


def test_a_key_that_may_not_sign_is_told() -> None:
    assert pki.may_sign(LEAF)
    assert not pki.may_sign(CA)


# --- making ---------------------------------------------------------------------------------------


def extensions_of(certificate: x509.Certificate) -> dict[str, bool]:
    """Return which extensions there are, and whether each is critical."""
    return {type(each.value).__name__: each.critical for each in certificate.extensions}


def test_an_authority_issues_leaves_only() -> None:
    assert extensions_of(CA) == {"SubjectKeyIdentifier": False, "BasicConstraints": True, "KeyUsage": True}
    assert CA.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    usage = CA.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature) == (True, True, False)


@pytest.mark.parametrize("critical", [False, True])
def test_what_is_issued_can_issue_nothing_and_says_for_what_it_is(critical) -> None:
    leaf = Leaf(common_name="x", until=SOON, purposes=[Purpose.SERVER], only_these_purposes=critical, names=FULL.names)
    made = pki.issue(KEY, CA, OTHER_KEY.public_key(), leaf)
    assert extensions_of(made) == {
        "SubjectKeyIdentifier": False,
        "BasicConstraints": True,
        "KeyUsage": True,
        "ExtendedKeyUsage": critical,
        "SubjectAlternativeName": False,
        "AuthorityKeyIdentifier": False,
    }
    usage = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature) == (False, False, True)


def test_a_self_signed_certificate_is_its_own_issuer_and_no_authority() -> None:
    assert pki.is_issued_by(BARE, BARE)
    assert extensions_of(BARE) == {"BasicConstraints": True}


def test_a_certificate_begins_an_hour_ago_or_when_it_is_told_to() -> None:
    assert abs(dt.datetime.now(dt.UTC) - pki.BACKDATED - LEAF.not_valid_before_utc) < dt.timedelta(minutes=5)
    assert LEAF.not_valid_after_utc == SOON.replace(microsecond=0)
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    assert pki.self_signed(KEY, Leaf(common_name="x", since=past, until=SOON)).not_valid_before_utc == past


@pytest.mark.parametrize(
    ("leaf", "text"),
    [
        (Leaf(common_name="x" * 65, until=SOON), "xxx"),
        (Leaf(common_name="", until=SOON), "name"),
        (Leaf(common_name="x", until=SOON, names=AlternativeNames(hosts=["münchen"])), "münchen"),
        (Leaf(common_name="x", until=SOON, names=AlternativeNames(uris=["oftp://ü"])), "oftp"),
        (Leaf(common_name="x", until=SOON, since=SOON + dt.timedelta(1)), "cannot end"),
    ],
)  # fmt: skip
def test_what_no_certificate_can_say_is_an_error_that_names_it(leaf, text) -> None:
    for make in (lambda: pki.self_signed(KEY, leaf), lambda: pki.issue(KEY, CA, KEY.public_key(), leaf)):
        with pytest.raises(PkiError, match=text):
            make()


@pytest.mark.parametrize(
    "key",
    [KEY, ec.generate_private_key(ec.SECP384R1()), OTHER_KEY, rsa.generate_private_key(65_537, 2_048)],
    ids=["P-256", "P-384", "Ed25519", "RSA"],
)
def test_a_stand_in_has_another_key_of_the_same_kind(key) -> None:
    certificate = pki.self_signed(key, Leaf(common_name="x", until=SOON))
    found, own = pki.public_key_of(pki.stand_in_for(certificate)), key.public_key()
    assert type(found) is type(own)
    assert found != own
    assert isinstance(found, ed25519.Ed25519PublicKey) or found.key_size == own.key_size


def test_a_kind_of_key_without_a_stand_in_is_refused_with_what_would_do() -> None:
    certificate = pki.issue(KEY, CA, ed448.Ed448PrivateKey.generate().public_key(), Leaf(common_name="x", until=SOON))
    with pytest.raises(PkiError, match="use RSA, EC or Ed25519"):
        pki.stand_in_for(certificate)
