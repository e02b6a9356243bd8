"""`-v` of every program: its name, version, build and commit."""

import pytest
from click.testing import CliRunner

from seon.build import this_build
from seon.cli.daemons import client, server
from seon.cli.seon import main as seon
from seon.cli.seonapi import main as seonapi

PROGRAMS = {"seon_proxyserver2": server, "seon_proxyclient2": client, "seon": seon, "seonapi": seonapi}


@pytest.mark.parametrize("option", ["-v", "--version"])
@pytest.mark.parametrize(("name", "command"), PROGRAMS.items())
def test_every_program_says_which_build_it_is(name, command, option) -> None:
    done = CliRunner(env={"SEON_TOKEN": ""}).invoke(command, [option])
    assert (done.exit_code, done.output) == (0, f"{name} {this_build()}\n")
    assert "build " in done.output
    assert "commit " in done.output
