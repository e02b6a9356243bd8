"""A copy of the database before its form is changed, in the directory `backups` of the home.

The secrets in it are encrypted by the master key, as in the database; the master key itself is not in it.
"""

import contextlib
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection
from psycopg.pq import Conninfo

from seon.backend.errors import OperatorError, disk_full
from seon.backend.home import Home, write_private
from seon.build import this_build

KEPT = 5
"""Copies that stay: the newest ones. More would fill the disk with every upgrade."""
_NAME = re.compile(r"seonapi-\d{8}T\d{6}Z-before-.+\.(sqlite3|pgdump)")
_ROOM = 2
"""So many times the size of an SQLite database must be free: for the copy, and for what the change writes."""
_SERVICE = "seon"
_LEFT = re.compile(r"\.[0-9a-f]{16}\.(draft(-journal)?|service)")
"""What one who was killed has left in the directory."""
_LEFT_SECONDS = 86_400
"""So old, nobody can be writing it any more."""


def copy_database(home: Home) -> Path:
    """Copy the database that this process uses, and return where the copy is. Others may use it meanwhile.

    The copy has its name only when it is whole and on the disk. Raises OperatorError, and leaves nothing then.
    """
    sqlite = connection.vendor == "sqlite"
    try:
        home.backups.mkdir(mode=0o700, exist_ok=True)
        _remove_left(home)
        return _placed(home, "sqlite3", _copy_sqlite) if sqlite else _placed(home, "pgdump", _copy_postgresql)
    except (OperatorError, OSError, sqlite3.Error) as error:
        raise OperatorError(
            "The database is older than this program. Before it is changed a copy is made, and that was not possible: "
            f"{disk_full(error) or error}. Nothing was changed. With a copy of your own, run "
            "`seonapi init --without-copy`"
        ) from None


def remove_old_copies(home: Home) -> int:
    """Remove all copies but the newest `KEPT`; return how many were removed. What cannot be removed stays."""
    names = sorted(path.name for path in home.backups.iterdir() if _NAME.fullmatch(path.name))  # the time is in front
    removed = 0
    for name in names[:-KEPT]:
        with contextlib.suppress(OSError):
            (home.backups / name).unlink()
            removed += 1
    return removed


def _remove_left(home: Home) -> None:
    """Remove what copies that were never finished have left: each is as large as the database."""
    for path in home.backups.iterdir():
        if _LEFT.fullmatch(path.name) and time.time() - path.stat().st_mtime > _LEFT_SECONDS:
            path.unlink(missing_ok=True)


def _placed(home: Home, kind: str, fill: Callable[[Path], None]) -> Path:
    """Let `fill` write a draft, and give it its name when it is on the disk."""
    build = re.sub(r"[^0-9A-Za-z.]+", "-", this_build().short)
    place = home.backups / f"seonapi-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-before-{build}.{kind}"
    draft = home.backups / f".{secrets.token_hex(8)}.draft"
    write_private(draft, b"")
    try:
        fill(draft)
        _sync(draft)
        os.link(draft, place)  # never in the place of another copy
    finally:
        draft.unlink(missing_ok=True)
    _sync(home.backups)
    return place


def _copy_sqlite(draft: Path) -> None:
    source = Path(connection.settings_dict["NAME"])
    size = sum(path.stat().st_size for path in (source, Path(f"{source}-wal")) if path.exists())
    free, needed = shutil.disk_usage(draft.parent).free, _ROOM * size
    if free < needed:
        raise OperatorError(
            f"copy and change of {source} need {needed // 2**20 + 1} MiB, and {draft.parent} has {free // 2**20} MiB"
        )
    with contextlib.closing(sqlite3.connect(source, isolation_level=None)) as there:
        there.execute("VACUUM INTO ?", (str(draft),))  # what was there at one moment, whoever writes meanwhile


def _copy_postgresql(draft: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise OperatorError("there is no pg_dump on this host (Debian has it in postgresql-client)")
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    given = connection.get_connection_params()
    parameters = {key: str(value) for key, value in given.items() if key in known and value is not None}
    password = parameters.pop("password", "")
    if any("\n" in value for value in parameters.values()):
        raise OperatorError("a setting of the database has a line break")
    # In a file and in the environment, since every user can see a command line.
    service = draft.with_suffix(".service")
    lines = [f"[{_SERVICE}]", *(f"{key}={value}" for key, value in parameters.items()), ""]
    write_private(service, "\n".join(lines).encode())
    environment = {**os.environ, "PGSERVICEFILE": str(service), **({"PGPASSWORD": password} if password else {})}
    command = [program, "--format=custom", "--no-password", f"--file={draft}", f"--dbname=service={_SERVICE}"]
    try:
        done = subprocess.run(  # noqa: S603  # PostgreSQL's own program
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    finally:
        service.unlink(missing_ok=True)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no word"]
        raise OperatorError(f"{program} says: {said[-1][:300]}")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
