"""The log: one file a day for all processes of a program, each line written whole with O_APPEND.

Session processes have no part in this: what they say comes over the line, and their main writes it.

A line: time, level, process id, code, text. Whatever it shows of a stranger was escaped by `events.describe`.
"""

import datetime as dt
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from seon.events import Event, Severity, describe, severity_of, shown
from seon.process.levels import Category, Level, category_of

_NAMES = {Severity.CRITICAL: "FATAL"}


class Source(Protocol):
    """A process whose lines its main writes: a session's, or the courier's."""

    pid: int
    level: Level | None
    """What a signal has set there: it counts instead of the settings. None: as the settings say."""


class Log:
    """Where a main writes. A line that cannot be written never stops the process."""

    def __init__(
        self, home: Path, name: str, *, terminal: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self._directory = home
        self._name = name
        self._terminal = terminal
        self._clock = clock
        self.level: Level | None = None
        """What a signal has set: it counts instead of the settings."""

    @property
    def path(self) -> Path:
        """The file of today."""
        return self._directory / f"{self._name}.{self._now():%Y-%m-%d}.log"

    def verbosity(self) -> Level:
        """Return the least level that any category writes: what is less need not be said by any process."""
        return Level.INFO

    def wants(self, category: Category, level: Level, source: Source | None = None) -> bool:  # noqa: ARG002
        """Whether such a line would be written."""
        chosen = source.level if source else self.level
        return level >= (chosen or Level.INFO)

    def event(self, event: Event, source: Source | None = None) -> None:
        """Write an event with its code and text; `source`: the process that reported it."""
        severity = severity_of(event.code)
        session = f" [{event.session}]" if event.session else ""
        name = _NAMES.get(severity, severity.name)
        if self.wants(category_of(event.code), Level(severity), source):
            self._append_line(name, f"{event.code}{session} {describe(event)}", source)

    def write(self, category: Category, level: Level, text: str, source: Source | None = None) -> None:
        """Write a line that is no event."""
        if self.wants(category, level, source):
            self._append_line(level.name, shown(text), source)

    def always(self, category: Category, level: Level, text: str) -> None:  # noqa: ARG002
        """Write a line marked with this level, whatever is set."""
        self._append_line(level.name, shown(text), None)

    def level_changed(self, level: Level, source: Source | None = None) -> None:
        """Set the level of this process, or note that of another; it is said with the level chosen, whatever it is."""
        self._append_line(level.name, f"Log level set to {level.name}", source)
        if source:
            source.level = level
        else:
            self.level = level

    def trace(self, error: BaseException) -> None:
        """Write where an error came from that nobody has caught."""
        for text in traceback.format_exception(error):
            for part in text.splitlines():
                self.write("log", Level.ERROR, part)

    def check(self) -> None:
        """Raise OSError if the file cannot be written: said once, at start, where a person still looks."""
        self._append(b"")

    def reopen(self) -> None:
        """Open the files again, and read the settings again."""

    def reread_if_changed(self) -> bool:
        """Read the settings again if their file is another one now; return whether they have changed."""
        return False

    def _now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self._clock()).astimezone()

    def _append_line(self, name: str, text: str, source: Source | None) -> None:
        now = self._now()
        pid = source.pid if source else os.getpid()
        line = f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 1000:03d} {name:<7} {pid} {text}\n"
        octets = line.encode("utf-8", "backslashreplace")
        try:
            self._append(octets)
            if self._terminal:
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
