"""The starting command and its daemon, as real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

_START = """
import os, signal, sys, time
# Whoever runs the tests may have them ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
from seon.daemon.background import detach
starter = detach()
{body}
"""


def start(body: str, **more) -> "subprocess.CompletedProcess[str]":
    """Run a command whose daemon does this; return how the command ended."""
    command = [sys.executable, "-c", _START.format(body=body)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30, **more)


@pytest.mark.parametrize(("status", "stream"), [(0, "stdout"), (1, "stderr"), (7, "stderr")])
def test_the_command_ends_with_the_word_of_its_daemon(status: int, stream: str) -> None:
    done = start(f"starter.say({status}, 'two lines\\nof text'); time.sleep(0.5)")
    assert done.returncode == status
    assert getattr(done, stream) == "two lines\nof text\n"
    assert (done.stdout + done.stderr).count("lines") == 1


def test_nothing_is_printed_if_there_is_nothing_to_say() -> None:
    done = start("starter.say(0)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("os._exit(3)", 3, "exit status 3"),
        ("os._exit(0)", 1, "exit status 0"),
        ("os.kill(os.getpid(), 9)", 1, "SIGKILL"),
        ("1 / 0", 1, "exit status 1"),
    ],
)
def test_a_daemon_that_ends_without_a_word_is_told(body: str, status: int, words: str) -> None:
    done = start(body)
    assert done.returncode == status
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_the_daemon_has_left_terminal_directory_and_descriptors(tmp_path) -> None:
    code = (
        "open(sys.argv[1], 'w').write(repr((os.getsid(0) == os.getpid(), os.getcwd(), os.umask(0),"
        " [os.readlink(f'/proc/self/fd/{n}') for n in range(3)],"
        " [os.readlink(f'/proc/self/fd/{n}') for n in map(int, os.listdir('/proc/self/fd')) if n > 2 and"
        " os.path.exists(f'/proc/self/fd/{n}')])));"
        "starter.say(0)"
    )
    reading, writing = os.pipe()
    command = [sys.executable, "-c", _START.format(body=code), str(tmp_path / "seen")]
    subprocess.run(command, check=True, timeout=30, pass_fds=[writing], cwd=tmp_path)
    os.close(writing)
    leader, directory, umask, streams, others = eval((tmp_path / "seen").read_text())
    assert (leader, directory, umask, streams) == (True, "/", 0o027, ["/dev/null"] * 3)
    assert not [name for name in others if name == f"pipe:[{os.fstat(reading).st_ino}]"], "what the shell left open"
    assert os.read(reading, 1) == b"", "and so who reads it does not wait"
    os.close(reading)


def test_a_shell_that_waits_for_the_output_does_not_wait_for_the_daemon(tmp_path) -> None:
    """As in `text=$(seon_proxyserver2)`: the daemon must not hold the pipe."""
    began = time.monotonic()
    body = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); starter.say(0, 'ready'); time.sleep(20)"
    assert start(body).stdout == "ready\n"
    assert time.monotonic() - began < 10
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
def test_a_command_that_is_ended_leaves_the_daemon_alone(tmp_path, number) -> None:
    """A closed terminal sends SIGHUP."""
    pid, go, over = (tmp_path / name for name in ("pid", "go", "over"))
    body = (
        f"open({str(pid)!r} + '.new', 'w').write(str(os.getpid())); os.rename({str(pid)!r} + '.new', {str(pid)!r})\n"
        f"while not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
        f"starter.say(0, 'ready'); open({str(over)!r}, 'w'); time.sleep(20)"
    )
    command = subprocess.Popen([sys.executable, "-c", _START.format(body=body)], start_new_session=True)
    wait_for(pid)
    os.killpg(command.pid, number)
    assert command.wait(10) == -number
    go.touch()
    wait_for(over)
    os.kill(int(pid.read_text()), signal.SIGKILL)


def wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until, f"{path.name} comes"
        time.sleep(0.01)


def test_ctrl_c_ends_the_waiting_and_says_so(tmp_path) -> None:
    path = tmp_path / "pid"
    body = f"open({str(path)!r}, 'w').write(str(os.getpid())); time.sleep(20)"
    command = subprocess.Popen(
        [sys.executable, "-c", _START.format(body=body)], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not path.exists() or not path.read_text():
        time.sleep(0.01)
    command.send_signal(signal.SIGINT)
    _, said = command.communicate(timeout=10)
    assert command.returncode == 130
    assert f"process {path.read_text()} goes on" in said
    os.kill(int(path.read_text()), signal.SIGKILL)


@pytest.mark.parametrize(("before", "after"), [(0o000, 0o027), (0o022, 0o027), (0o077, 0o077), (0o777, 0o077)])
def test_in_the_foreground_a_umask_may_be_stricter_and_takes_no_right_of_the_program_itself(before, after) -> None:
    code = "import os; from seon.daemon.background import stay; assert not stay().waits; print(os.umask(0))"
    done = subprocess.run(
        [sys.executable, "-c", code], umask=before, capture_output=True, text=True, check=True, timeout=30
    )
    assert int(done.stdout) == after


def test_a_very_long_word_is_cut_and_does_not_hold_the_daemon() -> None:
    done = start("starter.say(1, 'x' * 10_000_000)")
    assert done.returncode == 1
    assert 10_000 < len(done.stderr) < 100_000
