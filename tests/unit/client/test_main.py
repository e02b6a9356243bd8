"""How the main of the client starts."""

import os
import socket
import subprocess
import sys

import pytest

from seon.client import main
from seon.client.files import PID_NAME
from seon.daemon.home import StartError


def test_without_a_courier_the_main_does_not_start(tmp_path) -> None:
    one, two = socket.socketpair()
    two.close()
    reading, writing = os.pipe()
    pid_file = os.open(tmp_path / PID_NAME, os.O_RDWR | os.O_CREAT)
    descriptors = [one.fileno(), pid_file, writing]
    command = [sys.executable, "-I", "-m", "seon.client.main", *map(str, descriptors)]
    environment = {**os.environ, "SEON_HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, pass_fds=descriptors, capture_output=True, check=False, timeout=30)
    one.close()
    os.close(pid_file)
    os.close(writing)
    assert done.returncode == 1
    text = "The courier process ended before it could begin\n"
    assert done.stderr.decode() == text
    with os.fdopen(reading) as pipe:
        assert pipe.read() == f"1\n{text.strip()}", "the command that has started it hears of it"
    assert list(tmp_path.iterdir()) == []


def test_the_main_of_the_client_loads_no_http_client_and_no_django() -> None:
    code = "import seon.client.main, sys; print([name for name in ('httpx', 'django') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=30)
    assert "httpx" not in done.stdout.decode()
    assert "django" not in done.stdout.decode()


def test_a_courier_that_says_nothing_is_not_waited_for_without_end(monkeypatch) -> None:
    monkeypatch.setattr(main, "BEGIN_SECONDS", 0.1)
    one, two = socket.socketpair()
    with one, two, pytest.raises(StartError, match=r"has not begun within 0\.1 s; start the client again"):
        main._begin(one)
