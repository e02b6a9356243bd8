"""X.509 certificates as an administrator brings them: read, described, compared."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from seon.backend.errors import OperatorError

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


def read_chain(octets: bytes) -> list[x509.Certificate]:
    """Return the certificates in PEM, or the one in DER. Raises OperatorError."""
    try:
        if b"-----BEGIN" not in octets:
            return [x509.load_der_x509_certificate(octets)]
        chain = x509.load_pem_x509_certificates(octets)
    except ValueError:
        raise OperatorError("No certificate can be read there: PEM or DER is expected") from None
    if len(chain) > MAX_CHAIN:
        raise OperatorError(f"More than {MAX_CHAIN} certificates in one file")
    return chain


def describe_certificate(certificate: x509.Certificate) -> Described:
    """Return what is kept of a certificate."""
    return Described(
        pem=certificate.public_bytes(Encoding.PEM).decode(),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        subject=certificate.subject.rfc4514_string()[:500],
        not_after=certificate.not_valid_after_utc,
    )


def read_key(octets: bytes, password: bytes | None = None) -> bytes:
    """Return a private key as unencrypted PKCS#8 PEM. Raises OperatorError."""
    try:
        if b"-----BEGIN" in octets:
            key = serialization.load_pem_private_key(octets, password)
        else:
            key = serialization.load_der_private_key(octets, password)
    except TypeError:
        raise OperatorError("The private key is encrypted: give its password") from None
    except ValueError:
        raise OperatorError("No private key can be read there, or its password is wrong") from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < _MIN_RSA_BITS:
        raise OperatorError(f"An RSA key needs at least {_MIN_RSA_BITS} bits")
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise OperatorError("Only RSA and ECDSA keys can be used towards partners")
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def check_belongs(leaf: x509.Certificate, key_pem: bytes) -> None:
    """Raise OperatorError unless the private key is the certificate's."""
    key = serialization.load_pem_private_key(key_pem, None)
    ours = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if ours != leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        raise OperatorError("Certificate and private key do not belong together (the chain begins with its leaf)")
