import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from making import script

from seon.backend.errors import OperatorError
from seon.backend.script.path import DIRECTORY_VARIABLE, check_script, check_user


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return script(tmp_path, "true")


def test_a_script_that_only_we_can_change_may_be_run(good: Path) -> None:
    assert check_script(str(good), good.parent) == good


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "gone": (lambda path: path.unlink(), "No such file"),
    "not executable": (lambda path: path.chmod(0o600), "chmod u\\+x"),
    "writable by all": (lambda path: path.chmod(0o702), "chmod go-w .*on-event"),
    "writable by its group": (lambda path: path.chmod(0o720), "chmod go-w .*on-event"),
    "in a directory that all may write": (lambda path: path.parent.chmod(0o777), "chmod go-w"),
    "a directory": (lambda path: (path.unlink(), path.mkdir()), "regular file"),
    "a pipe": (lambda path: (path.unlink(), os.mkfifo(path, 0o700)), "regular file"),
    "a symbolic link": (
        lambda path: (path.rename(path.with_name("other")), path.symlink_to("other")), "without symbolic links: as"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILED)
def test_a_script_is_refused_with_what_is_wrong_with_it_if_it_is(good: Path, name: str) -> None:
    spoil, said = SPOILED[name]
    spoil(good)
    if os.getuid() == 0 and name == "not executable":
        assert not os.access(good, os.X_OK), "root needs one bit, too"
    with pytest.raises(OperatorError, match=said):
        check_script(str(good), None)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_script_of_another_user_is_refused_unless_the_home_is_that_users(good: Path, tmp_path: Path) -> None:
    os.chown(good, 12_345, 12_345)
    with pytest.raises(OperatorError, match="chown root"):
        check_script(str(good), None)
    home = tmp_path / "its-home"
    home.mkdir()
    os.chown(home, 12_345, 12_345)
    assert check_script(str(good), home) == good


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a directory away")
def test_who_is_not_the_user_of_the_home_is_told_what_to_type(tmp_path: Path) -> None:
    check_user(tmp_path)
    os.chown(tmp_path, 12_345, 12_345)
    with pytest.raises(OperatorError, match=f"as user 12345, whom {tmp_path} belongs to: .* runuser -u 12345 --"):
        check_user(tmp_path)


@pytest.mark.parametrize("text", ["", "on-event", "./on-event", "/tmp/a\nb", "/" + "a" * 1_000, "~/x"])
def test_what_is_no_absolute_path_is_refused(text: str) -> None:
    with pytest.raises(OperatorError, match="absolute path"):
        check_script(text, None)


def test_a_directory_for_scripts_allows_no_other_place(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = tmp_path / "scripts"
    allowed.mkdir()
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(allowed))
    inside = script(allowed, "true")
    assert check_script(str(inside), None) == inside
    for outside in (good, allowed / ".." / good.name):
        with pytest.raises(OperatorError, match=DIRECTORY_VARIABLE):
            check_script(str(outside), None)
    monkeypatch.setenv(DIRECTORY_VARIABLE, "scripts")
    with pytest.raises(OperatorError, match="absolute"):
        check_script(str(inside), None)
