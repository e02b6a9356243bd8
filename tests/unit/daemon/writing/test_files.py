"""A file that stays open, and still is the one that its name means."""

import os
import resource
import signal
from pathlib import Path

import pytest

from seon.daemon.writing.files import AppendedFile


@pytest.fixture
def file(tmp_path):
    made = AppendedFile(tmp_path / "x.log")
    yield made
    made.close()


def test_lines_are_added_to_what_is_there(file) -> None:
    file.path.write_bytes(b"before\n")
    file.append(b"one\n", 0)
    file.append(b"two\n", 0)
    assert file.path.read_bytes() == b"before\none\ntwo\n"
    assert file.size == len(b"before\none\ntwo\n")


def test_it_is_not_for_others(file) -> None:
    umask = os.umask(0)
    try:
        file.open()
    finally:
        os.umask(umask)
    assert file.path.stat().st_mode & 0o777 == 0o640


def test_a_file_that_was_moved_or_removed_is_made_anew_within_a_second(file, tmp_path) -> None:
    file.append(b"1\n", 100.0)
    file.path.rename(tmp_path / "moved.log")
    file.append(b"2\n", 100.9)
    file.append(b"3\n", 101.1)
    assert (tmp_path / "moved.log").read_bytes() == b"1\n2\n"
    assert file.path.read_bytes() == b"3\n"
    file.path.unlink()
    file.append(b"4\n", 102.2)
    assert file.path.read_bytes() == b"4\n"


def test_a_clock_that_goes_back_does_not_keep_it_from_looking(file) -> None:
    file.append(b"1\n", 1_000.0)
    file.path.unlink()
    file.append(b"2\n", 10.0)
    assert file.path.read_bytes() == b"2\n"


def test_a_file_that_somebody_emptied_is_known_to_be_small(file) -> None:
    file.append(b"12345678\n", 0.0)
    os.truncate(file.path, 0)
    file.append(b"1\n", 2.0)
    assert file.size == 2


@pytest.mark.parametrize("kind", ["link", "directory", "fifo", "device"])
def test_what_is_no_regular_file_is_not_written_to_and_nothing_waits(file, tmp_path, kind) -> None:
    match kind:
        case "link":
            (tmp_path / "target").touch()
            file.path.symlink_to(tmp_path / "target")
        case "directory":
            file.path.mkdir()
        case "fifo":
            os.mkfifo(file.path)
        case "device":
            file.path = Path("/dev/null")
    with pytest.raises(OSError, match=r"."):
        file.append(b"line\n", 0)


def test_a_fifo_with_a_reader_is_not_written_to(file) -> None:
    os.mkfifo(file.path)
    reader = os.open(file.path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(OSError, match="regular"):
            file.append(b"line\n", 0)
    finally:
        os.close(reader)


def test_half_a_line_on_a_full_disk_ends_before_the_next_line(alone, tmp_path) -> None:
    alone(full_then_not, tmp_path)
    assert (tmp_path / "x.log").read_bytes() == b"first\nsec\nthird\n"


def full_then_not(directory: str) -> None:
    """A limit on the size of files stands for a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    file = AppendedFile(Path(directory) / "x.log")
    file.append(b"first\n", 0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9, resource.RLIM_INFINITY))
    for line in (b"second\n", b"another\n"):
        with pytest.raises(OSError, match="too large"):
            file.append(line, 0)
    assert file.size == 9
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    file.append(b"third\n", 0)


def test_a_program_that_it_starts_does_not_have_it(file) -> None:
    file.open()
    numbers = [int(path.name) for path in Path("/proc/self/fd").iterdir()]
    ours = [n for n in numbers if Path(f"/proc/self/fd/{n}").exists() and file.path.samefile(f"/proc/self/fd/{n}")]
    assert ours
    assert not any(os.get_inheritable(number) for number in ours)
