"""The program's directory."""

import sys

import pytest

from seon.daemon.home import StartError, home


def test_seon_home_is_the_programs_directory(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SEON_HOME", str(tmp_path))
    assert home() == tmp_path


def test_without_it_the_directory_of_the_program_counts_whatever_the_working_directory(tmp_path, monkeypatch) -> None:
    program = tmp_path / "program"
    program.touch()
    (tmp_path / "link").symlink_to(program)
    monkeypatch.delenv("SEON_HOME", raising=False)
    monkeypatch.chdir("/")
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "link")])
    assert home() == tmp_path


@pytest.mark.parametrize("name", ["missing", "file"])
def test_a_home_that_is_no_directory_is_named(tmp_path, monkeypatch, name) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SEON_HOME", str(tmp_path / name))
    with pytest.raises(StartError, match=f"{name}, which is not a directory"):
        home()
