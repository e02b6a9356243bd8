"""A station's session keys: its own key with its certificates, and the other side's certificate, all RSA.

They are for secure authentication and signed receipts; TLS has certificates of its own (tls.py).
"""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from seon.oftp2.authentication import CHALLENGE_OCTETS, Challenge, NotAuthenticatedError
from seon.pki import (
    Certificate,
    KeyLockedError,
    PkiError,
    certificates_in_pem,
    is_key_of,
    private_key_in_pem,
    public_key_of,
)
from seon.station.cms import CmsError, content_signed_by, signed
from seon.station.envelopes import cipher_of, opened, sealed

_NOT_OPENED = "the challenge cannot be opened with the session key"


class KeyFileError(ValueError):
    """A file that is not what it should be; the text names it."""


@dataclass(frozen=True, slots=True)
class OwnKey:
    """Our key. `chain`: its certificate, then those that issued it; all of them go into signatures."""

    key: RSAPrivateKey = field(repr=False)
    chain: tuple[Certificate, ...]

    @classmethod
    def load(cls, key: Path, certificate: Path) -> "OwnKey":
        """Read PEM files. Raises KeyFileError, OSError."""
        own, chain = _private_key(key), _certificates(certificate)
        if not is_key_of(own, chain[0]):
            raise KeyFileError(f"{certificate} is not the certificate of the key in {key}")
        return cls(own, chain)

    def sign(self, octets: bytes, digest: str) -> bytes:
        """Return CMS SignedData. Raises CmsError for a hash that nothing is signed with."""
        return signed(octets, self.chain, self.key, digest)

    def open(self, envelope: bytes) -> bytes:
        """Return what is sealed for us. Raises CmsError."""
        return opened(envelope, self.chain[0], self.key)


@dataclass(frozen=True, slots=True)
class PeerKey:
    """The other side's certificate, which we got before and believe."""

    certificate: Certificate

    @classmethod
    def load(cls, certificate: Path) -> "PeerKey":
        """Read the first certificate of a PEM file. Raises KeyFileError, OSError."""
        return cls(_certificates(certificate)[0])

    def seal(self, octets: bytes) -> bytes:
        """Return what only the other side can open."""
        return sealed(octets, self.certificate)

    def verified(self, signature: bytes) -> bytes:
        """Return what the other side signed. Raises CmsError."""
        return content_signed_by(self.certificate, signature)


@dataclass(frozen=True, slots=True)
class KeyPairAuthenticator:
    """Challenges the other side, and answers its challenges (see oftp2.authentication.Authenticator)."""

    own: OwnKey
    peer: PeerKey

    def challenge(self) -> Challenge:
        """Return a new challenge."""
        secret = secrets.token_bytes(CHALLENGE_OCTETS)
        return Challenge(self.peer.seal(secret), secret)

    def respond(self, sealed: bytes) -> bytes:
        """Return the 20 octets of a challenge; nothing of another length is given away."""
        try:
            secret = self.own.open(sealed)
        except CmsError:
            secret = b""
        if len(secret) != CHALLENGE_OCTETS:
            cipher = cipher_of(sealed)
            kind = f"challenge sealed with {cipher}" if cipher else "challenge that is no CMS EnvelopedData"
            raise NotAuthenticatedError(_NOT_OPENED, for_the_log=f"{kind} cannot be opened with the session key")
        return secret


def _private_key(path: Path) -> RSAPrivateKey:
    try:
        key = private_key_in_pem(path.read_bytes())
    except KeyLockedError:
        raise KeyFileError(f"{path}: the key is protected by a password; give it without") from None
    except PkiError:
        raise KeyFileError(f"{path} has no private key in PEM") from None
    if not isinstance(key, RSAPrivateKey):
        raise KeyFileError(f"{path}: the key is not RSA, which OFTP2 needs")
    return key


def _certificates(path: Path) -> tuple[Certificate, ...]:
    try:
        found = tuple(certificates_in_pem(path.read_bytes()))
        key = public_key_of(found[0])
    except PkiError:
        raise KeyFileError(f"{path} has no certificate in PEM") from None
    if not isinstance(key, RSAPublicKey):
        raise KeyFileError(f"{path}: the certificate's key is not RSA, which OFTP2 needs")
    return found
