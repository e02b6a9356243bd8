"""What is no certificate is told by name."""

import datetime as dt
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certificates import common_name, make
from seon import pki
from seon.pki import kinds

MADE = make("ours", ca=True)
DER = MADE.certificate.public_bytes(Encoding.DER)
NOW = dt.datetime.now(dt.UTC)
CRL = x509.CertificateRevocationListBuilder(common_name("x"), NOW, NOW).sign(MADE.key, hashes.SHA256())
REQUEST = x509.load_pem_x509_csr(pki.new_request(MADE.key, "x").encode()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "it is empty"),
        (b"\r\n ", "it is empty"),
        (bytes(10), "zeros only"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"\n<html lang='de'>", "HTML"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04\x14\0", "ZIP archive, or a document of Word"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
        (b"{\\rtf1\\ansi", "RTF"),
        (b"\x1f\x8b\x08\0", "packed archive"),
        (b"\xfe\xed\xfe\xed\0\0\0\2", "keystore of Java.*keytool"),
        (b"\0\0\0\0CERT", "certificate store of Windows"),
        (b"\x89PNG\r\n", "picture"),
        (b"ssh-ed25519 AAAAC3", "public key of OpenSSH"),
        (b"PuTTY-User-Key-File-3: ssh-rsa", "PuTTY"),
        (b"---- BEGIN SSH2 PUBLIC KEY ----", "ssh"),
        (b'{"keys": []}', "JSON"),
        (b"From: a@b\nTo: c@d\nMIME-Version: 1.0\n", "mail: save its attachment"),
        (DER[:-10], r"cut off: it says that it has \d+ octets, and \d+ are there"),
        (CRL.public_bytes(Encoding.DER), "list of revoked certificates"),
        (REQUEST, "certificate request"),
        (MADE.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), "public key alone"),
        (b"\x30\x03\x02\x01\x05", "damaged, or something else"),
        (b"a text about certificates", "damaged, or something else"),
        (b"\x30", "damaged, or something else"),
        (b"\x30\x80", "damaged, or something else"),
    ],
)
def test_a_file_is_told_by_its_octets(octets: bytes, words: str) -> None:
    assert re.search(words, kinds.of_octets(octets))


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("NEW CERTIFICATE REQUEST", "certificate request"),
        ("X509 CRL", "list of revoked certificates"),
        ("PUBLIC KEY", "public key alone"),
        ("OPENSSH PRIVATE KEY", "private key of OpenSSH"),
        ("ENCRYPTED PRIVATE KEY", "protected by a password"),
        ("RSA PRIVATE KEY", "it is a private key"),
        ("PGP PUBLIC KEY BLOCK", "PGP"),
    ],
)
def test_a_block_is_told_by_its_label(label: str, words: str) -> None:
    assert words in kinds.of_labels([b"SOMETHING", label.encode()])


def test_a_label_that_says_nothing_is_told_as_nothing() -> None:
    assert kinds.of_labels([b"EC PARAMETERS"]) == "" == kinds.of_labels([])
