"""The program's directory: which it is, and that nobody else may change what lies there."""

import os
import re
import stat
import sys
from pathlib import Path

import pytest

from seon.daemon import home as homes
from seon.daemon.home import StartError, home, home_for_identity

SERVICE, OTHER, GROUP = 40_001, 40_002, 40_003
"""Numbers that no user and no group has."""


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A directory that SEON_HOME names."""
    path = tmp_path / "place"
    path.mkdir(mode=0o755)
    monkeypatch.setenv("SEON_HOME", str(path))
    return path


@pytest.fixture
def seen_as(monkeypatch, place):
    """Let the directory belong to a user, with a mode, and this process to another: none of it needs root then."""

    def seen(owner: int, mode: int, user: int, *, may_write: bool = True) -> None:
        real = Path.stat

        def status(path: Path, **options: bool) -> os.stat_result:
            found = real(path, **options)
            if path != place:
                return found
            fields = list(found)
            fields[0], fields[4], fields[5] = stat.S_IFDIR | mode, owner, GROUP
            return os.stat_result(fields)

        monkeypatch.setattr(Path, "stat", status)
        monkeypatch.setattr(os, "geteuid", lambda: user)
        monkeypatch.setattr(os, "access", lambda *_, **__: may_write)

    return seen


def refusal(function=home) -> str:
    with pytest.raises(StartError) as error:
        function()
    return str(error.value)


# --- which it is ------------------------------------------------------------------------------------


def test_seon_home_is_the_programs_directory(place) -> None:
    assert home() == place


def test_a_relative_seon_home_is_the_same_directory_after_a_change_of_the_working_directory(place, monkeypatch) -> None:
    monkeypatch.chdir(place.parent)
    monkeypatch.setenv("SEON_HOME", "place")
    assert home() == place


def test_without_it_the_directory_of_the_program_counts_whatever_the_working_directory(tmp_path, monkeypatch) -> None:
    program = tmp_path / "program"
    program.touch()
    (tmp_path / "link").symlink_to(program)
    monkeypatch.delenv("SEON_HOME", raising=False)
    monkeypatch.chdir("/")
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "link")])
    assert home() == tmp_path


@pytest.mark.parametrize("name", ["missing", "file", "file/below"])
def test_a_home_that_is_no_directory_is_named(tmp_path, monkeypatch, name) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SEON_HOME", str(tmp_path / name))
    assert f"SEON_HOME is {tmp_path / name}, which is not a directory" in refusal()


@pytest.mark.parametrize(
    ("name", "said"), [("/" + "a" * 300, "File name too long"), ("/" + "a/" * 3_000, "File name too long")]
)
def test_a_home_that_cannot_be_is_named_without_a_trace(monkeypatch, name: str, said: str) -> None:
    monkeypatch.setenv("SEON_HOME", name)
    assert said in refusal()


def test_a_relative_home_is_refused_where_the_working_directory_was_removed(tmp_path, monkeypatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.setenv("SEON_HOME", "place")
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert refusal() == (
        "place is relative to the working directory, which was removed: give the whole path, or type: cd /"
    )


def test_no_message_holds_what_a_terminal_would_obey() -> None:
    text = str(StartError("red \x1b[31m\x9b and \udcff\u202e\nnext line, \xe9 \\ stay"))
    assert text == "red \\x1b[31m\\x9b and \\udcff\\u202e\nnext line, \xe9 \\ stay"


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("function", [home, home_for_identity])
def test_a_virtual_environments_bin_is_never_the_home(tmp_path, monkeypatch, named, function) -> None:
    (tmp_path / "pyvenv.cfg").touch()
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "program").touch()
    (tmp_path / "link").symlink_to(bin_ / "program")
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "link")])
    if named:
        monkeypatch.setenv("SEON_HOME", str(bin_))
    else:
        monkeypatch.delenv("SEON_HOME", raising=False)
    text = refusal(function)
    assert text.startswith(f"SEON_HOME is needed: {bin_} is where Python keeps its programs")
    assert "seon programs DIRECTORY" in text


def test_nor_is_the_directory_where_this_python_puts_programs(monkeypatch) -> None:
    monkeypatch.delenv("SEON_HOME", raising=False)
    monkeypatch.setattr(sys, "argv", [str(Path(sys.executable).with_name("seon"))])
    assert refusal().startswith("SEON_HOME is needed")


# --- who may write there ----------------------------------------------------------------------------

OWN = [
    (SERVICE, 0o700, SERVICE),
    (SERVICE, 0o755, SERVICE),
    (SERVICE, 0o1775, SERVICE),
    (0, 0o755, 0),
    (0, 0o1770, 0),
    (0, 0o1770, SERVICE),
    (0, 0o1775, SERVICE),
]


@pytest.mark.parametrize(("owner", "mode", "user"), OWN, ids=lambda value: f"{value:o}")
def test_right_is_the_services_own_directory_or_roots_shared_with_one_group(seen_as, place, owner, mode, user) -> None:
    seen_as(owner, mode, user)
    assert home() == place


WRONG = [
    (SERVICE, 0o775, SERVICE, "The group 40003 may write .*; type: chmod g-w "),
    (SERVICE, 0o757, SERVICE, "Every user of this host may write .*; type: chmod o-w "),
    (SERVICE, 0o1777, SERVICE, "chmod o-w "),
    (0, 0o775, 0, "chmod g-w "),
    (0, 0o1777, SERVICE, "chmod o-w "),
    (0, 0o755, SERVICE, "belongs to root, and 40001 may not make files .*chown 40001 "),
    (0, 0o775, SERVICE, "chgrp GROUP .* && chmod 1770 "),
    (OTHER, 0o755, SERVICE, "belongs to the user 40002, and this is 40001.* chown 40001 "),
    (OTHER, 0o1775, SERVICE, "belongs to the user 40002"),
    (SERVICE, 0o755, 0, "belongs to the user 40001, and root starts nothing there.*runuser -u 40001 -- "),
]


@pytest.mark.parametrize(("owner", "mode", "user", "said"), WRONG, ids=lambda value: f"{value}"[:9])
def test_all_else_is_refused_with_what_to_type(seen_as, place, owner, mode, user, said) -> None:
    seen_as(owner, mode, user)
    text = refusal()
    assert re.search(said, text), text
    assert text.endswith(f"The program's directory is {place}: SEON_HOME names it.")


def test_a_directory_shared_with_a_group_that_this_user_is_not_in_is_refused(seen_as) -> None:
    seen_as(0, 0o1770, SERVICE, may_write=False)
    assert "chgrp GROUP" in refusal()


def test_the_directory_and_seon_home_are_named_either_way(place, monkeypatch) -> None:
    assert homes.where(place) == f"The program's directory is {place}: SEON_HOME names it."
    monkeypatch.delenv("SEON_HOME")
    assert "where the program lies; SEON_HOME can name another" in homes.where(place)


# --- what root may do for a service: -L -------------------------------------------------------------


def test_root_makes_the_key_of_a_service_user_in_the_directory_of_that_user(seen_as, place) -> None:
    seen_as(SERVICE, 0o755, 0)
    found = home_for_identity()
    assert (found.path, found.owner, found.group, found.note) == (place, SERVICE, GROUP, "")


def test_root_is_told_for_whom_the_key_was_made_where_the_directory_is_roots_alone(seen_as, place) -> None:
    seen_as(0, 0o755, 0)
    found = home_for_identity()
    assert found.owner == 0
    assert f"made for root, since {place} belongs to root" in found.note
    assert f"chown -R USER {place}" in found.note


def test_in_a_shared_directory_the_services_user_must_make_the_key(seen_as) -> None:
    seen_as(0, 0o1770, 0)
    text = refusal(home_for_identity)
    assert "the user that the service runs as must make the identity key" in text
    assert re.search("Type: runuser -u USER -- .* -L", text)


@pytest.mark.parametrize(("owner", "mode"), [(SERVICE, 0o757), (SERVICE, 0o775), (0, 0o777), (0, 0o770)])
def test_a_key_is_made_only_where_the_service_could_start(seen_as, owner, mode) -> None:
    seen_as(owner, mode, 0)
    assert "type: chmod" in refusal(home_for_identity)


def test_a_user_makes_only_the_own_key(seen_as, place) -> None:
    seen_as(SERVICE, 0o755, SERVICE)
    assert home_for_identity().owner == SERVICE
    seen_as(OTHER, 0o755, SERVICE)
    assert "belongs to the user 40002" in refusal(home_for_identity)
