"""One line of the log before it has a form, and the local time that lines and file names show."""

import time
from dataclasses import dataclass
from functools import lru_cache

from seon.events import Event
from seon.process.levels import Level


@dataclass(frozen=True, slots=True)
class Record:
    """A line. `text` is safe to show as it is: who makes a record has escaped it (`seon.events.shown`)."""

    time: float
    """Unix time."""
    level: Level
    category: str
    pid: int
    program: str
    text: str
    event: Event | None = None


@lru_cache(maxsize=4)
def local_second(second: int) -> str:
    """Return a Unix time as `YYYY-mm-dd HH:MM:SS` of this host. The last ones are kept: lines come in bursts."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))


@lru_cache(maxsize=4)
def utc_second(second: int) -> str:
    """Return a Unix time as `YYYYmmdd HH:MM:SS` of Greenwich, as log4c's dated layouts show it."""
    return time.strftime("%Y%m%d %H:%M:%S", time.gmtime(second))


@lru_cache(maxsize=4)
def local_compact(second: int) -> str:
    """Return a Unix time as `YYYYmmdd HH:MM:SS` of this host, as log4c's local layouts show it."""
    return time.strftime("%Y%m%d %H:%M:%S", time.localtime(second))


def local_day(moment: float) -> str:
    """Return the day of a Unix time on this host, `YYYY-mm-dd`."""
    return local_second(int(moment))[:10]
