"""Records as tests of the log need them."""

import datetime as dt
from pathlib import Path

from seon.daemon.writing.records import Record
from seon.process.levels import Level

NOON = dt.datetime(2026, 3, 14, 12, 0).timestamp()
"""A moment in the local time of this host."""
DAY = 86_400.0


def record(text: str = "text", level: Level = Level.INFO, time: float = NOON, category: str = "session") -> Record:
    return Record(time, level, category, 4_711, "seon_proxyserver", text)


def texts(path: Path) -> list[str]:
    """Return what each line of a file says behind the process id."""
    return [line.partition(" 4711 ")[2] for line in path.read_text().splitlines()]
