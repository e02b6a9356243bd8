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
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            _write(draft, f"{os.getpid()}\n")
            # In one step, with its content: an empty file, left by a kill in between, would name no process, and
            # nobody could tell whether it is dead.
            os.link(draft, self._path)
        except FileExistsError:
            raise StartError(_who(self._path)) from None
        except OSError as error:
            raise StartError(f"The PID file {self._path} cannot be made: {error.strerror}") from error
        finally:
            with contextlib.suppress(OSError):
                draft.unlink()
        self._owner = os.getpid()

    def remove(self) -> None:
        """Remove the file if this process wrote it."""
        if self._owner == os.getpid():
            with contextlib.suppress(OSError):
                self._path.unlink()


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _who(path: Path) -> str:
    try:
        pid = int(path.read_text()[:20])
    except (OSError, ValueError):
        return f"The PID file {path} exists and cannot be read; if the program does not run, remove it"
    alive = Path(f"/proc/{pid}").exists()
    if alive:
        return f"The PID file {path} exists: process {pid} is running; end it first"
    return f"The PID file {path} exists, but process {pid} in it is dead; remove the file and start again"
