"""Certificates and keys are found in whatever file people have; what is no such file is told in words."""

import base64
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs7,
    pkcs12,
)

from certificates import make, rsa_key
from seon import pki
from seon.pki import KeyLockedError, PkiError, WrongPasswordError
from seon.pki.containers import MAX_CERTIFICATES, MAX_KEYS, Contents, read_container

FILES = Path(__file__).parents[2] / "vectors" / "certificates"
CA = make("the CA", ca=True)
OURS = make("ours", issuer=CA)
BOTH = [OURS.certificate, CA.certificate]
DER = OURS.certificate.public_bytes(Encoding.DER)
PASSWORD = b"geheim"


def of(found: Contents) -> list[pki.Certificate | None]:
    return [held.x509 for held in found.certificates]


def pfx(password: bytes | None = PASSWORD) -> bytes:
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"ours", OURS.key, OURS.certificate, [CA.certificate], protection)


def wrapped(der: bytes, label: str) -> bytes:
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n".encode()


@pytest.mark.parametrize(
    "octets",
    [
        OURS.pem.encode() + CA.pem.encode(),
        b"Bag Attributes\n    friendlyName: ours\n" + OURS.pem.encode() + b"# the CA:\n" + CA.pem.encode(),
        (OURS.pem + CA.pem).replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + (OURS.pem + CA.pem).encode(),
        b"\xff\xfe" + (OURS.pem + CA.pem).encode("utf-16-le"),
        b"\xfe\xff" + (OURS.pem + CA.pem).encode("utf-16-be"),
        (OURS.pem + CA.pem).encode("utf-16-le"),
        OURS.pem.encode() * 2 + CA.pem.encode(),
        OURS.pem.encode() + pki.new_request(CA.key, "x").encode() + CA.pem.encode(),
    ],
    ids=[
        "PEM",
        "with remarks",
        "CRLF",
        "UTF-8 mark",
        "UTF-16LE",
        "UTF-16BE",
        "UTF-16 without mark",
        "twice",
        "request",
    ],
)
def test_certificates_are_read_from_text_in_their_order(octets: bytes) -> None:
    found = read_container(octets)
    assert (of(found), found.keys) == (BOTH, [])


@pytest.mark.parametrize(
    "octets",
    [DER, base64.b64encode(DER), base64.encodebytes(DER), b"\n" + base64.encodebytes(DER).replace(b"\n", b"\r\n")],
    ids=["DER", "one line", "lines", "CRLF"],
)
def test_one_certificate_is_read_without_begin_and_end(octets: bytes) -> None:
    assert of(read_container(octets)) == [OURS.certificate]


@pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER])
def test_pkcs7_is_read(form: Encoding) -> None:
    found = read_container(pkcs7.serialize_certificates(BOTH, form)).certificates
    assert {held.fingerprint for held in found} == {OURS.fingerprint, CA.fingerprint}


@pytest.mark.parametrize("password", [PASSWORD, None, b"another"], ids=["needed", "none", "not needed"])
def test_pkcs12_is_read_with_its_key(password: bytes | None) -> None:
    found = read_container(pfx(PASSWORD if password == PASSWORD else None), password)
    assert of(found) == BOTH
    assert [pki.pem_of_key(key) for key in found.keys] == [OURS.key_pem]


def test_pkcs12_of_an_old_tool_is_read() -> None:
    found = read_container((FILES / "rc2-40.p12").read_bytes(), PASSWORD)
    assert [held.subject for held in found.certificates] == ["CN=an old tool's"]
    assert pki.is_key_of(found.keys[0], of(found)[0])


@pytest.mark.parametrize("name", ["p12", "key", "der"])
def test_a_password_that_is_missing_or_wrong_is_said_as_that(name: str) -> None:
    protection = BestAvailableEncryption(PASSWORD)
    octets = {
        "p12": pfx(),
        "key": OURS.pem.encode() + OURS.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection),
        "der": OURS.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, protection),
    }[name]
    assert read_container(octets, PASSWORD).keys
    for missing in (None, b""):
        with pytest.raises(KeyLockedError, match="protected by a password"):
            read_container(octets, missing)
    with pytest.raises(WrongPasswordError, match=r"password of the .* is wrong"):
        read_container(octets, b"another")


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("made", [OURS, make("rsa", rsa_key())], ids=["EC", "RSA"])
def test_a_key_is_read_beside_its_certificate_in_each_form(form: PrivateFormat, made: object) -> None:
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    pem = made.key.private_bytes(Encoding.PEM, form, NoEncryption())  # type: ignore[attr-defined]
    found = read_container(parameters + pem + made.pem.encode())  # type: ignore[attr-defined]
    assert of(found) == [made.certificate]  # type: ignore[attr-defined]
    assert [pki.pem_of_key(key) for key in found.keys] == [made.key_pem]  # type: ignore[attr-defined]


MANY = b"".join(make(str(number)).pem.encode() for number in range(MAX_CERTIFICATES + 1))


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "it is empty"),
        (b"\x30\x80", "damaged, or something else"),
        (b"a text about certificates", "damaged, or something else"),
        (b"A" * 200, "zeros only"),
        (DER[:-1], r"cut off: it says that it has \d+ octets.*SHA-256 of its octets: [0-9a-f]{64}"),
        (OURS.pem.encode()[:-20], "cut off"),
        (wrapped(b"\x30\x00", "CERTIFICATE"), "damaged, or something else"),
        (b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "not base64"),
        (wrapped(b"\x30\x00", "PKCS7"), "PKCS#7 file cannot be used"),
        (wrapped(b"\x30\x00", "PRIVATE KEY"), "no private key can be read"),
        (wrapped(b"\x30\x00", "X9.42 DH PARAMETERS"), "neither a certificate nor a private key"),
        (wrapped(b"\x30\x00", "EC PARAMETERS"), "neither a certificate nor a private key"),
        (pki.new_request(OURS.key, "x").encode(), "it is a certificate request"),
        (pfx()[:100], "damaged|cannot be read|password"),
        (MANY, f"more than {MAX_CERTIFICATES} cert"),
        (OURS.key_pem * (MAX_KEYS + 1), f"more than {MAX_KEYS} private keys"),
    ],
    ids=range(16),
)  # fmt: skip
def test_what_is_something_else_is_told_in_words(octets: bytes, reason: str) -> None:
    with pytest.raises(PkiError, match=reason):
        read_container(octets)


@pytest.mark.parametrize("name", ["printable-ampersand.pem", "critical-false.pem", "t61-umlauts.pem", "empty-rdn.pem"])
def test_a_certificate_that_breaks_the_rules_of_x509_is_read_all_the_same(name: str) -> None:
    (found,) = read_container((FILES / name).read_bytes()).certificates
    assert found.subject.isprintable()
    assert found.extensions is not None


def test_an_old_pem_with_a_cipher_of_its_own_is_read(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(OURS.old_key_pem)
    done = subprocess.run(
        ["openssl", "ec", "-in", str(key), "-des3", "-passout", "pass:geheim"], capture_output=True, check=True
    )
    assert b"Proc-Type: 4,ENCRYPTED" in done.stdout
    assert [pki.pem_of_key(found) for found in read_container(done.stdout, PASSWORD).keys] == [OURS.key_pem]


def test_a_file_of_beginnings_alone_is_refused_within_seconds() -> None:
    began = time.process_time()
    with pytest.raises(PkiError, match="its END line is missing"):
        read_container(b"-----BEGIN A-----" * 60_000)
    assert time.process_time() - began < 10  # it took minutes
