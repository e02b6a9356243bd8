"""SQLite; PostgreSQL is in functional/test_two_queue_daemons.py."""

import sqlite3
from pathlib import Path

from seon.backend.home import Home
from seon.backend.journal.recording import record
from seon.backend.queue.upkeep import keep_database_up


def test_the_write_ahead_log_is_cut_unless_somebody_reads_it(home: Home) -> None:
    log = Path(f"{home.database_file}-wal")
    record("CLI-END", reason="x" * 500)
    reader = sqlite3.connect(home.database_file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM journal_entry").fetchone()
    record("CLI-END", reason="y" * 500)
    assert log.stat().st_size > 0
    reader.execute("COMMIT")
    reader.close()
    assert keep_database_up() == ""
    assert log.stat().st_size == 0
