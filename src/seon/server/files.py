"""The two files of the server: its identity key and its license. Nothing else is ever read or kept on its disk."""

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seon.daemon.home import StartError
from seon.link.identity import IdentityError, License, parse_license
from seon.pki import PkiError, new_ed25519_key, pem_of_key, private_key_in_pem

KEY_NAME = "seon_proxyserver.key"
MAX_LICENSE = 64 * 1024


def load_identity(home: Path, *, make: bool = True) -> bytearray:
    """Return the identity key as PEM (the caller wipes it), made at first use with mode 0600. Raises StartError."""
    path = home / KEY_NAME
    try:
        if make:
            _make_key(path)
    except FileExistsError:
        pass
    except OSError as error:
        raise StartError(f"The identity key {path} cannot be made: {error.strerror}") from error
    try:
        return _read_private(path)
    except OSError as error:
        raise StartError(f"The identity key {path} cannot be read: {error.strerror}") from error


def parse_identity(pem: bytearray) -> Ed25519PrivateKey:
    """Return the key in a PEM text. Raises StartError."""
    try:
        key = private_key_in_pem(pem)
    except PkiError as error:
        raise StartError("The identity key cannot be understood; restore it from a backup") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StartError("The identity key is not an Ed25519 key; restore it from a backup")
    return key


def load_license(path: Path, proxy_id: str, now: float) -> License:
    """Return the license in force at `now`. Raises StartError naming the problem and the Proxy ID (mission C2)."""
    license_ = read_license(path, proxy_id)
    problem = license_.problem_at(now)
    if problem:
        raise StartError(_advice(path, proxy_id, problem))
    return license_


def read_license(path: Path, proxy_id: str) -> License:
    """Return the license whatever its validity in time. Raises StartError.

    Its integrity is the DMZ's trust anchor: a file that group or others may write is refused.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            pem = file.read(MAX_LICENSE)
    except OSError as error:
        raise StartError(_advice(path, proxy_id, f"it cannot be read: {error.strerror}")) from error
    if not _ours(status):
        raise StartError(_advice(path, proxy_id, f"another user owns it; type: chown $(id -u) {path}"))
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StartError(_advice(path, proxy_id, f"group or others may write it; type: chmod go-w {path}"))
    try:
        return parse_license(pem, proxy_id)
    except IdentityError as error:
        raise StartError(_advice(path, proxy_id, str(error))) from error


def _ours(status: os.stat_result) -> bool:
    """Whether nobody but root and ourselves can change a file's content or mode."""
    return status.st_uid in (0, os.geteuid())


def _advice(path: Path, proxy_id: str, problem: str) -> str:
    return (
        f"No valid license in {path}: {problem}.\n"
        f"Proxy ID of this server: {proxy_id}\n"
        f"Issue a license inside with: seonapi license issue {proxy_id}"
    )


def _make_key(path: Path) -> None:
    """Write a new key whole under its name, or not at all: a half-written one would be taken for the identity."""
    if path.exists():
        raise FileExistsError
    pem = pem_of_key(new_ed25519_key())
    draft = path.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()


def _read_private(path: Path) -> bytearray:
    with path.open("rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        if not _ours(status):
            raise StartError(f"The identity key {path} is owned by another user; type: chown $(id -u) {path}")
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise StartError(f"The identity key {path} may be read by others; type: chmod 600 {path}")
        pem = bytearray(status.st_size)
        file.readinto(pem)
        return pem
