"""A program that began with an empty environment can hide its command line, too."""

import subprocess
import sys

import pytest

from seon.daemon.title_room import ROOM, VARIABLE

SCRIPT = """
import os, pathlib, sys, setproctitle
from seon.daemon.title_room import make_room
make_room()
setproctitle.setproctitle("hidden " + "x" * 200)
print(pathlib.Path("/proc/self/cmdline").read_bytes().rstrip(b"\\0").decode(), sys.argv[1], os.environ.get("KEPT"))
"""


def shown(environment: dict[str, str]) -> str:
    """Return what `ps` shows of a program with a secret in its command line, that argument, and a variable of its."""
    return subprocess.run(
        [sys.executable, "-I", "-c", SCRIPT, "secret"], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.parametrize("environment", [{}, {"KEPT": "yes"}, {"KEPT": "yes", "PATH": "/usr/bin" * 100}])
def test_the_command_line_is_hidden_and_kept_whatever_the_environment_is(environment) -> None:
    assert shown(environment) == f"hidden {'x' * 200} secret {environment.get('KEPT')}"


def test_a_program_begins_again_once_only() -> None:
    assert len(ROOM) == 256
    assert shown({VARIABLE: "short", "KEPT": "yes"}).endswith(" secret yes")
