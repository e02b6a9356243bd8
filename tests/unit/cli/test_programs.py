"""`seon programs`: what it writes, over what, and what it says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from seon.cli import programs
from seon.cli.seon import main

NAMES = ["seon_proxyclient2", "seon_proxyserver2"]


@pytest.fixture
def place(tmp_path) -> Path:
    path = tmp_path / "place"
    path.mkdir(mode=0o755)
    return path


def call(*arguments: object):
    return CliRunner().invoke(main, ["programs", *map(str, arguments)])


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def run(program: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SEON_")}
    return subprocess.run([program, *arguments], env=clean, capture_output=True, text=True, check=False, timeout=60)


def test_it_writes_both_programs_whatever_the_umask_and_says_what_comes_next(place) -> None:
    umask = os.umask(0o077)
    try:
        answer = call(place)
    finally:
        os.umask(umask)
    assert answer.exit_code == 0
    assert names(place) == NAMES
    for name in NAMES:
        assert f"made {place / name}\n" in answer.output
        assert (place / name).stat().st_mode & 0o7777 == 0o755
    assert f"Their home is {place}" in answer.output
    assert f"Next, on the DMZ host: {place}/seon_proxyserver2 -L" in answer.output


def test_they_start_this_python_isolated_and_have_that_directory_as_their_home(place) -> None:
    call(place)
    for name in NAMES:
        assert (place / name).read_text().startswith(f"#!{sys.executable} -I\n")
    said = run(place / "seon_proxyserver2", "-L")
    assert said.stdout.startswith("Seon Proxy ID: ")
    assert names(place) == sorted([*NAMES, "seon_proxyserver.key"])
    assert "-U" in run(place / "seon_proxyclient2", "-h").stdout


def test_a_relative_directory_is_written_absolute(place, monkeypatch) -> None:
    monkeypatch.chdir(place.parent)
    assert f"made {place / NAMES[0]}" in call("place").output


def test_they_are_replaced_by_the_next_call(place) -> None:
    call(place)
    (place / NAMES[0]).chmod(0o644)
    before = (place / NAMES[0]).stat().st_ino
    answer = call(place)
    assert answer.exit_code == 0
    assert f"replaced {place / NAMES[0]}" in answer.output
    assert (place / NAMES[0]).stat().st_mode & 0o7777 == 0o755
    assert (place / NAMES[0]).stat().st_ino != before, "a running program's file is not written into"
    assert names(place) == NAMES


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_text("#!/bin/sh\n"),
        lambda path: path.touch(),
        Path.mkdir,
        os.mkfifo,
        lambda path: path.symlink_to("/bin/true"),
        lambda path: path.symlink_to("nothing"),
    ],
    ids=["program", "empty", "directory", "fifo", "link", "dangling"],
)
def test_what_is_not_of_this_command_stays(place, make) -> None:
    path = place / "seon_proxyserver2"
    make(path)
    before = path.lstat()
    answer = call(place)
    assert answer.exit_code == 1
    assert f"{path} is there already and is not of `seon programs`" in answer.output
    assert path.lstat()[:7] == before[:7]
    assert names(place) == ["seon_proxyserver2"]


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_directory_that_is_none_is_said_with_what_to_type(place, name) -> None:
    (place / "file").touch()
    answer = call(place / name)
    assert answer.exit_code == 1
    assert f"is not a directory. Type: install -d -m 755 -o USER {place / name}" in answer.output


def test_a_virtual_environments_bin_is_refused() -> None:
    answer = call(Path(sys.executable).parent)
    assert answer.exit_code == 1
    assert "is where Python keeps its programs" in answer.output


def test_a_directory_in_which_they_could_not_start_is_said_with_what_to_type(place) -> None:
    place.chmod(0o777)
    answer = call(place)
    assert f"They will not start yet. Every user of this host may write {place}; type: chmod o-w {place}." in (
        answer.output
    )


def test_a_directory_that_cannot_be_written_is_named(place, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(programs.os, "rename", fail)
    answer = call(place)
    assert answer.exit_code == 1
    assert f"{place}: Permission denied" in answer.output
    assert names(place) == []


@pytest.mark.parametrize("name", ["with a blank", "long" * 40], ids=["blank", "long"])
def test_a_python_whose_path_no_kernel_takes_is_started_all_the_same(place, tmp_path, monkeypatch, name) -> None:
    """A virtual environment may lie anywhere. It is found by its path, so that is no link to another."""
    bin_ = tmp_path / name / "bin"
    bin_.mkdir(parents=True)
    config = Path(sys.prefix) / "pyvenv.cfg"
    shutil.copy(config, bin_.parent)
    (bin_ / "python").symlink_to(Path(sys.executable).resolve())
    (bin_.parent / "lib").symlink_to(Path(sys.prefix) / "lib")
    monkeypatch.setattr(sys, "executable", str(bin_ / "python"))
    assert call(place).exit_code == 0
    monkeypatch.undo()
    assert (place / "seon_proxyserver2").read_text().startswith("#!/bin/sh\n")
    said = run(place / "seon_proxyserver2", "-L")
    assert said.stdout.startswith("Seon Proxy ID: "), said.stderr
    assert names(place) == sorted([*NAMES, "seon_proxyserver.key"])
    assert run(place / "seon_proxyserver2", "-i", "two words").returncode == 2


@pytest.mark.parametrize("character", list("\"'`$\\\n\x1b"))
def test_a_python_whose_path_cannot_be_written_down_is_refused(place, monkeypatch, character) -> None:
    monkeypatch.setattr(sys, "executable", f"/opt/a{character}b/bin/python")
    answer = call(place)
    assert answer.exit_code == 1
    assert "has a character that no program's first line can hold" in answer.output
    assert names(place) == []


def test_a_python_that_finds_seon_by_its_environment_only_is_refused(place, tmp_path, monkeypatch) -> None:
    """Isolated it would not find it: the programs would fail at each start."""
    bare = tmp_path / "python"
    bare.symlink_to(Path(sys.executable).resolve())
    monkeypatch.setattr(sys, "executable", str(bare))
    answer = call(place)
    assert answer.exit_code == 1
    assert f"{bare} -I does not find Seon" in answer.output
    assert names(place) == []


def test_an_empty_name_does_not_mean_the_working_directory(place, monkeypatch) -> None:
    monkeypatch.chdir(place)
    answer = call("")
    assert answer.exit_code == 1
    assert answer.output == "Error: No directory is named; the working directory is written as .\n"
    assert names(place) == []
    assert call(".").exit_code == 0
    assert names(place) == NAMES
