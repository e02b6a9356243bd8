import os
import re
import sqlite3
import subprocess
import sys
import time
from collections import namedtuple
from contextlib import closing
from datetime import datetime, tzinfo
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from seon.backend import copying
from seon.backend.copying import copy_database, remove_old_copies
from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.backend.schema import is_older, migrate
from seon.backend.trust.models import Token

SECRET = "9" * 64
OPERATING = Path(__file__).parents[3] / "docs" / "operating.md"
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def older() -> None:
    """A database of an earlier release, with a token."""
    Token.objects.create(name="main", digest=SECRET)
    assert not is_older()
    call_command("migrate", "queue", "zero", verbosity=0)
    assert is_older()


def test_a_copy_that_is_put_back_as_the_document_says_is_not_changed_by_what_a_kill_has_left(tmp_path: Path) -> None:
    """Its commands, without those for services and owners."""
    (tmp_path / "backups").mkdir()
    database, copy = tmp_path / "seonapi.sqlite3", tmp_path / "backups" / "COPY"
    (tmp_path / "seonapi.sqlite3.queue.lock").touch()
    killed = (
        "import os, shutil, sqlite3, sys; open = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "open.execute('pragma journal_mode=wal'); open.execute('create table t (x)')\n"
        "open.execute('pragma wal_checkpoint(truncate)'); shutil.copy(*sys.argv[1:])\n"
        "open.execute('insert into t values (1)'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", killed, str(database), str(copy)], check=False)
    assert Path(f"{database}-wal").stat().st_size
    chapter = OPERATING.read_text().split("## Upgrade")[1].split("\n## ")[0]
    (block,) = re.findall(r"```sh\n(systemctl stop .*?)```", chapter, re.DOTALL)
    typed = block.replace("/var/lib/seonapi", str(tmp_path)).replace("-o seonapi -g seonapi ", "")
    subprocess.run(["sh", "-e", "-c", typed.partition("\n")[2]], check=True)
    with closing(sqlite3.connect(database)) as there:
        assert there.execute("select count(*) from t").fetchone() == (0,)
    assert database.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "seonapi.sqlite3.queue.lock").exists()
    assert (tmp_path / "aside" / "seonapi.sqlite3-wal").exists(), "what was there is only moved"


def words_in(copy: Path) -> str:
    """Return what the copy holds, as SQL."""
    with closing(sqlite3.connect(copy)) as there:
        return "\n".join(there.iterdump())


@pytest.mark.usefixtures("older")
def test_the_copy_has_all_that_was_there_before_the_change_and_is_its_owner_s_alone(home: Home) -> None:
    copy = copy_database(home)
    assert migrate() == ["database of this version, by the change queue.0001_initial"]
    said = words_in(copy)
    assert SECRET in said
    assert "trust_token" in said
    assert "queue_job" not in said, "the copy is from before the change"
    assert copy.parent == home.path / "backups"
    assert copy.name.startswith("seonapi-20")
    assert "-before-" in copy.name
    assert (copy.stat().st_mode & 0o777, copy.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert list(copy.parent.iterdir()) == [copy], "no draft, and nothing with a password"


@pytest.mark.usefixtures("older")
def test_without_room_nothing_is_copied_and_it_is_said_what_to_do(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying.shutil, "disk_usage", lambda _: Usage(10, 10, 1_000))
    why = r"need \d+ MiB, and .*backups has 0 MiB"
    with pytest.raises(OperatorError, match=f"{why}.*Nothing was changed.*seonapi init --without-copy"):
        copy_database(home)
    assert is_older()
    assert list((home.path / "backups").iterdir()) == []


def test_what_a_killed_copy_has_left_is_removed_after_a_day(home: Home) -> None:
    home.backups.mkdir()
    left = [home.backups / f".{'0' * 15}{number}{end}" for number, end in enumerate((".draft", ".service", ".other"))]
    young = home.backups / f".{'1' * 16}.draft"
    for path in (*left, young):
        path.touch()
    for path in left:
        os.utime(path, (time.time() - 90_000,) * 2)
    copy = copy_database(home)
    assert set(home.backups.iterdir()) == {copy, young, left[2]}


@pytest.mark.usefixtures("older")
def test_a_copy_that_fails_half_way_leaves_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = home.path / "broken"
    broken.write_bytes(b"no database" * 100)
    monkeypatch.setitem(connection.settings_dict, "NAME", broken)
    with pytest.raises(OperatorError, match="file is not a database"):
        copy_database(home)
    assert list((home.path / "backups").iterdir()) == []


def test_a_copy_never_takes_the_place_of_another(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Stopped":
            return cls(2026, 12, 1, tzinfo=tz)

    monkeypatch.setattr(copying, "datetime", Stopped)
    first = copy_database(home)
    before = first.read_bytes()
    with pytest.raises(OperatorError, match="File exists"):
        copy_database(home)
    assert first.read_bytes() == before
    assert list(first.parent.iterdir()) == [first]


def test_the_newest_five_copies_stay_and_other_files_too(home: Home) -> None:
    home.backups.mkdir()
    copies = [f"seonapi-2026{month:02}01T000000Z-before-0.{month}.sqlite3" for month in range(1, 8)]
    for name in (*copies, "mine.sqlite3"):
        (home.backups / name).touch()
    assert remove_old_copies(home) == 2
    assert sorted(path.name for path in home.backups.iterdir()) == ["mine.sqlite3", *copies[2:]]
    assert remove_old_copies(home) == 0
