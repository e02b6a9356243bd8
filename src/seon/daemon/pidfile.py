"""The PID file: in the program's directory, written whole, removed only by the process that wrote it (mission D2)."""

import contextlib
import os
from pathlib import Path

from seon.daemon.home import StartError


class PidFile:
    """A running program's mark."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._owner = 0

    def write(self) -> None:
        """Make the file. Raises StartError if there is one already, naming the process in it."""
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except FileExistsError:
            raise StartError(_who(self._path)) from None
        except OSError as error:
            raise StartError(f"The PID file {self._path} cannot be made: {error.strerror}") from error
        self._owner = os.getpid()
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{self._owner}\n")
        except OSError as error:
            self.remove()
            raise StartError(f"The PID file {self._path} cannot be written: {error.strerror}") from error

    def remove(self) -> None:
        """Remove the file if this process wrote it."""
        if self._owner == os.getpid():
            with contextlib.suppress(OSError):
                self._path.unlink()


def _who(path: Path) -> str:
    try:
        pid = int(path.read_text()[:20])
    except (OSError, ValueError):
        return f"The PID file {path} exists and cannot be read; if the program does not run, remove it"
    alive = Path(f"/proc/{pid}").exists()
    if alive:
        return f"The PID file {path} exists: process {pid} is running; end it first"
    return f"The PID file {path} exists, but process {pid} in it is dead; remove the file and start again"
