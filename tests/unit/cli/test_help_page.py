"""Help as administrators of the product know it: the build first, then all there is to know."""

import re

import pytest
from click.testing import CliRunner

from seon.build import this_build
from seon.cli.daemons import client, server


@pytest.mark.parametrize(("command", "title"), [(server, "Seon Proxy daemon"), (client, "Seon Proxy client")])
def test_the_first_line_names_the_build(command, title) -> None:
    assert CliRunner().invoke(command, ["-h"]).output.splitlines()[0] == f"{title} build {this_build().build}"


@pytest.mark.parametrize("command", [server, client])
def test_it_has_options_files_signals_exit_statuses_and_examples_in_that_order(command) -> None:
    output = CliRunner().invoke(command, ["-h"]).output
    headings = re.findall(r"^(\S.*):$", output, re.MULTILINE)
    assert [heading.split()[0] for heading in headings] == [
        "Options", "Files", "Environment", "Signals", "Exit", "Examples",
    ]  # fmt: skip


@pytest.mark.parametrize("command", [server, client])
def test_no_line_is_wider_than_a_terminal(command) -> None:
    output = CliRunner().invoke(command, ["-h"]).output
    assert [line for line in output.splitlines() if len(line) > 80 and "-U https://" not in line] == []


@pytest.mark.parametrize("command", [server, client])
def test_each_option_has_a_long_form(command) -> None:
    for option in command.params:
        if option.param_type_name == "option":
            assert any(name.startswith("--") for name in option.opts), option.opts
