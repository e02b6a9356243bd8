"""Where the models live: SQLite in WAL mode by default, PostgreSQL by SEON_DATABASE_URL."""

from typing import Any

from seon.backend.errors import OperatorError
from seon.backend.home import Home

_SQLITE_OPTIONS = {
    # Writers queue at BEGIN instead of failing half-way; readers never wait (WAL).
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
}


def database(url: str, home: Home | None) -> dict[str, Any]:
    """Return Django's settings of the database. Raises OperatorError for a URL that is not PostgreSQL's or SQLite's."""
    if not url:
        name = str(home.database_file) if home else ":memory:"
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name, "OPTIONS": dict(_SQLITE_OPTIONS)}
    import dj_database_url  # noqa: PLC0415 - most installations have no URL

    scheme = url.partition("://")[0]
    if scheme not in {"postgres", "postgresql", "sqlite"}:
        raise OperatorError("SEON_DATABASE_URL must begin with postgres:// or sqlite:///")
    settings: dict[str, Any] = dict(dj_database_url.parse(url))
    if scheme == "sqlite":
        settings["OPTIONS"] = dict(_SQLITE_OPTIONS)
    else:
        settings["ENGINE"] = "seon.backend.postgresql"
    return settings
