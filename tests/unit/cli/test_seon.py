"""`seon`: its commands are found, and cost nothing until they are called."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from seon.cli.seon import _COMMANDS, main


def test_every_command_is_in_the_help_and_can_be_loaded() -> None:
    text = CliRunner().invoke(main, ["--help"]).output
    for name in _COMMANDS:
        assert name in text
        assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


def test_an_unknown_command_is_said_to_be_so() -> None:
    answer = CliRunner().invoke(main, ["fly"])
    assert answer.exit_code == 2
    assert "No such command" in answer.output


@pytest.mark.parametrize("module", ["django", "httpx", "OpenSSL", "seon.station"])
def test_help_loads_nothing_heavy(module) -> None:
    code = (
        "import sys; from click.testing import CliRunner; from seon.cli.seon import main; "
        f"CliRunner().invoke(main, ['--help']); sys.exit({module!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0
