"""The partners' TLS key crosses the client sealed: HPKE to an ephemeral key that the server signs (docs/design.md §3).

Backend: `check_request`, `seal`. Server: `EphemeralKey`. The client sees neither key nor plain text.
"""

import ctypes
import weakref

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from seon.api_messages import SEAL_INFO, SealedKey, SealedKeyWanted, seal_statement
from seon.link.identity import IdentityError, parse_proxy_id, proxy_id_of

_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def check_request(wanted: SealedKeyWanted) -> None:
    """Raise IdentityError unless the ephemeral key was signed by the key that the Proxy ID names."""
    try:
        parse_proxy_id(wanted.proxy_id).verify(wanted.signature, seal_statement(wanted.mlkem_key, wanted.x25519_key))
    except InvalidSignature:
        raise IdentityError("The ephemeral key is not signed by the server with this Proxy ID") from None


def seal(wanted: SealedKeyWanted, pkcs8_pem: bytes) -> SealedKey:
    """Return a private key sealed so that only the server that asked can open it. Raises IdentityError."""
    check_request(wanted)
    try:
        key = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(wanted.mlkem_key), X25519PublicKey.from_public_bytes(wanted.x25519_key)
        )
    except ValueError as error:
        raise IdentityError("The ephemeral key cannot be read") from error
    info = SEAL_INFO + wanted.certificate_id.encode()
    return SealedKey(certificate_id=wanted.certificate_id, sealed=_SUITE.encrypt(pkcs8_pem, key, info))


class EphemeralKey:
    """The server's key for sealed secrets: made at start, in memory only, gone from session processes."""

    def __init__(self, identity: Ed25519PrivateKey) -> None:
        mlkem, x25519 = MLKEM768PrivateKey.generate(), X25519PrivateKey.generate()
        self._key: MLKEM768X25519PrivateKey | None = MLKEM768X25519PrivateKey(mlkem, x25519)
        self.proxy_id = proxy_id_of(identity.public_key())
        self.mlkem_key = mlkem.public_key().public_bytes_raw()
        self.x25519_key = x25519.public_key().public_bytes_raw()
        self.signature = identity.sign(seal_statement(self.mlkem_key, self.x25519_key))
        _made.add(self)

    def open(self, sealed: SealedKey) -> bytes:
        """Return the private key, PKCS#8 PEM; the caller wipes it (`wipe`) as soon as it is loaded.

        Raises IdentityError if it was sealed to another key or for another certificate.
        """
        if self._key is None:
            raise IdentityError("the key that opens sealed secrets was given up")
        try:
            return _SUITE.decrypt(sealed.sealed, self._key, SEAL_INFO + sealed.certificate_id.encode())
        except (InvalidTag, ValueError) as error:
            raise IdentityError("the sealed key does not belong to this server or this certificate") from error

    def forget(self) -> None:
        """Drop the private key: OpenSSL overwrites its memory as it frees it."""
        self._key = None


_made: "weakref.WeakSet[EphemeralKey]" = weakref.WeakSet()


def forget_ephemeral_keys() -> None:
    """Drop the private key of every EphemeralKey of this process: called in a session process."""
    for key in list(_made):
        key.forget()


def wipe(secret: bytes | bytearray) -> None:
    """Overwrite a secret's octets in place. Of `bytes` this must be the only holder: nobody else may see them change.

    The pieces that decoders copied are not reached by this; `process.memory` clears freed memory.
    """
    if isinstance(secret, bytearray):
        secret[:] = bytes(len(secret))
        return
    header = bytes.__basicsize__ - 1  # the octets follow the object's header; one terminating zero is counted in it
    ctypes.memset(id(secret) + header, 0, len(secret))
