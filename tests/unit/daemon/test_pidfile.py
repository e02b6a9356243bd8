"""The PID file (mission D2)."""

import os
import subprocess
import sys

import pytest

from seon.daemon.home import StartError
from seon.daemon.pidfile import PidFile


def test_it_holds_the_process_id_and_goes_with_the_process(tmp_path) -> None:
    file = PidFile(tmp_path / "x.pid")
    file.write()
    assert (tmp_path / "x.pid").read_text() == f"{os.getpid()}\n"
    file.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_running_process_is_named(tmp_path) -> None:
    PidFile(tmp_path / "x.pid").write()
    with pytest.raises(StartError, match=f"process {os.getpid()} is running"):
        PidFile(tmp_path / "x.pid").write()
    assert (tmp_path / "x.pid").exists()


def test_a_dead_process_is_named_and_said_to_be_dead(tmp_path) -> None:
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    (tmp_path / "x.pid").write_bytes(done.stdout)
    with pytest.raises(StartError, match=f"process {int(done.stdout)} in it is dead"):
        PidFile(tmp_path / "x.pid").write()


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_still_stops_the_start(tmp_path, content) -> None:
    (tmp_path / "x.pid").write_bytes(content)
    with pytest.raises(StartError, match="exists and cannot be read"):
        PidFile(tmp_path / "x.pid").write()


def test_a_directory_that_cannot_be_written_is_named(tmp_path) -> None:
    with pytest.raises(StartError, match="cannot be made"):
        PidFile(tmp_path / "missing" / "x.pid").write()


def test_only_the_process_that_wrote_it_removes_it(tmp_path) -> None:
    PidFile(tmp_path / "x.pid").write()
    PidFile(tmp_path / "x.pid").remove()
    assert (tmp_path / "x.pid").exists()


def test_a_session_process_does_not_remove_its_mains(alone, tmp_path) -> None:
    alone(forked, tmp_path / "x.pid")


def forked(path: str) -> None:
    from pathlib import Path

    file = PidFile(Path(path))
    file.write()
    pid = os.fork()
    if pid == 0:
        file.remove()
        os._exit(0)
    os.waitpid(pid, 0)
    assert Path(path).exists()
    file.remove()
    assert not Path(path).exists()


def test_on_a_full_disk_there_is_an_error_in_words_and_no_empty_file(alone, tmp_path) -> None:
    alone(full_disk, tmp_path / "x.pid")


def full_disk(path: str) -> None:
    import resource
    import signal
    from pathlib import Path

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))  # the file can be made, and takes no octet
    try:
        with pytest.raises(StartError, match="cannot be made"):
            PidFile(Path(path)).write()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not Path(path).exists()


def test_a_kill_at_any_step_leaves_no_file_that_names_no_process(alone, tmp_path) -> None:
    """One that names a dead process can be removed by whoever starts the program again."""
    alone(killed_at_each_step, tmp_path)


def killed_at_each_step(directory: str) -> None:
    import signal
    from pathlib import Path

    class Step:
        """Kills this process at the audit event with a number: each system call that Python tells of is one."""

        def __init__(self, last: int) -> None:
            self.left = last

        def __call__(self, event: str, _: object) -> None:
            if event.startswith(("open", "os.")):
                self.left -= 1
                if not self.left:
                    os.kill(os.getpid(), signal.SIGKILL)

    path = Path(directory) / "x.pid"
    for last in range(1, 100):
        pid = os.fork()
        if pid == 0:
            sys.addaudithook(Step(last))
            PidFile(path).write()
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        assert not path.exists() or path.read_text() == f"{pid}\n", f"after {last} steps"
        path.unlink(missing_ok=True)
        if status == 0:
            return
    raise AssertionError("it never came to its end")
