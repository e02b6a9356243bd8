import errno
import os

import pytest
from click.testing import CliRunner
from django.db import connection

from seon.backend.errors import disk_full
from seon.cli.seonapi import main


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/var/lib/seonapi/log"),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), "/var/lib/seonapi/log"),
    ],
)
def test_a_full_disk_is_called_that_with_its_place(error: OSError) -> None:
    assert "The disk is full (/var/lib/seonapi/log): make room" in str(disk_full(error))


def test_other_errors_are_no_full_disk() -> None:
    assert disk_full(OSError(errno.EACCES, os.strerror(errno.EACCES), "/x")) is None
    assert disk_full(ValueError("full of errors")) is None


def test_a_database_that_has_no_room_says_so() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite can be told how large it may be")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1")  # no more than it has
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    name = "x" * 100
    for number in range(400):
        done = CliRunner().invoke(main, ["token", "new", f"{name[:90]}{number}"])
        if done.exit_code != 0:
            break
    assert done.exit_code == 1, "it came to its end"
    assert "The disk is full: make room, and do it again" in done.output
