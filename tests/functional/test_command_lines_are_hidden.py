"""A command line is visible to every user of a host: the client's does not show token and password for long."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from functional.harness import run
from functional.processes import eventually

SECRET = "s3cret_s3cret-s3cret_s3cret-s3cret_s3cret_s"
TOKEN = f"seon1.{'ab' * 32}.{SECRET}"
COMMAND = ("-d", "-U", f"https://user:{SECRET}@127.0.0.1:1", "-S", "127.0.0.1:1", "-T", TOKEN)


def command_lines(pid: int) -> list[str]:
    """Return what is visible of a process and of its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [line for each in (pid, *children) if (line := command_line(each)) is not None]


def command_line(pid: int | str) -> str | None:
    """Return what is visible of a process; None if it has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None


@pytest.mark.parametrize("environment", [{}, {"PATH": "/usr/bin:/bin"}, {"LONG": "x" * 1_000}], ids=json.dumps)
def test_token_and_password_are_not_visible_whatever_the_environment_is(tmp_path, environment) -> None:
    assert run(["seon", "programs", str(tmp_path)]).returncode == 0
    program = tmp_path / "seon_proxyclient2"
    with subprocess.Popen([program, *COMMAND], env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: any("seon_proxyclient2: courier" in line for line in command_lines(process.pid)))
            eventually(lambda: command_lines(process.pid)[0].startswith("seon_proxyclient2: main"))
            assert len(command_lines(process.pid)) == 2
            assert [line for line in command_lines(process.pid) if SECRET in line] == []
        finally:
            os.kill(process.pid, signal.SIGTERM)
    assert process.returncode == 0
