"""The log: one file a day for all processes of a program, each line written whole with O_APPEND.

Session processes have no part in this: what they say comes over the line, and their main writes it.

A line: time, level, process id, code, text. Whatever it shows of a stranger was escaped by `events.describe`.
"""

import datetime as dt
import os
import sys
import traceback
from pathlib import Path
from typing import Protocol

from seon.events import Event, Severity, describe, severity_of, shown
from seon.process.levels import Level

_NAMES = {Severity.CRITICAL: "FATAL"}


class Source(Protocol):
    """A session process whose lines its main writes."""

    pid: int
    level: Level
    """What is less than this is not written."""


class Log:
    """Where a process writes. `level` may change at run time; a line that cannot be written never stops the process."""

    def __init__(self, directory: Path, name: str, *, echo: bool) -> None:
        self._directory = directory
        self._name = name
        self._echo = echo
        self.level = Level.INFO

    @property
    def path(self) -> Path:
        """The file of today."""
        return self._directory / f"{self._name}.{dt.datetime.now().astimezone():%Y-%m-%d}.log"

    def event(self, event: Event, process: Source | None = None) -> None:
        """Write an event with its code and text; `process`: the session process that reported it."""
        severity = severity_of(event.code)
        session = f" [{event.session}]" if event.session else ""
        name = _NAMES.get(severity, severity.name)
        self._write(severity, name, f"{event.code}{session} {describe(event)}", process)

    def write(self, level: Level, text: str, process: Source | None = None) -> None:
        """Write a line that is no event."""
        self._write(level, level.name, shown(text), process)

    def level_changed(self, level: Level, process: Source | None = None) -> None:
        """Set the level of this process, or note that of another; it is said with the level chosen, whatever it is."""
        self._append_line(level.name, f"Log level set to {level.name}", process)
        if process:
            process.level = level
        else:
            self.level = level

    def trace(self, error: BaseException) -> None:
        """Write where an error came from that nobody has caught."""
        for text in traceback.format_exception(error):
            for part in text.splitlines():
                self.write(Level.ERROR, part)

    def check(self) -> None:
        """Raise OSError if the file cannot be written: said once, at start, where a person still looks."""
        self._append(b"")

    def _write(self, level: int, name: str, text: str, process: Source | None) -> None:
        if level >= (process.level if process else self.level):
            self._append_line(name, text, process)

    def _append_line(self, name: str, text: str, process: Source | None) -> None:
        now = dt.datetime.now().astimezone()
        pid = process.pid if process else os.getpid()
        line = f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 1000:03d} {name:<7} {pid} {text}\n"
        octets = line.encode("utf-8", "backslashreplace")
        try:
            self._append(octets)
            if self._echo:
                sys.stderr.write(line)
                sys.stderr.flush()
        except (OSError, ValueError):  # a full disk, a closed terminal: sessions go on (docs/design.md §9)
            return

    def _append(self, octets: bytes) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            os.write(descriptor, octets)
        finally:
            os.close(descriptor)
