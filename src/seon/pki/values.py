"""What all of this package speaks of: kinds of keys, purposes, names, and the errors."""

import ipaddress
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID

Certificate = x509.Certificate
PublicKey = CertificatePublicKeyTypes
PrivateKey = PrivateKeyTypes
SigningKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
"""What certificates and requests are signed with here."""

LONGEST_NAME = 500
"""Characters of a subject or issuer that are shown."""
UNREADABLE = "(unreadable)"


class PkiError(ValueError):
    """A certificate, key or request that cannot be read, used or made; the text says what is wrong with it."""


class KeyLockedError(PkiError):
    """A private key that only its password opens, and none was given."""


class WrongPasswordError(PkiError):
    """The password that was given does not open the private key."""


class Purpose(StrEnum):
    """What a certificate's key may be used for (extended key usage), as a dotted object identifier."""

    SERVER = ExtendedKeyUsageOID.SERVER_AUTH.dotted_string
    CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string
    ANY = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string


@dataclass(frozen=True, slots=True)
class AlternativeNames:
    """For whom or what a certificate is, besides its subject (subject alternative name)."""

    uris: Sequence[str] = ()
    hosts: Sequence[str] = ()
    """DNS names, in ASCII."""
    addresses: Sequence[ipaddress.IPv4Address | ipaddress.IPv6Address] = ()


@contextmanager
def saying(problem: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into a PkiError with this text, and let no warning of a reader out."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except PkiError:
        raise
    except Exception as error:  # cryptography says "malformed" in a dozen classes that have no other base
        raise PkiError(problem) from error
