"""PKCS#7 gives its certificates, whatever rule they break; PKCS#12 is opened where it can hold up nobody."""

import hashlib
import hmac
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from certificates import make
from odd_certificates import CASES, sequence, tlv
from seon import pki
from seon.pki import PkiError, peer_certificate, pkcs
from seon.pki.rounds import demands_too_much

CA = make("CA", ca=True)
OURS = make("ours", issuer=CA)
SIGNED, ENVELOPED = (tlv(6, bytes.fromhex(f"2a864886f70d01070{kind}")) for kind in (2, 3))
VERSION, NO_HASHES, NO_CONTENT = b"\x02\x01\x01", b"\x31\0", sequence(tlv(6, bytes.fromhex("2a864886f70d010701")))


def signed_data(*certificates: bytes) -> bytes:
    bag = tlv(0xA0, *certificates)
    return sequence(SIGNED, tlv(0xA0, sequence(VERSION, NO_HASHES, NO_CONTENT, bag, b"\x31\0")))


def test_certificates_of_pkcs7_are_found() -> None:
    der = pkcs7.serialize_certificates([OURS.certificate, CA.certificate], Encoding.DER)
    assert pkcs.is_signed_data(der)
    found = {peer_certificate(one).fingerprint for one in pkcs.certificates_in_pkcs7(der)}
    assert found == {OURS.fingerprint, CA.fingerprint}


def test_a_certificate_that_breaks_a_rule_is_found_too() -> None:
    (found,) = pkcs.certificates_in_pkcs7(signed_data(CASES["ampersand"].der))
    assert found == CASES["ampersand"].der


def test_pkcs7_of_open_length_is_read() -> None:
    der = CASES["ampersand"].der
    inner = b"\x30\x80" + VERSION + NO_HASHES + NO_CONTENT + b"\xa0\x80" + der + b"\0\0" + b"\x31\0" + b"\0\0"
    whole = b"\x30\x80" + SIGNED + b"\xa0\x80" + inner + b"\0\0\0\0"
    assert pkcs.is_signed_data(whole)
    assert pkcs.certificates_in_pkcs7(whole) == [der]


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (signed_data(), "no certificate in it"),
        (sequence(ENVELOPED, tlv(0xA0, sequence())), "encrypted message"),
        (sequence(SIGNED), "cannot be read"),
        (sequence(), "cannot be read"),
        (b"", "cannot be read"),
        (signed_data(*[b"\x30\0"] * 201), "cannot be read"),
    ],
)
def test_pkcs7_without_certificates_is_said_to_have_none(octets: bytes, reason: str) -> None:
    with pytest.raises(PkiError, match=reason):
        pkcs.certificates_in_pkcs7(octets)


def made_by_openssl(tmp_path: Path, *options: str) -> bytes:
    OURS.write(tmp_path / "cert", tmp_path / "key")
    command = ["openssl", "pkcs12", "-export", "-in", "cert", "-inkey", "key", "-out", "p12", "-passout", "pass:x"]
    subprocess.run([*command, *options], cwd=tmp_path, check=True, capture_output=True)
    return (tmp_path / "p12").read_bytes()


def test_pkcs12_is_opened_by_a_process_of_its_own(tmp_path: Path) -> None:
    opened = pkcs.opened_pkcs12(made_by_openssl(tmp_path), b"x")
    assert [peer_certificate(one).fingerprint for one in opened.certificates] == [OURS.fingerprint]
    assert [pki.pem_of_key(pki.private_key_in(key)) for key in opened.keys] == [OURS.key_pem]


def hidden(rounds: int) -> bytes:
    """Return a PKCS#12 file with a key that demands these rounds, inside an encrypted part, where nobody sees them."""
    shrouded = sequence(pbes2(rounds), tlv(4, bytes(64)))
    bag = sequence(tlv(6, bytes.fromhex("2a864886f70d010c0a0102")), tlv(0xA0, shrouded))
    encrypted = encrypted_by(b"x", sequence(bag))
    data = tlv(6, bytes.fromhex("2a864886f70d010701"))
    part = sequence(data, pbes2(1), tlv(0x80, encrypted))
    safe = sequence(sequence(tlv(6, bytes.fromhex("2a864886f70d010706")), tlv(0xA0, sequence(b"\x02\x01\0", part))))
    return sequence(b"\x02\x01\x03", sequence(data, tlv(0xA0, tlv(4, safe))), mac_of(b"x", safe))


def mac_of(password: bytes, safe: bytes) -> bytes:
    """Return MacData (RFC 7292 4, appendix B.2 for one round)."""
    salt, secret = bytes(8), password.decode().encode("utf-16-be") + b"\0\0"
    key = hashlib.sha256(b"\3" * 64 + salt * 8 + (secret * 64)[:64]).digest()
    digest = sequence(tlv(6, bytes.fromhex("608648016503040201")), b"\5\0")
    return sequence(sequence(digest, tlv(4, hmac.digest(key, safe, "sha256"))), tlv(4, salt), b"\x02\x01\x01")


def pbes2(rounds: int) -> bytes:
    """Return PBES2 with PBKDF2 (HMAC with SHA-256) and AES-256-CBC; salt and vector are zeros."""
    count = tlv(2, rounds.to_bytes(rounds.bit_length() // 8 + 1, "big"))
    digest = sequence(tlv(6, bytes.fromhex("2a864886f70d0209")), b"\5\0")
    derived = sequence(tlv(6, bytes.fromhex("2a864886f70d01050c")), sequence(tlv(4, bytes(8)), count, digest))
    cipher = sequence(tlv(6, bytes.fromhex("60864801650304012a")), tlv(4, bytes(16)))
    return sequence(tlv(6, bytes.fromhex("2a864886f70d01050d")), sequence(derived, cipher))


def encrypted_by(password: bytes, content: bytes) -> bytes:
    key = hashlib.pbkdf2_hmac("sha256", password, bytes(8), 1, 32)
    padding = 16 - len(content) % 16
    encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    return encryptor.update(content + bytes([padding]) * padding) + encryptor.finalize()


def test_a_key_that_hides_its_rounds_is_given_up_after_a_time() -> None:
    octets = hidden(2**31 - 1)
    assert not demands_too_much(octets), "the number is seen only when it is open"
    began = time.monotonic()
    with pytest.raises(PkiError, match=r"more than 1 seconds.*too many rounds"):
        pkcs.opened_pkcs12(octets, b"x", cpu_seconds=1)
    assert time.monotonic() - began < 60
    with pytest.raises(PkiError, match=r"wrong|damaged"):  # it is the rounds that take the time
        pkcs.opened_pkcs12(hidden(1), b"x", cpu_seconds=1)


def test_a_process_that_cannot_be_started_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pkcs.sys, "executable", "/nowhere/python")
    with pytest.raises(PkiError, match="no process can be started to open it: No such file"):
        pkcs.opened_pkcs12(b"\x30\0", None)
