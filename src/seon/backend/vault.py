"""Secrets at rest: AES-256-GCM under keys derived from the master key, bound to the record they belong to.

The master key is a file of 32 random octets as hex, mode 0600, outside the database (docs/design.md, "Keys"): a copy
of the database alone reveals no private key, and a ciphertext moved to another record does not open.
"""

import os
import secrets
import stat
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seon.backend.errors import OperatorError
from seon.backend.home import write_private

_FORMAT = b"\x01"
_NONCE = 12


class WrongKeyError(OperatorError):
    """A stored secret does not open: another master key, another record, or damage."""


class Vault:
    """Encrypts and decrypts what is stored "encrypted at rest"."""

    def __init__(self, master: bytes) -> None:
        self._cipher = AESGCM(derive(master, b"seon vault 1"))

    def encrypt(self, record: str, plain: bytes) -> bytes:
        """Return `plain` encrypted for the record of this name and for no other."""
        nonce = os.urandom(_NONCE)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, plain, record.encode())

    def decrypt(self, record: str, stored: bytes) -> bytes:
        """Return what was encrypted for this record. Raises WrongKeyError."""
        nonce, sealed = stored[1 : 1 + _NONCE], stored[1 + _NONCE :]
        try:
            if stored[:1] != _FORMAT:
                raise InvalidTag
            return self._cipher.decrypt(nonce, sealed, record.encode())
        except (InvalidTag, ValueError):
            raise WrongKeyError(
                f"The stored secret of {record} does not open: is SEON_SECRET_FILE the one of this database?"
            ) from None


def derive(master: bytes, purpose: bytes) -> bytes:
    """Return a key of 32 octets for one purpose; nothing uses the master key itself."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=purpose).derive(master)


def new_master_key(path: Path) -> None:
    """Make the master key's file. Raises FileExistsError: a master key is never replaced."""
    write_private(path, secrets.token_hex(32).encode() + b"\n")


def read_master_key(path: Path) -> bytes:
    """Return the master key, 32 octets. Raises OperatorError, also if group or others may read the file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise OperatorError(
            f"The master key {path} cannot be read ({error.strerror}): put its copy back there, owned by Seonapi's "
            "user; `seonapi init` makes one for a new installation only"
        ) from None
    with os.fdopen(descriptor, "rb") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise OperatorError(f"The master key {path} may be read by others: chmod 600 {path}")
        text = file.read(200)
    try:
        master = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        master = b""
    if len(master) != 32:
        raise OperatorError(f"{path} is not a master key (64 hex digits)")
    return master


@lru_cache(maxsize=4)
def open_vault(path: Path) -> Vault:
    """Return the vault under the master key in this file. Raises OperatorError."""
    return Vault(read_master_key(path))


def vault() -> Vault:
    """Return this installation's vault. Raises OperatorError."""
    from django.conf import settings  # noqa: PLC0415 - this module is read by the settings themselves

    return open_vault(Path(settings.SEON_SECRET_FILE))
