"""The log: one file a day for all processes of a program, each line written whole with O_APPEND.

A line: time, level, process id, code, text. Whatever it shows of a stranger was escaped by `events.describe`.
"""

import asyncio
import datetime as dt
import os
import sys
import traceback
from enum import IntEnum
from pathlib import Path
from typing import Any

from seon.events import Event, Severity, describe, severity_of, shown


class Level(IntEnum):
    """The levels of mission D3; signals 20 to 24 choose one of the first five that are named there."""

    TRACE = 5
    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    FATAL = 50


_NAMES = {Severity.CRITICAL: "FATAL"}


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

    def event(self, event: Event) -> None:
        """Write an event with its code and text."""
        severity = severity_of(event.code)
        session = f" [{event.session}]" if event.session else ""
        self._write(severity, _NAMES.get(severity, severity.name), f"{event.code}{session} {describe(event)}")

    def line(self, level: Level, text: str) -> None:
        """Write a line that is no event."""
        self._write(level, level.name, shown(text))

    def uncaught(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Be a loop's exception handler: what nobody has caught stands in the log, with its trace."""
        self.line(Level.ERROR, str(context.get("message", "trouble")))
        error = context.get("exception")
        for text in traceback.format_exception(error) if isinstance(error, BaseException) else ():
            for part in text.splitlines():
                self.line(Level.ERROR, part)

    def check(self) -> None:
        """Raise OSError if the file cannot be written: said once, at start, where a person still looks."""
        self._append(b"")

    def _write(self, level: int, name: str, text: str) -> None:
        if level < self.level:
            return
        now = dt.datetime.now().astimezone()
        line = f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 1000:03d} {name:<7} {os.getpid()} {text}\n"
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
