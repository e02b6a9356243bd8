"""A file that takes another's place whole, and only if all that belongs to it went well."""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from seon.backend.errors import OperatorError

Put = Callable[[str | bytes], None]
"""Writes a text, or octets, to the draft of the file. Raises OperatorError."""


@contextlib.contextmanager
def replaced(path: Path, mode: int) -> Iterator[Put]:
    """Return what writes a text for this file, which is in its place after the body; what is raised there leaves all.

    A draft is made beside the file at once, so that most of what can go wrong does so before anything else is done.
    Where `path` is a symbolic link, the file that it names is replaced, unless another user has made the link: in a
    directory that others may write, such as /tmp, it could name any file of ours. Raises OperatorError.
    """
    with _named(path):
        _check_links(path)
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{secrets.token_hex(8)}.new")
    with _named(path):
        _check(path, target)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    written = False

    def put(text: str | bytes) -> None:
        nonlocal written
        with _named(path):
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(text.encode() if isinstance(text, str) else text)
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        written = True

    try:
        yield put
        if written:
            with _named(path, ""):
                draft.replace(target)
                _sync(target.parent)
    finally:
        os.close(descriptor)
        draft.unlink(missing_ok=True)


def _check_links(path: Path) -> None:
    """Raise OperatorError where the path leads over a symbolic link of somebody who is neither root nor this user."""
    for part in (path.absolute(), *path.absolute().parents):
        if part.is_symlink() and part.lstat().st_uid not in (0, os.geteuid()):
            raise OperatorError(f"{part} is a symbolic link of another user: name another file, or remove the link")


def _check(path: Path, target: Path) -> None:
    if not target.parent.is_dir():
        raise OperatorError(f"{path.parent} is not a directory")
    if target.is_dir():
        raise OperatorError(f"{path} is a directory; name a file in it")
    if target.exists() and (not target.is_file() or _is_printed_to(target)):
        raise OperatorError(f"{path} is no file that could be replaced; without --out it is printed")
    if target.exists() and not _may_replace(target):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def _may_replace(target: Path) -> bool:
    """Whether a directory such as /tmp, where everybody replaces but his own files, lets us."""
    directory = target.parent.stat()
    return not directory.st_mode & stat.S_ISVTX or os.geteuid() in (0, directory.st_uid, target.stat().st_uid)


def _is_printed_to(target: Path) -> bool:
    """Whether it is where our output goes, as /dev/stdout may be: what others write there later would be lost."""
    with contextlib.suppress(OSError):  # closed
        return any(os.path.samestat(target.stat(), os.fstat(number)) for number in (1, 2))
    return False


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _named(path: Path, done: str = "; nothing was done") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error.strerror}{done}") from None
