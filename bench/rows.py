"""Millions of events in a database, made by the database itself: as many a day as a large installation has."""

from typing import Any

DAYS = 30
"""Over which the rows are spread, the newest one now."""
NEEDLE = "qzneedleq"
"""Stands in the text of one row in a million, the oldest ones."""

# Kinds by a row's number modulo 100: code, group, severity. One in 100,000 is critical.
_KINDS = (
    (40, "FIL-END", "file", 20), (60, "SES-START", "session", 20), (80, "SES-END", "session", 20),
    (95, "ADM-TLS", "refused", 30), (99, "SES-FINDING", "session", 30), (100, "SES-FAILED", "session", 40),
)  # fmt: skip


def _choice(index: int) -> str:
    whens = " ".join(f"WHEN n % 100 < {kind[0]} THEN {_literal(kind[index])}" for kind in _KINDS)
    critical = ("", "CLI-TOKEN", "client", 50)[index]
    return f"CASE WHEN n % 100000 = 77 THEN {_literal(critical)} {whens} END"


def _literal(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


def columns(vendor: str, rows: int) -> str:
    """Return the SELECT of `rows` entries from a table `numbers(n)`, oldest first."""
    seconds = f"({rows} - n) * {DAYS * 86_400 / rows}"
    if vendor == "postgresql":
        arrival, word = f"now() - {seconds} * interval '1 second'", "substr(md5(n::text), 1, 12)"
        part = "mod({}::bigint * 48271, {})"
    else:
        arrival = f"strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || ({seconds}) || ' seconds')"
        word, part = "lower(hex(randomblob(6)))", "(({} * 48271) % {})"
    partner = f"'partner' || {part.format('n', 200)}"
    source = f"'10.' || {part.format('n', 251)} || '.' || {part.format('n', 241)} || '.' || {part.format('n', 239)}"
    session = "'session-' || (n / 20)"
    needle = f"CASE WHEN n % 1000000 = 5 THEN '{NEEDLE}' ELSE {word} END"
    text = (
        f"'File ' || {needle} || ' of 20261126 2203000001 of partner ' || {partner} || ', from ' || {source} || "
        f"': accepted; ' || {part.format('n', 999_983)} || ' octets, 2.5 s'"
    )
    hop = "CASE WHEN n % 3 = 0 THEN 'dmz' ELSE 'inside' END"
    code = _choice(1)
    return (
        f"SELECT 'bench-' || n, {hop}, {arrival}, {arrival}, {code}, {_choice(2)}, {_choice(3)}, {session}, {partner}, "
        f"{source}, {text}, '{{}}', 'bench', lower({text} || ' ' || {code} || ' ' || {session})"
    )


NAMES = (
    'event_id, hop, time, received_at, code, "group", severity, session, partner, source, text, fields, reported_by, '
    "search"
)


def fill(cursor: Any, vendor: str, rows: int) -> None:
    """Put rows into the empty journal; its indices are made afterwards, which is quicker."""
    if vendor == "postgresql":
        cursor.execute("SET maintenance_work_mem = '2GB'")
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'journal_entry' AND indexname LIKE 'entry_%'"
        )
        numbers = f"generate_series(1, {rows}) AS numbers(n)"
    else:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE tbl_name = 'journal_entry' AND name LIKE 'entry_%'")
        # No text of anybody: a number.
        numbers = f"(WITH RECURSIVE m(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM m WHERE n < {rows}) SELECT n FROM m)"  # noqa: S608
    indices = list(cursor.fetchall())
    for name, _ in indices:
        cursor.execute(f"DROP INDEX {name}")
    cursor.execute(f"INSERT INTO journal_entry ({NAMES}) {columns(vendor, rows)} FROM {numbers}")
    for _, definition in indices:
        cursor.execute(definition)
    cursor.execute("ANALYZE journal_entry" if vendor == "sqlite" else "VACUUM ANALYZE journal_entry")
