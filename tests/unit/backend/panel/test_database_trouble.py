"""Which trouble of the database is told as what."""

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError
from django.db.utils import DatabaseError, InterfaceError

from seon.backend.panel.database_trouble import trouble_of


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (OperationalError("database or disk is full"), "The disk of the database is full"),
        (OSError(28, "No space left on device"), "The disk of the database is full"),
        (OperationalError("database is locked"), "The database is busy"),
        (OperationalError("FATAL:  sorry, too many clients already"), "The database is busy"),
        (OperationalError("attempt to write a readonly database"), "Nothing can be written into the database"),
        (ProgrammingError("permission denied for table journal_entry"), "Nothing can be written into the database"),
        (OperationalError("no such table: journal_file"), "The database is not of this version"),
        (ProgrammingError('relation "journal_file" does not exist'), "The database is not of this version"),
        (DatabaseError("database disk image is malformed"), "The database cannot be read"),
        (OperationalError("disk I/O error"), "The database cannot be read"),
        (OperationalError("unable to open database file"), "The database is away"),
        (
            OperationalError('connection failed: connection to server at "10.0.0.4", port 5432 failed: refused'),
            "The database is away",
        ),
        (InterfaceError("the connection is closed"), "The database is away"),
        (OperationalError("server closed the connection unexpectedly"), "The database is away"),
    ],
)
def test_a_trouble_is_told_by_its_kind(error: Exception, title: str) -> None:
    trouble = trouble_of(error)
    assert trouble is not None
    assert trouble.title == title
    assert trouble.what
    assert trouble.advice


@pytest.mark.parametrize(
    "error", [IntegrityError("UNIQUE constraint failed"), ValueError("database is locked"), KeyError("x")]
)
def test_a_fault_of_ours_is_no_trouble_of_the_database(error: Exception) -> None:
    assert trouble_of(error) is None
