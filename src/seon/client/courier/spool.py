"""Events on disk until Seonapi has them: a crash of anything in between loses none.

The file is ours, but what stands in it may be an older or newer build's, or damaged. Nothing about it ends the courier:
every trouble is a SpoolError that says what to do, and the next use opens whatever is there by then. What cannot be
delivered, because it cannot be read or Seonapi rejects it, is set aside in a table of its own and hinders nothing.
"""

import contextlib
import errno
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from seon.daemon.home import VARIABLE
from seon.decoding import MalformedError, decode
from seon.events import Event

MOST = 1_000_000
"""Events kept while Seonapi is away; beyond that the courier stops taking, and the hops before it keep theirs."""
MOST_ASIDE = 1_000
"""Events kept that cannot be delivered; the newest of them."""
MOST_ASIDE_OCTETS = 65_536
"""Of one of those; an event of ours has a quarter of it."""
BUSY_SECONDS = 0.5
"""For another program that has locked the file: the courier stands still for so long, and then tries again later."""

_SCHEMA = (
    # AUTOINCREMENT: no number is used twice. The courier of a main that was killed may still know an old one.
    "CREATE TABLE IF NOT EXISTS event (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, body BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS aside (number INTEGER PRIMARY KEY, time REAL, id BLOB, body BLOB, why TEXT)",
)
_event = msgspec.json.Decoder(Event)


class SpoolError(Exception):
    """The spool cannot be used: full disk, no permission, a damaged file. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """The oldest events, and up to which number they reach with those that cannot be read: number to (id, why)."""

    number: int
    events: tuple[Event, ...]
    unreadable: dict[int, tuple[str, str]]
    rows: tuple[tuple[int, bytes | None], ...] = ()
    """Of all of them, number and id."""


class Spool:
    """A small SQLite file, opened when it is used. Ids are unique: what was delivered twice is kept once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database: sqlite3.Connection | None = None
        self._identity = (0, 0)
        self._count = 0

    def keep(self, events: Iterable[Event]) -> None:
        """Write events; on return they are on disk. Raises SpoolError, and then none of them is."""
        rows = [(event.id, msgspec.json.encode(event)) for event in events]
        with self._use() as database:
            if self._count >= MOST:
                raise SpoolError(f"{self._count} events wait for Seonapi already; see why it does not take them")
            add = "INSERT OR IGNORE INTO event (id, body) VALUES (?, ?)"
            added = database.executemany(add, rows).rowcount
        self._count += added

    def count(self) -> int:
        """Return how many events wait for Seonapi. Raises SpoolError."""
        with self._use():
            return self._count

    def oldest(self, most: int) -> Found:
        """Return the oldest events, so many with those that cannot be read; they stay. Raises SpoolError."""
        # As octets, whatever their types are: SQLite would refuse to show text that is not UTF-8.
        query = "SELECT number, CAST(id AS BLOB), CAST(body AS BLOB) FROM event ORDER BY number LIMIT ?"
        with self._use() as database:
            rows = database.execute(query, (most,)).fetchall()
        events: list[Event] = []
        unreadable: dict[int, tuple[str, str]] = {}
        for number, name, body in rows:
            try:
                events.append(decode(_event, body))
            except MalformedError as error:
                unreadable[number] = ((name or b"-").decode("utf-8", "replace"), str(error))
        found = tuple((number, name) for number, name, _ in rows)
        return Found(rows[-1][0] if rows else 0, tuple(events), unreadable, found)

    def taken(self, found: Found) -> None:
        """Forget what was found: Seonapi has it. Raises SpoolError.

        By number and id: the file may be another one by now, or another courier may have used it meanwhile.
        """
        forget = "DELETE FROM event WHERE number = ? AND CAST(id AS BLOB) IS ?"
        with self._use() as database:
            gone = database.executemany(forget, found.rows).rowcount
        self._count -= max(gone, 0)

    def set_aside(self, reasons: dict[int, str]) -> None:
        """Move events to the table `aside`: number to why they cannot be delivered. Raises SpoolError."""
        # The row number of `aside` is its own: those of `event` begin anew in a new file.
        move = (
            "INSERT INTO aside (time, id, body, why) "
            "SELECT ?, CAST(id AS BLOB), substr(CAST(body AS BLOB), 1, ?), ? FROM event WHERE number = ?"
        )
        with self._use() as database:
            for number, why in reasons.items():
                database.execute(move, (time.time(), MOST_ASIDE_OCTETS, why[:500], number))
            numbers = [(number,) for number in reasons]
            gone = database.executemany("DELETE FROM event WHERE number = ?", numbers).rowcount
            database.execute("DELETE FROM aside WHERE number <= (SELECT max(number) FROM aside) - ?", (MOST_ASIDE,))
        self._count -= gone

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._database is not None:
            with contextlib.suppress(sqlite3.Error):
                self._database.close()
        self._database = None

    @contextlib.contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        """Lend the database for one transaction. After a failure it is closed: the next use opens what is there then.

        Raises SpoolError.
        """
        try:
            if not self._is_the_file_there():
                self.close()
            database = self._database or self._open()
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")
        except SpoolError:
            self.close()
            raise
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise SpoolError(f"{self.path}: {_words(error)} ({VARIABLE} can name another directory)") from error

    def _is_the_file_there(self) -> bool:
        """Whether what is open is still the file of this name: SQLite would go on with one that was moved away."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return False
        return (found.st_dev, found.st_ino) == self._identity

    def _open(self) -> sqlite3.Connection:
        # Before SQLite opens it: its journal files get the mode that the database file has when they are made.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self.path.chmod(0o600)
        self._database = database = sqlite3.connect(self.path, isolation_level=None, timeout=BUSY_SECONDS)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        for statement in _SCHEMA:
            database.execute(statement)
        self._count = database.execute("SELECT count(*) FROM event").fetchone()[0]
        found = self.path.stat()
        self._identity = (found.st_dev, found.st_ino)
        return database


_MEND = {
    "SQLITE_FULL": "free space on that disk",
    "SQLITE_IOERR": "see whether that disk is full or broken",
    "SQLITE_READONLY": "the client must be able to write this file and its directory",
    "SQLITE_CANTOPEN": "the client must be able to write this file and its directory",
    "SQLITE_BUSY": "another program has locked it: end that",
    "SQLITE_LOCKED": "another program has locked it: end that",
}
_MOVE_AWAY = "move it away together with the files beside it whose names begin like its own, and a new one is made"
_MEND_OS = {
    errno.ENOSPC: _MEND["SQLITE_FULL"],
    errno.EDQUOT: _MEND["SQLITE_FULL"],
    errno.EIO: _MEND["SQLITE_IOERR"],
    errno.EISDIR: "a directory has its name: move that away",
}


def _words(error: sqlite3.Error | OSError) -> str:
    """Return what is wrong and what to do, without the file's name."""
    if isinstance(error, OSError):
        return f"{error.strerror}; {_MEND_OS.get(error.errno or 0, _MEND['SQLITE_CANTOPEN'])}"
    name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])  # SQLITE_IOERR_WRITE is one of SQLITE_IOERR
    return f"{error}; {_MEND.get(name, _MOVE_AWAY)}"
