from pathlib import Path

import pytest

from seon.backend.errors import OperatorError
from seon.backend.home import current_home, replace_private, write_private


def test_without_a_name_there_is_no_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEON_HOME", "")
    with pytest.raises(OperatorError, match="--home"):
        current_home()


def test_a_private_file_follows_no_link_and_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "link", b"secret")
    assert not (tmp_path / "elsewhere").exists()


def test_replacing_leaves_the_whole_new_file_private(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"old")
    path.chmod(0o644)
    (tmp_path / "key.new").write_bytes(b"left by a crash")
    replace_private(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["key"]
