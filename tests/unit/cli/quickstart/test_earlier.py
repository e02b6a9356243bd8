"""Processes of an earlier quick start in the same directory."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seon.cli.quickstart.earlier import Running, start_time
from seon.cli.quickstart.processes import ProcessError


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


@pytest.fixture
def said() -> list[str]:
    return []


def test_a_new_directory_is_made_and_taken(tmp_path, said) -> None:
    path = tmp_path / "run" / "running"
    Running(path).begin(said.append)
    assert path.read_text().split()[0] == str(os.getpid())
    assert said == []


def test_a_directory_where_a_quick_start_runs_is_refused_at_once(tmp_path, said, sleeper) -> None:
    path = tmp_path / "running"
    path.write_text(f"{sleeper.pid} {start_time(sleeper.pid)}\n")
    with pytest.raises(ProcessError, match=rf"process {sleeper.pid}.*--dir"):
        Running(path).begin(said.append)


def test_a_directory_of_somebody_else_is_not_used(tmp_path, said, monkeypatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(ProcessError, match=r"belongs to another user.*--dir"):
        Running(tmp_path / "running").begin(said.append)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_every_user_can_write_is_not_used(tmp_path, said) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(ProcessError, match=r"can be written by every user.*--dir"):
        Running(tmp_path / "running").begin(said.append)


def test_a_start_that_has_not_noted_its_id_yet_has_the_directory_all_the_same(tmp_path, said) -> None:
    """Of two that start at once, neither would see the other's."""
    path = tmp_path / "running"
    code = (
        "import sys; from pathlib import Path; from seon.cli.quickstart.earlier import Running\n"
        "Running(Path(sys.argv[1])).begin(print); print('taken', flush=True); sys.stdin.read()"
    )
    command, pipe = [sys.executable, "-c", code, str(path)], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout.readline() == "taken\n"
        path.write_text("")
        with pytest.raises(ProcessError, match=r"a quick start is running in .*--dir"):
            Running(path).begin(said.append)
        other.communicate("")
    Running(path).begin(said.append)
    assert said == []


def test_a_file_of_process_ids_that_is_damaged_is_no_hindrance(tmp_path, said) -> None:
    (tmp_path / "running").write_bytes(b"\0\0\n\xff\xfe 1\nabc def\n")
    Running(tmp_path / "running").begin(said.append)
    assert said == []


def after_a_killed_start(path: Path, pid: int) -> Running:
    """Return the file as a quick start leaves it that was killed and had started a process."""
    path.write_text("4194304 1\n")
    running = Running(path)
    running.add(pid)
    return running


def test_what_a_killed_quick_start_has_left_is_waited_for(tmp_path, said, sleeper) -> None:
    running = after_a_killed_start(tmp_path / "running", sleeper.pid)
    threading.Timer(0.3, sleeper.kill).start()
    before = time.monotonic()
    running.begin(said.append, 10)
    assert 0.2 < time.monotonic() - before < 8
    assert str(sleeper.pid) in said[0]


def test_what_does_not_end_is_named(tmp_path, said, sleeper) -> None:
    running = after_a_killed_start(tmp_path / "running", sleeper.pid)
    with pytest.raises(ProcessError, match=f"process {sleeper.pid} .*does not end"):
        running.begin(said.append, 0.1)


def test_another_process_with_an_id_of_that_time_is_not_waited_for(tmp_path, said, sleeper) -> None:
    path = tmp_path / "running"
    path.write_text(f"{sleeper.pid} 1\n{sleeper.pid} 1\n17")
    Running(path).begin(said.append)
    assert said == []


def test_a_process_that_has_ended_has_no_start_time(sleeper) -> None:
    assert start_time(sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert start_time(sleeper.pid) == "", "a zombie has ended"
    assert start_time(4_194_304) == ""
