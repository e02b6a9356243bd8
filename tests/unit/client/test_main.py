"""How the main of the client starts."""

import os
import socket
import subprocess
import sys


def test_without_a_courier_the_main_does_not_start(tmp_path) -> None:
    one, two = socket.socketpair()
    two.close()
    command = [sys.executable, "-m", "seon.client.main", str(one.fileno())]
    environment = {**os.environ, "SEON_HOME": str(tmp_path)}
    done = subprocess.run(
        command, env=environment, pass_fds=[one.fileno()], capture_output=True, check=False, timeout=30
    )
    one.close()
    assert done.returncode == 1
    assert done.stderr == b"The courier process ended before it could begin\n"
    assert list(tmp_path.iterdir()) == []


def test_the_main_of_the_client_loads_no_http_client_and_no_django() -> None:
    code = "import seon.client.main, sys; print([name for name in ('httpx', 'django') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=30)
    assert "httpx" not in done.stdout.decode()
    assert "django" not in done.stdout.decode()
