"""Which file may be the API log, and how it is opened.

SECURITY: who may choose the file is not always who owns the host. So lines of the log, of which strangers choose a
part, are appended to a log of ours or to a new file only: never to a key, a script or another program's file, never
through a symbolic link. That is looked at when the file is chosen, and again on the descriptor at each opening.
"""

import errno
import os
import re
import stat
from pathlib import Path

from seon.backend.errors import OperatorError

LONGEST_PATH = 1_000
MODE = 0o640
"""Of a file that is made here, whatever the umask is: a collector of logs may read it by its group."""
_OURS = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}Z [A-Z]+ \d+ ")
"""How a log of ours begins."""
_HEAD = 100
"""Octets that are looked at for that."""
_FLAGS = os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK


def opened(path: Path) -> int:
    """Open a chosen file to append to it, or make it; returns its descriptor. Raises OSError."""
    try:
        descriptor = os.open(path, _FLAGS | os.O_RDWR | os.O_CREAT | os.O_EXCL, MODE)
        os.fchmod(descriptor, MODE)
    except FileExistsError:
        descriptor = _opened(path, os.O_RDWR | os.O_CREAT)  # made again, if it was moved away just now
    try:
        _check_content(descriptor, path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def check_place(text: str, home: Path | None) -> None:
    """Raise OperatorError, which says why, unless this may be the path of the API log. Nothing is made.

    `home`: the installation's directory; in it, only its directory `log` is a place for logs.
    """
    path = Path(text)
    plain = text.isprintable() and path.is_absolute() and os.path.normpath(text) == text
    if len(text) > LONGEST_PATH or not plain:
        raise OperatorError(
            f"The API log must be an absolute path of at most {LONGEST_PATH} printable characters, without '..'"
        )
    if not path.parent.is_dir():
        raise OperatorError(f"The API log {text} needs a directory that is there: mkdir {path.parent}")
    real = Path(os.path.realpath(path.parent)) / path.name
    if home is not None and real.is_relative_to(home.resolve()) and real.parent != home.resolve() / "log":
        raise OperatorError(f"The API log cannot be {text}: in {home}, only {home / 'log'} is a place for it")
    try:
        _check_file(path)
    except OSError as error:
        raise OperatorError(f"The API log {text} cannot be used: {error.strerror}. Choose another path") from None


def _check_file(path: Path) -> None:
    if not os.path.lexists(path):
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, f"this user may not write in {path.parent}", str(path))
        return
    descriptor = _opened(path, os.O_RDONLY)
    try:
        _check_content(descriptor, path)
    finally:
        os.close(descriptor)
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "this user may not write it", str(path))


def _opened(path: Path, flags: int) -> int:
    try:
        return os.open(path, _FLAGS | flags, MODE)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a symbolic link", str(path)) from None
        if error.errno in (errno.EISDIR, errno.ENXIO):
            raise OSError(error.errno, "it is not a regular file", str(path)) from None
        raise


def _check_content(descriptor: int, path: Path) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    if status.st_size and not _OURS.match(os.pread(descriptor, _HEAD, 0)):
        raise OSError(errno.EEXIST, "it is there already, and it is no log of Seonapi", str(path))
