"""A question to the database that is given up when its time is over."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

_STEPS = 10_000
"""Of SQLite's virtual machine between two looks at the clock: some tenths of a millisecond."""


class TimeOverError(Exception):
    """The database did not answer in time."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Let the questions asked in here take so long, each of them on PostgreSQL. Raises TimeOverError."""
    if seconds <= 0:
        raise TimeOverError
    until = time.monotonic() + seconds
    try:
        with _on_postgresql(seconds) if connection.vendor == "postgresql" else _on_sqlite(until):
            yield
    except OperationalError:
        if time.monotonic() < until:
            raise
        raise TimeOverError from None


@contextmanager
def _on_postgresql(seconds: float) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        # To compile a plan takes longer than what is allowed here (jit).
        cursor.execute("SELECT set_config('statement_timeout', %s, true), set_config('jit', 'off', true)",
                       [str(max(1, int(seconds * 1_000)))])  # fmt: skip
        yield
        cursor.execute("SELECT set_config('statement_timeout', '0', true)")


@contextmanager
def _on_sqlite(until: float) -> Iterator[None]:
    connection.ensure_connection()
    database = connection.connection
    database.set_progress_handler(lambda: time.monotonic() >= until, _STEPS)
    try:
        yield
    finally:
        database.set_progress_handler(None, 0)
