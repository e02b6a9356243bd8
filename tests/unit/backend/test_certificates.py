from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from seon import pki
from seon.backend.certificates import describe_certificate, read_chain, read_files
from seon.backend.errors import OperatorError


def test_pem_and_der_are_read(certificate_of: Callable[..., Any]) -> None:
    pem = certificate_of("a").pem.encode()
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    assert read_chain(der) == read_chain(pem)
    assert len(read_chain(b"".join(certificate_of(str(number)).pem.encode() for number in range(10)))) == 10


def test_what_is_no_certificate_or_too_many_is_refused(certificate_of: Callable[..., Any]) -> None:
    with pytest.raises(OperatorError, match="More than"):
        read_chain(b"".join(certificate_of(str(number)).pem.encode() for number in range(11)))
    for octets in (
        b"",
        b"\0",
        b"-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n",
        certificate_of("a").old_key_pem,
    ):
        with pytest.raises(OperatorError, match="No certificate"):
            read_chain(octets)


def test_files_are_read_together_and_the_one_that_cannot_be_is_named(certificate_of: Callable[..., Any]) -> None:
    made = certificate_of("a")
    locked = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    found = read_files([made.pem.encode(), made.pem.encode(), locked], b"word")
    assert found.certificates == [made.certificate]
    assert [pki.pem_of_key(key) for key in found.keys] == [made.key_pem]
    with pytest.raises(OperatorError, match=r"^File 2: The private key is protected .*give it with --password-file"):
        read_files([made.pem.encode(), locked])
    with pytest.raises(OperatorError, match=r"^File 2: The password of the private key is wrong"):
        read_files([made.pem.encode(), locked], b"another")
    with pytest.raises(OperatorError, match=r"^No certificate or private key can be read there"):
        read_files([b"nothing"])
    with pytest.raises(OperatorError, match="At most 20 files"):
        read_files([made.pem.encode()] * 21)


def test_what_is_kept_of_a_certificate(certificate_of: Callable[..., Any]) -> None:
    made = certificate_of("a")
    found = describe_certificate(made.certificate)
    assert (found.pem, found.fingerprint, found.subject) == (made.pem, made.fingerprint, "CN=a")
    assert found.not_after == made.certificate.not_valid_after_utc
