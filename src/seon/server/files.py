"""The two files of the server: its identity key and its license. Nothing else is ever read or kept on its disk."""

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seon.daemon.home import KeyPlace, StartError, directory, where
from seon.link.identity import IdentityError, License, read_license
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
        raise StartError(
            f"The identity key {path} cannot be read: {_reason(error, path, place)}.\n{where(home)}"
        ) from error


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


@dataclass(frozen=True, slots=True)
class LicenseFile:
    """What lies where the license should be, and all that is wrong with it."""

    license: License | None = None
    """None: it cannot be read, or is no license."""
    problems: tuple[str, ...] = ()
    digest: str = ""
    """SHA-256 of the octets, "" if they cannot be read: tells one file from the next."""


def load_license(path: Path, proxy_id: str, now: float) -> License:
    """Return the license in force at `now`. Raises StartError naming all problems and the Proxy ID (mission C2)."""
    found = examine_license(path, proxy_id, now)
    if found.problems or found.license is None:
        raise StartError(no_valid_license(path, proxy_id, found.problems))
    return found.license


def examine_license(path: Path, proxy_id: str, now: float) -> LicenseFile:
    """Look at a license file as the server with this Proxy ID does at `now` (Unix seconds); never raises.

    Its integrity is the DMZ's trust anchor: a file that group or others may write is refused.
    """
    try:
        status, pem = _octets_of(path)
    except OSError as error:
        return LicenseFile(problems=(_unreadable(error),))
    if not stat.S_ISREG(status.st_mode):
        return LicenseFile(problems=("it is not a file with a license",))
    problems, digest = [*_permissions(path, status)], hashlib.sha256(pem).hexdigest()
    try:
        license_ = read_license(pem)
    except IdentityError as error:
        return LicenseFile(None, (*problems, str(error)), digest)
    return LicenseFile(license_, (*problems, *license_.problems(proxy_id, now)), digest)


def no_valid_license(path: Path, proxy_id: str, problems: Sequence[str]) -> str:
    """Return what the terminal says of a license file with these problems."""
    return (
        f"No valid license in {path.absolute()}: {'; and '.join(problems)}.\n"
        f"Proxy ID of this server: {proxy_id}\n"
        f"Issue a license inside with: seonapi license issue {proxy_id}\n"
        "Put it there, or name another file with -l"
    )


def _octets_of(path: Path) -> tuple[os.stat_result, bytes]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO would hold the main up
    try:
        status = os.fstat(descriptor)
        return status, os.read(descriptor, MAX_LICENSE) if stat.S_ISREG(status.st_mode) else b""
    finally:
        os.close(descriptor)


def _unreadable(error: OSError) -> str:
    who = ""
    if isinstance(error, PermissionError):
        who = f"; the server runs as user {os.geteuid()}, who must be able to read it"
    return f"it cannot be read: {error.strerror}{who}"


def _permissions(path: Path, status: os.stat_result) -> Iterator[str]:
    if not _ours(status):
        yield f"another user owns it; type: chown $(id -u) {path.absolute()}"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield f"group or others may write it; type: chmod go-w {path.absolute()}"


def _ours(status: os.stat_result) -> bool:
    """Whether nobody but root and ourselves can change a file's content or mode."""
    return status.st_uid in (0, os.geteuid())


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


def _reason(error: OSError, path: Path, place: KeyPlace | None) -> str:
    """Return why the key cannot be read, and what to do where root has made it for nobody else."""
    reason = error.strerror or "an error of the system"
    if isinstance(error, PermissionError):
        return f"{reason}; type as root: chown {os.geteuid()} {path}"
    if error.errno == errno.ELOOP and place and place.owner != os.geteuid():
        return "it is a symbolic link in another user's directory; put the file itself there"
    return reason
