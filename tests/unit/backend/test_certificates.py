from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from seon.backend.certificates import check_belongs, read_chain, read_key
from seon.backend.errors import OperatorError


def test_pem_and_der_are_read(certificate_of: Callable[..., Any]) -> None:
    pem = certificate_of("a").pem.encode()
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    assert read_chain(der) == read_chain(pem)
    assert len(read_chain(pem * 10)) == 10


def test_what_is_no_certificate_or_too_many_is_refused(certificate_of: Callable[..., Any]) -> None:
    with pytest.raises(OperatorError, match="More than"):
        read_chain(certificate_of("a").pem.encode() * 11)
    for octets in (
        b"",
        b"\0",
        b"-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n",
        certificate_of("a").old_key_pem,
    ):
        with pytest.raises(OperatorError, match="No certificate"):
            read_chain(octets)


def test_a_key_becomes_pkcs8_whatever_its_form(certificate_of: Callable[..., Any]) -> None:
    made = certificate_of("a")
    key = load_pem_private_key(made.old_key_pem, None)
    assert read_key(made.old_key_pem).startswith(b"-----BEGIN PRIVATE KEY-----")
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert read_key(der) == read_key(made.old_key_pem)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    assert read_key(locked, b"word") == read_key(made.old_key_pem)
    for password in (None, b"wrong"):
        with pytest.raises(OperatorError, match="password"):
            read_key(locked, password)


def test_weak_and_unsuitable_keys_are_refused() -> None:
    weak = rsa.generate_private_key(65_537, 1_024)
    with pytest.raises(OperatorError, match="2048"):
        read_key(weak.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    other = Ed25519PrivateKey.generate()
    with pytest.raises(OperatorError, match="RSA and ECDSA"):
        read_key(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def test_key_and_certificate_must_belong_together(certificate_of: Callable[..., Any]) -> None:
    one, two = certificate_of("one"), certificate_of("two")
    check_belongs(read_chain(one.pem.encode())[0], read_key(one.old_key_pem))
    with pytest.raises(OperatorError, match="belong together"):
        check_belongs(read_chain(one.pem.encode())[0], read_key(two.old_key_pem))
