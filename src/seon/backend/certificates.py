"""Certificates and keys as an administrator brings them: read, described, compared."""

from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from seon import pki
from seon.backend.errors import OperatorError
from seon.pki import Certificate, KeyLockedError, PkiError

MAX_CHAIN = 10
_MIN_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class Described:
    """What is kept beside a certificate for lists and searches."""

    pem: str
    fingerprint: str
    """SHA-256 of the DER form, lower-case hex."""
    subject: str
    not_after: datetime


def read_chain(octets: bytes) -> list[Certificate]:
    """Return the certificates in PEM, or the one in DER. Raises OperatorError."""
    try:
        chain = pki.certificates_in(octets)
    except PkiError:
        raise OperatorError("No certificate can be read there: PEM or DER is expected") from None
    if len(chain) > MAX_CHAIN:
        raise OperatorError(f"More than {MAX_CHAIN} certificates in one file")
    return chain


def describe_certificate(certificate: Certificate) -> Described:
    """Return what is kept of a certificate."""
    return Described(
        pem=pki.pem_of(certificate),
        fingerprint=pki.fingerprint(certificate),
        subject=pki.subject_of(certificate),
        not_after=certificate.not_valid_after_utc,
    )


def read_key(octets: bytes, password: bytes | None = None) -> bytes:
    """Return a private key as unencrypted PKCS#8 PEM. Raises OperatorError."""
    try:
        key = pki.private_key_in(octets, password)
    except KeyLockedError:
        raise OperatorError("The private key is encrypted: give its password") from None
    except PkiError:
        raise OperatorError("No private key can be read there, or its password is wrong") from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < _MIN_RSA_BITS:
        raise OperatorError(f"An RSA key needs at least {_MIN_RSA_BITS} bits")
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise OperatorError("Only RSA and ECDSA keys can be used towards partners")
    return pki.pem_of_key(key)


def check_belongs(leaf: Certificate, key_pem: bytes) -> None:
    """Raise OperatorError unless the private key is the certificate's."""
    try:
        belong_together = pki.is_key_of(pki.private_key_in_pem(key_pem), leaf)
    except PkiError as error:
        raise OperatorError(f"This certificate cannot be used: {error}") from None
    if not belong_together:
        raise OperatorError("Certificate and private key do not belong together (the chain begins with its leaf)")
