"""Files that roll by size: the type `rollingfile` with the rolling policy `sizewin`.

The newest is `PREFIX.0`. When a line does not fit any more, `PREFIX.0` becomes `PREFIX.1`, and so on; the last one is
removed. log4c rolls at each start besides; we go on with `PREFIX.0`, because a program that starts again and again
would push out what happened before.
"""

import os
from pathlib import Path

from seon.daemon.writing.appenders import Appender
from seon.daemon.writing.files import AppendedFile
from seon.daemon.writing.layouts import Layout
from seon.daemon.writing.records import Record


class RollingAppender(Appender):
    """At most `maxnum` files of `maxsize` octets each."""

    def __init__(self, layout: Layout, prefix: Path, *, maxsize: int, maxnum: int) -> None:
        super().__init__(layout)
        self._paths = [prefix.parent / f"{prefix.name}.{number}" for number in range(maxnum)]
        self._maxsize = maxsize
        self._file = AppendedFile(self._paths[0])

    def open(self) -> None:
        """Open the newest file. Raises OSError."""
        self._file.open()

    def close(self) -> None:
        """Close it."""
        self._file.close()

    def put(self, record: Record) -> None:
        """Append a line, after rolling if it does not fit. Raises OSError."""
        line = self.line(record)
        self._file.open()
        if self._file.size and self._file.size + len(line) > self._maxsize:
            self._roll()
        self._file.append(line, record.time)

    def _roll(self) -> None:
        """Rename each file to the next number. If that fails, lines go on where they went before."""
        self._file.close()
        try:
            if len(self._paths) == 1:
                self._paths[0].unlink()
            for number in range(len(self._paths) - 1, 0, -1):
                if os.path.lexists(self._paths[number - 1]):
                    self._paths[number - 1].replace(self._paths[number])
        except OSError:
            return
