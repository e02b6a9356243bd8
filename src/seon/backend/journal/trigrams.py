"""PostgreSQL's index of trigrams: finds a rare text among millions of events.

It takes the extension pg_trgm, which belongs to PostgreSQL. Whoever owns the database may make it; else its
administrator does once. Without it a search looks through the newest rows, as on SQLite (`lists.py`).
"""

import re

from django.db import DatabaseError, connection

NAME = "entry_search_trigrams"
_WORD = re.compile(r"[^\W_]{3}")
"""What the index can look for: three letters or digits in a row."""


def can_find(text: str) -> bool:
    """Whether the index is there and can look for a text."""
    return bool(_WORD.search(text)) and is_there()


def is_there() -> bool:
    """Whether the index is there and complete."""
    return connection.vendor == "postgresql" and _is_valid() is True


def make() -> tuple[str, str]:
    """Make the index unless it is there. Returns what was made, and what hinders; each may be empty."""
    if connection.vendor != "postgresql" or is_there():
        return "", ""
    try:
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        reason = str(error).splitlines()[0]
        return "", (
            f"Searches of the system log are slow: the database cannot have pg_trgm ({reason}). Install PostgreSQL's "
            "contrib modules on its host, let its administrator type CREATE EXTENSION pg_trgm in this database, and "
            "run `seonapi init` again"
        )
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {NAME}")  # one whose making was interrupted
        # CONCURRENTLY: events come in meanwhile.
        cursor.execute(f"CREATE INDEX CONCURRENTLY {NAME} ON journal_entry USING gin (search gin_trgm_ops)")
    return "index of the system log's texts", ""


def _is_valid() -> bool | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [NAME])
        row = cursor.fetchone()
    return None if row is None else bool(row[0])
