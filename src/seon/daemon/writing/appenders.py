"""The places that lines go to. None of them ever stops the program: a line that cannot be written is counted.

When lines can be written again, a line says how many were lost.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from seon.daemon.writing.files import AppendedFile
from seon.daemon.writing.layouts import Layout
from seon.daemon.writing.records import Record
from seon.process.levels import Level

Clock = Callable[[], float]


class Appender:
    """One place. A kind of place overrides `open`, `close` and `put`."""

    goes_nowhere = False

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.lost = 0
        """Lines since the last one that could be written."""

    def open(self) -> None:
        """Open what is needed. Raises OSError."""

    def close(self) -> None:
        """Close everything; a line that comes later opens it again."""

    def put(self, record: Record) -> None:
        """Write a line. Raises OSError or ValueError if it is not written as a whole."""
        raise NotImplementedError

    def write(self, record: Record) -> None:
        """Write a line, or count it as lost."""
        try:
            if self.lost:
                self.put(notice(record, f"{self.lost} lines before this one could not be written and are lost"))
                self.lost = 0
            self.put(record)
        except (OSError, ValueError):  # a full disk, a closed terminal: sessions go on (docs/design.md §9)
            self.lost += 1

    def line(self, record: Record) -> bytes:
        """Return a record's line with its line break; what has no UTF-8 is escaped."""
        return f"{self.layout(record)}\n".encode("utf-8", "backslashreplace")


def notice(record: Record, text: str) -> Record:
    """Return a line about the log itself, of the moment and the program of another one."""
    return replace(record, level=Level.WARNING, category="log", text=text, event=None)


class FileAppender(Appender):
    """One file that grows: the types stream, stream2 and mmap. log4c empties it at each start; we never do."""

    def __init__(self, layout: Layout, path: Path) -> None:
        super().__init__(layout)
        self._file = AppendedFile(path)

    def open(self) -> None:
        """Open the file. Raises OSError."""
        self._file.open()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def put(self, record: Record) -> None:
        """Append a line. Raises OSError."""
        self._file.append(self.line(record), record.time)


class TerminalAppender(Appender):
    """Standard output or standard error, for a program that has them."""

    def __init__(self, layout: Layout, name: str) -> None:
        super().__init__(layout)
        self._name = name

    def put(self, record: Record) -> None:
        """Print a line. Raises OSError or ValueError."""
        stream: TextIO = sys.stdout if self._name == "stdout" else sys.stderr
        stream.write(self.line(record).decode())
        stream.flush()


class NowhereAppender(Appender):
    """Takes lines for a standard stream of a program in the background, which has none."""

    goes_nowhere = True

    def write(self, record: Record) -> None:
        """Pass over a line."""
