import os
import stat
from pathlib import Path

import pytest

from seon.backend.apilog.places import check_place, opened
from seon.backend.errors import OperatorError

LINE = "2026-03-14 12:00:00,250Z INFO 4711 seon.api: Seonapi ended\n"


def refused(path: Path) -> tuple[str, str]:
    """What is said when the file is chosen, and when a process opens it; nothing is changed."""
    with pytest.raises(OperatorError) as said:
        check_place(str(path), None)
    with pytest.raises(OSError) as trouble:  # noqa: PT011 - its text is looked at by who asks
        opened(path)
    return str(said.value), str(trouble.value.strerror)


def test_a_new_file_is_made_with_0640_whatever_the_umask_is_and_by_the_process_only(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    check_place(str(path), None)
    assert not path.exists()
    os.close(opened(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("content", ["", LINE])
def test_an_empty_file_and_a_log_of_ours_are_continued(tmp_path: Path, content: str) -> None:
    path = tmp_path / "api.log"
    path.write_text(content)
    path.chmod(0o600)
    check_place(str(path), None)
    descriptor = opened(path)
    os.write(descriptor, b"more")
    os.close(descriptor)
    assert path.read_text() == content + "more"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_symbolic_link_a_pipe_a_directory_and_a_file_of_others_are_refused(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "dangling").symlink_to(tmp_path / "absent")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    (tmp_path / "script").write_text("#!/bin/sh\n")
    for name, reason in {
        "link": "symbolic link", "dangling": "symbolic link", "pipe": "not a regular file",
        "directory": "not a regular file", "script": "no log of Seonapi",
    }.items():  # fmt: skip
        said, trouble = refused(tmp_path / name)
        assert reason in said
        assert reason in trouble
    assert not (tmp_path / "absent").exists()
    assert (tmp_path / "script").read_text() == "#!/bin/sh\n"


@pytest.mark.parametrize("text", ["api.log", "/tmp/../api.log", "/a\nb", "/" + 1_001 * "x", ""])
def test_only_a_plain_absolute_path_is_taken(text: str) -> None:
    with pytest.raises(OperatorError, match="absolute path"):
        check_place(text, None)


def test_in_the_home_only_its_log_directory_is_a_place(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    check_place(str(tmp_path / "log" / "other.log"), tmp_path)
    with pytest.raises(OperatorError, match="is a place for it"):
        check_place(str(tmp_path / "new"), tmp_path)


def test_a_directory_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=f"mkdir {tmp_path}/absent"):
        check_place(str(tmp_path / "absent" / "api.log"), None)
