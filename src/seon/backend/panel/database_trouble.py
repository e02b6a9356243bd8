"""What it means for people when the database does not do its work: which trouble it is, and what to do."""

from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext_lazy as _

from seon.backend.errors import disk_full


@dataclass(frozen=True, slots=True)
class Trouble:
    """A trouble of the database, in words."""

    title: str
    what: str
    advice: str
    command: str = ""


_MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("full", ("database or disk is full", "could not extend file", "no space left on device", "disk quota exceeded")),
    ("locked", ("database is locked", "database table is locked", "lock timeout", "deadlock detected",
                "too many clients", "too many connections", "remaining connection slots")),
    ("readonly", ("readonly database", "read-only transaction", "permission denied")),
    ("other version", ("no such table", "no such column", "undefinedtable", "does not exist")),
    ("damaged", ("malformed", "file is not a database", "disk i/o error", "invalid page")),
    ("away", ("unable to open database file", "could not connect", "connection failed", "connection refused",
              "could not translate host name", "server closed the connection", "connection to server", "the connection",
              "starting up", "shutting down", "terminating connection", "timeout expired", "connection timed out")),
)  # fmt: skip
"""What SQLite and PostgreSQL say, by the kind of trouble; the first kind counts."""

_WORDS = {
    "full": (
        _("The disk of the database is full"),
        _("Nothing can be stored now. Sessions go on; clients keep their events until there is room."),
        _("Make room on that disk. Then do this again. To see how much is free, type:"),
        "seonapi check",
    ),
    "locked": (
        _("The database is busy"),
        _("Another program has held it for too long. Nothing was changed."),
        _("Try again in a minute. If it stays so, look for a backup or a tool that has it open."),
        "",
    ),
    "readonly": (
        _("Nothing can be written into the database"),
        _("Seonapi may read the database, and not change it."),
        _("Give its file and directory, or the rights in PostgreSQL, to the user of Seonapi. To see more, type:"),
        "seonapi check",
    ),
    "other version": (
        _("The database is not of this version"),
        _("Seonapi was updated, another backup was brought back, or the file is gone and a new one is empty."),
        _("Is this the right database? If so, stop Seonapi, type this on its host, and start it again:"),
        "seonapi init",
    ),
    "damaged": (
        _("The database cannot be read"),
        _("Its file is damaged, or the disk has a fault."),
        _("Look at the disk, and bring a backup back. To see what is wrong, type on the host of Seonapi:"),
        "seonapi check",
    ),
    "away": (
        _("The database is away"),
        _("Seonapi cannot reach it. Sessions go on with the configuration they have."),
        _("Does PostgreSQL run? Is the disk of the database mounted? To see what is wrong, type:"),
        "seonapi check",
    ),
}  # fmt: skip


def trouble_of(error: Exception) -> Trouble | None:
    """Return what an error says of the database; None where it is no trouble of the database, but a fault of ours."""
    kind = _kind_of(error)
    if kind is None:
        return None
    title, what, advice, command = _WORDS[kind]
    return Trouble(str(title), str(what), str(advice), command)


def _kind_of(error: Exception) -> str | None:
    if disk_full(error):
        return "full"
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    said = str(error).lower()
    return next((kind for kind, marks in _MARKS if any(mark in said for mark in marks)), None)
