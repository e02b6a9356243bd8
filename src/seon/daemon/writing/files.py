"""A file that lines are appended to.

It stays open. Once a second at most we look whether its name still means this file: one that was moved or removed is
made anew. Nothing here follows a symbolic link in the last part of the name, waits for a reader, or writes to what is
no regular file.
"""

import errno
import os
import stat
from pathlib import Path

MODE = 0o640
LOOK_SECONDS = 1.0
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NOCTTY | os.O_NONBLOCK


class AppendedFile:
    """One file; opened when it is first needed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        """Octets in it, as far as we know."""
        self._descriptor: int | None = None
        self._identity = (0, 0)
        self._looked = 0.0
        self._torn = False

    def open(self) -> None:
        """Open the file if it is not open. Raises OSError."""
        if self._descriptor is not None:
            return
        descriptor = os.open(self.path, _FLAGS, MODE)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "Not a regular file", str(self.path))
        self._descriptor, self._identity = descriptor, (found.st_dev, found.st_ino)
        self.size, self._torn = found.st_size, False

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def append(self, octets: bytes, now: float) -> None:
        """Write all octets; `now`: a clock in seconds. Raises OSError if not all could be written."""
        if not 0 <= now - self._looked < LOOK_SECONDS:
            self._look(now)
        self.open()
        assert self._descriptor is not None
        if self._torn:  # half a line was the last that the disk took
            octets = b"\n" + octets
        written = 0
        try:
            while written < len(octets):
                written += os.write(self._descriptor, octets[written:] if written else octets)
        finally:
            self.size += written
            if written:
                self._torn = written < len(octets)

    def _look(self, now: float) -> None:
        self._looked = now
        try:
            found = self.path.lstat()
        except OSError:
            self.close()
            return
        if (found.st_dev, found.st_ino) != self._identity:
            self.close()
        else:
            self.size = found.st_size  # somebody may have emptied it
