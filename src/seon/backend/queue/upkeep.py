"""What a database needs from time to time and does not do by itself."""

from django.db import connection

CHANGED_ROWS = 50_000
"""PostgreSQL: so many changed rows, and a fifth of the table, and still no new statistics: autovacuum does not come."""


def keep_database_up() -> str:
    """Refresh the planner's statistics and let SQLite's write-ahead log shrink. Returns what was done."""
    return _postgresql() if connection.vendor == "postgresql" else _sqlite()


def _sqlite() -> str:
    """SQLite does neither itself. A log that others still read stays as it is until the next time."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA optimize")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy, _, _ = cursor.fetchone()
    return "database: the write-ahead log could not be cut, others use it" if busy else ""


def _postgresql() -> str:
    """Autovacuum does all of that, unless it is switched off or cannot keep up."""
    question = """
        SELECT relname FROM pg_stat_user_tables
        WHERE n_mod_since_analyze > %s + n_live_tup / 5 AND schemaname = current_schema() ORDER BY relname
    """
    with connection.cursor() as cursor:
        cursor.execute(question, [CHANGED_ROWS])
        tables = [row[0] for row in cursor.fetchall()]
        for table in tables:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(table)}")
    return f"database: statistics renewed of {', '.join(tables)}: does autovacuum run?" if tables else ""
