"""The two files of the server: its identity key and its license. Nothing else is ever read or kept on its disk."""

import errno
import os
import secrets
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seon.daemon.home import KeyPlace, StartError, directory, where
from seon.link.identity import IdentityError, License, parse_license
from seon.pki import PkiError, new_ed25519_key, pem_of_key, private_key_in_pem

KEY_NAME = "seon_proxyserver.key"
MAX_LICENSE = 64 * 1024
MAX_KEY = 16 * 1024


def load_identity(home: Path, *, make: bool = True, place: KeyPlace | None = None) -> bytearray:
    """Return the identity key as PEM (the caller wipes it), made at first use with mode 0600. Raises StartError.

    `place`: whose the key is, if this process makes or reads it for another user.
    """
    path = home / KEY_NAME
    try:
        if make:
            _make_key(path, place)
    except FileExistsError:
        pass
    except OSError as error:
        raise StartError(f"The identity key {path} cannot be made: {error.strerror}.\n{where(home)}") from error
    try:
        return _read_private(path, place)
    except OSError as error:
        raise StartError(f"The identity key {path} cannot be read: {_reason(error, path)}.\n{where(home)}") from error


def has_identity(home: Path) -> bool:
    """Whether there is an identity key, whatever is in it."""
    return os.path.lexists(home / KEY_NAME)


def parse_identity(pem: bytearray) -> Ed25519PrivateKey:
    """Return the key in a PEM text. Raises StartError."""
    todo = f"restore it from a backup.\n{where(directory())}"
    try:
        key = private_key_in_pem(pem)
    except PkiError as error:
        raise StartError(f"The identity key {KEY_NAME} cannot be understood; {todo}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StartError(f"The identity key {KEY_NAME} is not an Ed25519 key; {todo}")
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


def _make_key(path: Path, place: KeyPlace | None) -> None:
    """Write a new key whole under its name, or not at all: a half-written one would be taken for the identity.

    The directory is opened once, and all happens in it: its owner may rename it under us while we are root.
    """
    if has_identity(path.parent):
        raise FileExistsError
    pem = pem_of_key(new_ed25519_key())
    draft = f"{path.name}.{secrets.token_hex(8)}.new"
    opened = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if place and place.owner not in (os.geteuid(), os.fstat(opened).st_uid):
            raise StartError(f"{path.parent} has just got another owner; look at it and try again")
        _write_key(opened, draft, pem, place)
        try:
            os.link(draft, path.name, src_dir_fd=opened, dst_dir_fd=opened, follow_symlinks=False)
        finally:
            os.unlink(draft, dir_fd=opened)
    finally:
        os.close(opened)


def _write_key(opened: int, name: str, pem: bytes, place: KeyPlace | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(name, flags, 0o600, dir_fd=opened), "wb") as file:
        try:
            file.write(pem)
            file.flush()
            if place and place.owner != os.geteuid():
                os.fchown(file.fileno(), place.owner, place.group)
            os.fsync(file.fileno())
        except BaseException:
            os.unlink(name, dir_fd=opened)
            raise


def _read_private(path: Path, place: KeyPlace | None) -> bytearray:
    """Return what is in the key's file. In another user's directory no link is followed: it could lead to our files."""
    owner = place.owner if place else os.geteuid()
    foreign = owner != os.geteuid()
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (os.O_NOFOLLOW if foreign else 0)
    with os.fdopen(os.open(path, flags), "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        end = f"{path}\n{where(path.parent)}"
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_KEY:
            raise StartError(f"The identity key is no file of at most {MAX_KEY} octets: look at {end}")
        if status.st_uid not in (0, owner):
            raise StartError(f"The identity key {path} is owned by another user; type: chown {_id(owner)} {end}")
        if foreign and status.st_uid == 0:
            raise StartError(f"The identity key is root's, and the service cannot read it; type: chown {owner} {end}")
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise StartError(f"The identity key {path} may be read by others; type: chmod 600 {end}")
        pem = bytearray(status.st_size)
        file.readinto(pem)
        return pem


def _id(owner: int) -> str:
    """Return a user as one types it: `$(id -u)` where it is who types."""
    return "$(id -u)" if owner == os.geteuid() else str(owner)


def _reason(error: OSError, path: Path) -> str:
    """Return why the key cannot be read, and what to do where root has made it for nobody else."""
    reason = error.strerror or "an error of the system"
    if isinstance(error, PermissionError):
        return f"{reason}; type as root: chown {os.geteuid()} {path}"
    if error.errno == errno.ELOOP:
        return "it is a symbolic link in another user's directory; put the file itself there"
    return reason
