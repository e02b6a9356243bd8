"""Events on disk until Seonapi has them: a crash of anything in between loses none."""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec

from seon.events import Event

MOST = 1_000_000
"""Events kept while Seonapi is away; beyond that the courier stops taking, and the hops before it keep theirs."""


class SpoolError(Exception):
    """The spool cannot be written: full disk, no permission, a damaged file."""


class Spool:
    """A small SQLite file. Ids are unique: what was delivered twice is kept once."""

    def __init__(self, path: Path) -> None:
        try:
            # Before SQLite opens it: its journal files get the mode that the database file has when they are made.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            path.chmod(0o600)
            self._database = sqlite3.connect(path, isolation_level=None)
        except (sqlite3.Error, OSError) as error:
            raise SpoolError(f"{path}: {error}") from error
        try:
            self._count = self._prepare()
        except sqlite3.Error as error:
            self._database.close()
            raise SpoolError(f"{path}: {error}") from error

    def _prepare(self) -> int:
        """Make the table if there is none; return how many events are waiting."""
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS event (number INTEGER PRIMARY KEY, id TEXT UNIQUE, body BLOB NOT NULL)"
        )
        count: int = self._database.execute("SELECT count(*) FROM event").fetchone()[0]
        return count

    def keep(self, events: Iterable[Event]) -> None:
        """Write events; on return they are on disk. Raises SpoolError, and then none of them is."""
        if self._count >= MOST:
            raise SpoolError(f"{self._count} events wait for Seonapi already")
        rows = [(event.id, msgspec.json.encode(event)) for event in events]
        try:
            self._database.execute("BEGIN")
            added = self._database.executemany("INSERT OR IGNORE INTO event (id, body) VALUES (?, ?)", rows).rowcount
            self._database.execute("COMMIT")
            self._count += added
        except sqlite3.Error as error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise SpoolError(str(error)) from error

    def oldest(self, most: int) -> tuple[int, tuple[Event, ...]]:
        """Return the oldest events and the number up to which `forget` may go. Raises SpoolError."""
        try:
            rows = self._database.execute("SELECT number, body FROM event ORDER BY number LIMIT ?", (most,)).fetchall()
        except sqlite3.Error as error:
            raise SpoolError(str(error)) from error
        events = tuple(msgspec.json.decode(body, type=Event) for _, body in rows)
        return (rows[-1][0] if rows else 0), events

    def forget(self, number: int) -> None:
        """Forget events up to this number: Seonapi has them. Raises SpoolError."""
        try:
            self._count -= self._database.execute("DELETE FROM event WHERE number <= ?", (number,)).rowcount
        except sqlite3.Error as error:
            raise SpoolError(str(error)) from error

    def close(self) -> None:
        """Close the file."""
        self._database.close()
