"""The files that session traces go to: readable by their owner only, bounded in size, and the oldest make room."""

import contextlib
import os
from pathlib import Path

DIRECTORY = "traces"
"""Below the program's own directory."""
SUFFIX = ".oftp"
KEPT = 100
"""Files that a program keeps; with `MAX_OCTETS` that bounds what its traces take of the disk."""
MAX_OCTETS = 10 * 1024 * 1024
"""Octets of one file."""


class TraceFile:
    """A new file. Nothing is held back in memory: what was written is there even if the process is killed."""

    def __init__(self, directory: Path, stem: str) -> None:
        """Make `directory` and, in it, a file of this name or the next free one. Raises OSError."""
        self.size = 0
        directory.mkdir(mode=0o700, exist_ok=True)
        folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            name, self._descriptor = _make(folder, stem)
            _make_room(folder)
        finally:
            os.close(folder)
        self.path = directory / name

    def write(self, text: str) -> None:
        """Add ASCII text. Raises OSError, for instance on a full disk; then no part of it stands in the file."""
        octets = text.encode("ascii")
        left = memoryview(octets)
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self.size)
            raise
        self.size += len(octets)

    def close(self) -> None:
        """Give the file up; it stays."""
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


def _make(folder: int, stem: str) -> tuple[str, int]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_APPEND | os.O_CLOEXEC
    for number in range(1, KEPT + 1):
        name = stem + (f"-{number}" if number > 1 else "") + SUFFIX
        with contextlib.suppress(FileExistsError):
            return name, os.open(name, flags, 0o600, dir_fd=folder)
    raise FileExistsError(0, f"there are {KEPT} traces of this session")


def _make_room(folder: int) -> None:
    """Remove the oldest traces beyond those that are kept; another session may be doing the same."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(FileNotFoundError):
                    found.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.name))
    for _, name in sorted(found)[:-KEPT]:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
