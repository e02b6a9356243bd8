"""`seonapi init` on the database of an earlier release: copied, then changed, on both kinds of database."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from functional.postgresql import Cluster, running_cluster
from functional.seonapi import Installation
from needed import need_programs

MADE_OLDER = """
from django.core.management import call_command
from seon.backend.loading import load_django
load_django()
call_command("migrate", "queue", "zero", verbosity=0)
"""
"""What an earlier release had: one migration less, and its tables."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Installation:
    """An installation with a token `main`, and a database of an earlier release."""
    made = Installation(tmp_path / "home")
    if request.param == "postgresql":
        need_programs("pg_dump", "pg_restore")
        cluster: Cluster = request.getfixturevalue("cluster")
        made.extra["SEON_DATABASE_URL"] = cluster.new_database("older")
    made.init("--host", "localhost")
    made.run("token", "add", "main")
    subprocess.run([sys.executable, "-c", MADE_OLDER], env=made.environment, check=True)
    assert "run `seonapi init`" in made.run("serve", fails=True)
    return made


def words_in(copy: Path) -> str:
    """Return what a copy holds, as SQL."""
    if copy.suffix == ".sqlite3":
        with closing(sqlite3.connect(copy)) as there:
            return "\n".join(there.iterdump())
    return subprocess.run(["pg_restore", "--file=-", str(copy)], capture_output=True, text=True, check=True).stdout


def test_the_copy_has_what_was_there_and_init_says_what_it_did(older: Installation) -> None:
    said = older.run("init")
    copies = list((older.home / "backups").iterdir())
    assert len(copies) == 1, "no draft is left, and no file with a password"
    assert f"made copy of the database as it was, {copies[0]}" in said
    assert "made database of this version, by the change queue.0001_initial" in said
    assert "-before-" in copies[0].name
    assert copies[0].stat().st_mode & 0o777 == 0o600
    words = words_in(copies[0])
    assert "trust_token" in words
    assert "main" in words
    assert "queue_job" not in words, "the copy is from before the change"
    assert "main" in older.run("token", "list")
    assert "nothing changed" in older.run("init")
    assert len(list((older.home / "backups").iterdir())) == 1


def test_without_a_copy_nothing_is_changed_unless_one_says_so(older: Installation) -> None:
    (older.home / "backups").write_text("no directory")
    refused = older.run("init", fails=True)
    assert "Nothing was changed. With a copy of your own, run `seonapi init --without-copy`" in refused
    assert "run `seonapi init`" in older.run("serve", fails=True), "as it was"
    said = older.run("init", "--without-copy")
    assert "copy" not in said
    assert "made database of this version" in said


def test_a_host_without_pg_dump_and_one_whose_pg_dump_fails_say_so(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Installation(tmp_path / "home", extra={"SEON_DATABASE_URL": cluster.new_database("nodump")})
    made.init("--host", "localhost")
    subprocess.run([sys.executable, "-c", MADE_OLDER], env=made.environment, check=True)
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    assert "there is no pg_dump on this host" in made.run("init", fails=True)
    program, seen = programs / "pg_dump", tmp_path / "seen"
    program.write_text(f'#!/bin/sh\necho "$*" > {seen}\necho "pg_dump: error: it broke" >&2\nexit 1\n')
    program.chmod(0o700)
    assert "pg_dump says: pg_dump: error: it broke" in made.run("init", fails=True)
    assert cluster.password not in seen.read_text(), "every user can see a command line"
    assert list((made.home / "backups").iterdir()) == []
