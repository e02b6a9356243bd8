"""The processes of an earlier quick start in the same directory: two must not run there at once.

A killed quick start's programs end by themselves, but not at once: the next start waits for them. So the directory
holds a file with the process ids of the last start, its own first, each with its start time: ids are used again.
"""

import fcntl
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

from seon.cli.quickstart.processes import ProcessError

WAIT_SECONDS = 20.0
"""More than the programs of a killed quick start need for their end."""


class Running:
    """The file of process ids. `path`: may be missing, and its directory too."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, say: Callable[[str], None], seconds: float = WAIT_SECONDS) -> None:
        """Take the directory: wait so long for what an earlier start has left. Raises ProcessError if it runs on."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        _check_owner(self._path.parent)
        # Never closed: the lock, which decides where two start at once, ends with us. No child inherits it.
        held = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise self._is_taken() from None
        before = self._read()
        if before and _is_running(before[0]):  # of a version that holds no lock
            raise self._is_taken()
        until, said = time.monotonic() + seconds, False
        while left := [pid for pid, started in before if _is_running((pid, started))]:
            if not said:
                say(f"waiting for the end of processes of an earlier start: {', '.join(map(str, left))}")
                said = True
            if time.monotonic() > until:
                raise ProcessError(f"process {left[0]} of an earlier start does not end: end it, then start again")
            time.sleep(0.05)
        os.ftruncate(held, 0)
        self.add(os.getpid())

    def _is_taken(self) -> ProcessError:
        first = next((pid for pid, started in self._read()[:1] if _is_running((pid, started))), None)
        return ProcessError(
            f"a quick start is running in {self._path.parent}{f' (process {first})' if first else ''}: end it, "
            "or choose another directory with --dir"
        )

    def add(self, pid: int) -> None:
        """Remember a process that runs."""
        with self._path.open("a") as file:
            file.write(f"{pid} {start_time(pid)}\n")

    def _read(self) -> list[tuple[int, str]]:
        rows = [line.split() for line in self._path.read_text(errors="replace").splitlines()]
        return [(int(row[0]), row[1]) for row in rows if len(row) == 2 and row[0].isdecimal()]


def _check_owner(directory: Path) -> None:
    """Raise ProcessError where somebody else could choose what lies in a directory: links, that we would follow."""
    found = directory.stat()
    if found.st_uid != os.geteuid() or found.st_mode & stat.S_IWOTH:
        whose = "belongs to another user" if found.st_uid != os.geteuid() else "can be written by every user"
        raise ProcessError(f"{directory} {whose}: passwords and keys are kept there, choose another one with --dir")


def start_time(pid: int) -> str:
    """Return when a process began, in the kernel's ticks since its own start; empty if it has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(") ")[2].split()  # the name before may hold blanks and brackets
    return "" if fields[0] in "ZX" else fields[19]


def _is_running(process: tuple[int, str]) -> bool:
    return start_time(process[0]) == process[1]
