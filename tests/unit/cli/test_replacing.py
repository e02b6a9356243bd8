"""A file that takes another's place whole, or not at all."""

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from seon.backend.errors import OperatorError
from seon.cli import replacing as module
from seon.cli.replacing import replaced


class WentWrongError(Exception):
    """What belongs to the file has failed."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


def test_a_new_file_has_its_text_and_its_mode_whatever_the_umask(path: Path) -> None:
    umask = os.umask(0o077)
    try:
        with replaced(path, 0o644) as put:
            put("text")
    finally:
        os.umask(umask)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("text", 0o644)
    assert list(path.parent.iterdir()) == [path], "no draft stays"


def test_an_old_file_is_whole_until_the_new_one_is(path: Path) -> None:
    path.write_text("a longer old text")
    with path.open() as reader:
        with replaced(path, 0o644) as put:
            put("new")
            assert path.read_text() == "a longer old text", "what the body does may fail yet"
        assert path.read_text() == "new"
        assert reader.read() == "a longer old text", "who reads the old one reads all of it"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("old", [None, "old"])
@pytest.mark.parametrize("put_first", [False, True])
def test_what_fails_leaves_everything_as_it_was(path: Path, old: str | None, put_first: bool) -> None:
    if old:
        path.write_text(old)
    with contextlib.suppress(WentWrongError), replaced(path, 0o644) as put:
        if put_first:
            put("new")
        raise WentWrongError
    assert [(found.name, found.read_text()) for found in path.parent.iterdir()] == ([("file", old)] if old else [])


def test_of_a_link_the_file_is_replaced_and_the_link_stays(path: Path) -> None:
    path.write_text("old")
    link = path.with_name("link")
    link.symlink_to(path)
    with replaced(link, 0o644) as put:
        put("new")
    assert link.is_symlink()
    assert path.read_text() == "new"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("absent/file", "is not a directory"),
        (".", "is a directory; name a file in it"),
        ("fifo", "is no file that could be replaced"),
        ("n" * 300, "cannot be written: File name too long"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_done(tmp_path: Path, wrong: str, said: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OperatorError, match=said), replaced(tmp_path / wrong, 0o644):
        pytest.fail("the body must not run")
    assert [found.name for found in tmp_path.iterdir()] == ["fifo"]


def test_a_full_disk_leaves_the_old_file_and_no_draft(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path.write_text("old")
    monkeypatch.setattr(module.os, "fsync", full)
    said = "file cannot be written: No space left on device; nothing was done"
    with pytest.raises(OperatorError, match=said), replaced(path, 0o644) as put:
        put("new")
    assert [(found.name, found.read_text()) for found in path.parent.iterdir()] == [("file", "old")]


TO_STDOUT = """
from pathlib import Path
from seon.backend.errors import OperatorError
from seon.cli.replacing import replaced
try:
    with replaced(Path("/dev/stdout"), 0o644) as put:
        put("new")
except OperatorError as error:
    print(error)
"""


def test_where_the_output_goes_is_not_replaced_under_the_shells_hands(path: Path) -> None:
    with path.open("w") as output:
        subprocess.run([sys.executable, "-c", TO_STDOUT], stdout=output, check=True)
    assert path.read_text() == "/dev/stdout is no file that could be replaced; without --out it is printed\n"


ANOTHER_USER = """
import os, sys
from pathlib import Path
from seon.backend.errors import OperatorError
from seon.cli.replacing import replaced
os.setuid(65_534)
try:
    with replaced(Path(sys.argv[1]), 0o644) as put:
        put("new")
except OperatorError as error:
    print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can become another user")
def test_a_file_of_another_user_in_a_sticky_directory_stays() -> None:
    directory = Path(tempfile.mkdtemp())  # where another user can reach it
    path = directory / "file"
    try:
        directory.chmod(0o1777)
        path.write_text("old")
        path.chmod(0o666)
        said = subprocess.check_output([sys.executable, "-c", ANOTHER_USER, str(path)], text=True)
        assert "cannot be written: Operation not permitted; nothing was done" in said
        assert [(found.name, found.read_text()) for found in directory.iterdir()] == [("file", "old")]
    finally:
        path.unlink(missing_ok=True)
        directory.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a link that belongs to another user")
@pytest.mark.parametrize("link", ["file", "directory"])
def test_a_link_that_another_user_has_laid_out_leads_to_no_file_of_ours(tmp_path: Path, link: str) -> None:
    shared, ours = tmp_path / "shared", tmp_path / "ours"
    for directory in (shared, ours):
        directory.mkdir()
    (ours / "profile").write_text("ours")
    trap = shared / link
    trap.symlink_to(ours / "profile" if link == "file" else ours)
    os.lchown(trap, 65_534, 65_534)
    path = trap if link == "file" else trap / "profile"
    with pytest.raises(OperatorError, match="symbolic link of another user"), replaced(path, 0o644) as put:
        put("theirs")
    assert (ours / "profile").read_text() == "ours"
    assert [left.name for left in ours.iterdir()] == ["profile"], "no draft either"
    os.lchown(trap, os.geteuid(), os.getegid())
    with replaced(path, 0o644) as put:
        put("new")
    assert (ours / "profile").read_text() == "new"
