"""The daily file, `NAME.YYYY-MM-DD.log`: the type `seon_appender`."""

import datetime as dt
import os
import re
from pathlib import Path

from seon.daemon.writing.appenders import Appender, Clock, notice
from seon.daemon.writing.files import AppendedFile
from seon.daemon.writing.layouts import Layout
from seon.daemon.writing.records import Record, local_day
from seon.process.levels import Level

HARD_LIMIT = 2
"""At this many times maxsize only FATAL is written: warnings can be provoked from outside, so they need an end, too."""


class DailyAppender(Appender):
    """One file a day: the day of each line decides. Above `maxsize` octets it takes warnings and worse only."""

    def __init__(self, layout: Layout, path: Path, *, maxsize: int, retention: int, clock: Clock) -> None:
        """Write to `path` with the day and `.log` added; remove such files that are over `retention` days old.

        0 is without limit, for both.
        """
        super().__init__(layout)
        self._base = path
        self._maxsize = maxsize
        self._retention = retention
        self._clock = clock
        self._day = ""
        self._file = AppendedFile(path)
        self._least = Level.TRACE
        self._held_back = 0

    def path(self, day: str) -> Path:
        """Return the file of a day, `YYYY-mm-dd`."""
        return self._base.parent / f"{self._base.name}.{day}.log"

    def open(self) -> None:
        """Open the file of today. Raises OSError."""
        self._turn(local_day(self._clock()))
        self._file.open()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def put(self, record: Record) -> None:
        """Append a line to the file of its day. Raises OSError."""
        day = local_day(record.time)
        if day != self._day:
            self._turn(day)
            if self._held_back:
                self._append(notice(record, f"{self._held_back} lines were held back, because the file before this "
                                            "one had reached its maxsize"))  # fmt: skip
                self._held_back = 0
        if self._maxsize and not self._has_room(record):
            self._held_back += 1
            return
        self._append(record)

    def _append(self, record: Record) -> None:
        self._file.append(self.line(record), record.time)

    def _turn(self, day: str) -> None:
        """Go to the file of another day."""
        if day == self._day:
            return
        self._file.close()
        self._day, self._least = day, Level.TRACE
        self._file = AppendedFile(self.path(day))
        if self._retention:
            self._remove_old(dt.date.fromisoformat(day) - dt.timedelta(days=self._retention))

    def _has_room(self, record: Record) -> bool:
        self._file.open()
        least = self._least_level()
        if least > self._least:
            times = "" if least == Level.WARNING else f"{HARD_LIMIT} times "
            self._append(notice(record, f"The file has reached {times}its maxsize of {self._maxsize} octets: until the "
                                        f"next day only {least.name} and worse are written"))  # fmt: skip
        self._least = least
        return record.level >= least

    def _least_level(self) -> Level:
        if self._file.size < self._maxsize:
            return Level.TRACE
        return Level.WARNING if self._file.size < self._maxsize * HARD_LIMIT else Level.FATAL

    def _remove_old(self, before: dt.date) -> None:
        """Remove the files of this name that are of an earlier day, and no others."""
        pattern = re.compile(re.escape(self._base.name) + r"\.(\d{4}-\d\d-\d\d)\.log")
        try:
            with os.scandir(self._base.parent) as entries:
                named = [(entry, pattern.fullmatch(entry.name)) for entry in entries]
            for entry, found in named:
                if found and entry.is_file(follow_symlinks=False) and _is_before(found[1], before):
                    Path(entry.path).unlink()
        except OSError:  # what cannot be removed stays; the next day tries again
            return


def _is_before(day: str, before: dt.date) -> bool:
    try:
        return dt.date.fromisoformat(day) < before
    except ValueError:  # 2026-13-01: the name of no day
        return False
