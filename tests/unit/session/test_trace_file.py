"""Where traces go: private, bounded, and never through a link that somebody else has laid."""

import os
import stat
from pathlib import Path

import pytest

from seon.session import trace_file
from seon.session.trace_file import TraceFile


@pytest.fixture
def traces(tmp_path) -> Path:
    return tmp_path / "traces"


def test_directory_and_file_are_their_owners_only(traces) -> None:
    before = os.umask(0)
    try:
        file = TraceFile(traces, "abc-dmz")
    finally:
        os.umask(before)
    assert file.path == traces / "abc-dmz.oftp"
    assert stat.S_IMODE(traces.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    file.close()


def test_what_is_written_is_there_at_once(traces) -> None:
    file = TraceFile(traces, "abc-dmz")
    file.write("# one\n")
    file.write("I 00\n")
    assert file.path.read_text() == "# one\nI 00\n"
    assert file.size == 11
    file.close()
    file.close()


def test_a_name_that_is_taken_gets_a_number_and_nothing_is_overwritten(traces) -> None:
    names = []
    for number in range(3):
        file = TraceFile(traces, "abc-dmz")
        file.write(f"# {number}\n")
        file.close()
        names.append(file.path.name)
    assert names == ["abc-dmz.oftp", "abc-dmz-2.oftp", "abc-dmz-3.oftp"]
    assert [(traces / name).read_text() for name in names] == ["# 0\n", "# 1\n", "# 2\n"]


def test_a_link_in_its_place_is_not_followed(traces, tmp_path) -> None:
    traces.mkdir()
    (traces / "abc-dmz.oftp").symlink_to(tmp_path / "victim")
    TraceFile(traces, "abc-dmz").close()
    assert not (tmp_path / "victim").exists()


def test_nor_is_one_in_place_of_the_directory(traces, tmp_path) -> None:
    (tmp_path / "elsewhere").mkdir()
    traces.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):  # noqa: PT011 - which error it is depends on the system
        TraceFile(traces, "abc-dmz")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_oldest_make_room_and_other_files_stay(traces, monkeypatch) -> None:
    monkeypatch.setattr(trace_file, "KEPT", 3)
    traces.mkdir()
    for age, name in enumerate(["d.oftp", "c.oftp", "b.oftp", "a.oftp", "notes.txt"]):
        (traces / name).touch()
        os.utime(traces / name, (1_000_000 + age, 1_000_000 + age))
    (traces / "folder.oftp").mkdir()
    TraceFile(traces, "new").close()
    left = {path.name for path in traces.iterdir()}
    assert left == {"b.oftp", "a.oftp", "new.oftp", "notes.txt", "folder.oftp"}


def test_the_names_of_one_session_run_out_at_last(traces, monkeypatch) -> None:
    monkeypatch.setattr(trace_file, "KEPT", 2)
    TraceFile(traces, "abc").close()
    TraceFile(traces, "abc").close()
    with pytest.raises(FileExistsError):
        TraceFile(traces, "abc")


def test_on_a_full_disk_no_part_of_a_line_is_left(alone, traces) -> None:
    alone(full_disk, traces)


def full_disk(directory: str) -> None:
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    file = TraceFile(Path(directory), "abc")
    file.write("# fits\n")
    with pytest.raises(OSError, match="too large"):
        file.write("I " + "00" * 100 + "\n")
    assert file.path.read_text() == "# fits\n"
    file.write("# fits again\n")
    assert file.path.read_text() == "# fits\n# fits again\n"
