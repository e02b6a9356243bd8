"""The settings file on disk: reading it, noticing that it has changed, and making the first one."""

import contextlib
import errno
import os
import stat
from importlib.resources import files
from pathlib import Path

from seon.daemon.writing.elements import MAX_OCTETS

Signature = tuple[int, int, int] | None
"""Time of change in nanoseconds, size, and inode; None: there is no file, or it cannot be looked at."""


def signature(path: Path) -> Signature:
    """Return by what a change of the file is noticed."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def load(path: Path) -> bytes:
    """Return the file's octets, at most one more than the reader takes. Raises OSError.

    Who writes the settings decides which files the program writes: so nobody but root and its user may.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
        if status.st_uid not in (0, os.geteuid()):
            raise OSError(errno.EPERM, f"another user owns it; type: chown {os.geteuid()} {path}", str(path))
        if status.st_mode & stat.S_IWOTH:
            raise OSError(errno.EPERM, f"others may write it; type: chmod o-w {path}", str(path))
        return file.read(MAX_OCTETS + 1)


def make_default(path: Path, program: str) -> None:
    """Write the first settings file, if none is there, whole or not at all. That it cannot be written costs nothing."""
    octets = default_text(program).encode()
    with contextlib.suppress(OSError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o644)
        try:
            os.fchmod(descriptor, 0o644)  # nothing secret: an administrator may look, whatever the umask of the program
            if os.write(descriptor, octets) < len(octets):
                path.unlink()  # a full disk: half a file would be an error at each start
        except OSError:
            path.unlink()
        finally:
            os.close(descriptor)


def default_text(program: str) -> str:
    """Return the text of the first settings file of a program."""
    template = files(__package__).joinpath("default.logrc").read_text(encoding="utf-8")
    return template.replace("PROGRAM", program)
