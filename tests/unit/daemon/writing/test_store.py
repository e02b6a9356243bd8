"""The settings file on disk."""

import errno
import os

import pytest

from seon.daemon.writing.elements import MAX_OCTETS
from seon.daemon.writing.store import default_text, load, make_default, signature


def test_the_first_settings_file_is_made_for_all_to_read_and_names_the_program(tmp_path) -> None:
    path = tmp_path / "seon_proxyclient.logrc"
    umask = os.umask(0)
    try:
        make_default(path, "seon_proxyclient")
    finally:
        os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o644
    assert "Log settings of seon_proxyclient" in path.read_text()
    assert "PROGRAM" not in default_text("x")


def test_a_file_that_is_there_is_never_changed(tmp_path) -> None:
    path = tmp_path / "a.logrc"
    path.write_text("mine")
    make_default(path, "a")
    assert path.read_text() == "mine"


def test_a_link_that_leads_nowhere_is_not_followed(tmp_path) -> None:
    path = tmp_path / "a.logrc"
    path.symlink_to(tmp_path / "elsewhere")
    make_default(path, "a")
    assert not (tmp_path / "elsewhere").exists()


def test_a_directory_that_cannot_be_written_stops_nothing(tmp_path) -> None:
    make_default(tmp_path / "missing" / "a.logrc", "a")
    assert list(tmp_path.iterdir()) == []


def test_a_change_is_noticed_even_if_time_and_size_are_the_same(tmp_path) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_text("one")
    before = signature(path)
    other.write_text("two")
    times = path.stat()
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.rename(path)
    assert signature(path) != before
    path.unlink()
    assert signature(path) is None


def test_no_more_is_read_than_the_reader_takes(tmp_path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * (MAX_OCTETS + 1_000))
    assert len(load(path)) == MAX_OCTETS + 1


def test_what_is_no_file_is_not_waited_for(tmp_path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, tmp_path / "missing"):
        with pytest.raises(OSError, match=r"regular|directory"):
            load(path)


@pytest.mark.parametrize("nothing", [True, False])
def test_a_full_disk_leaves_no_half_file_that_every_start_would_complain_of(tmp_path, monkeypatch, nothing) -> None:
    def full(_: int, octets: bytes) -> int:
        if nothing:
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(octets) // 2

    monkeypatch.setattr(os, "write", full)
    make_default(tmp_path / "a.logrc", "a")
    assert list(tmp_path.iterdir()) == []


def test_settings_that_another_user_may_write_are_not_read(tmp_path) -> None:
    """Who writes them decides which files the program writes."""
    path = tmp_path / "seon_proxyserver.logrc"
    path.write_text("<log4c/>")
    path.chmod(0o666)
    with pytest.raises(OSError, match="others may write it; type: chmod o-w"):
        load(path)
    path.chmod(0o644)
    assert load(path) == b"<log4c/>"
    if os.geteuid() == 0:
        os.chown(path, 4_711, 4_711)
        with pytest.raises(OSError, match="another user owns it; type: chown 0 "):
            load(path)
