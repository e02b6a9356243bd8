"""`seon station`: its command line."""

import pytest
from click.testing import CliRunner

from seon.cli.station import Secret, station


@pytest.mark.parametrize("command", ["serve", "send"])
def test_both_commands_have_help(command) -> None:
    answer = CliRunner().invoke(station, [command, "--help"])
    assert answer.exit_code == 0
    assert "--code" in answer.output


def test_a_password_is_taken_from_the_first_line_of_a_file(tmp_path) -> None:
    (tmp_path / "password").write_text("HUSH\nmore\n")
    assert Secret().convert(f"@{tmp_path}/password", None, None) == "HUSH"
    assert Secret().convert("HUSH", None, None) == "HUSH"


def test_a_password_file_that_is_not_there_is_named(tmp_path) -> None:
    answer = CliRunner().invoke(station, ["send", "h", __file__, "--code", "A", "--password", f"@{tmp_path}/missing"])
    assert answer.exit_code == 2
    assert "missing" in answer.output


@pytest.mark.parametrize("arguments", [["--buffer", "127"], ["--credit", "0"], ["--format", "X"], ["--level", "3"]])
def test_a_value_that_the_protocol_has_not_got_is_refused(arguments) -> None:
    answer = CliRunner().invoke(station, ["send", "h", __file__, "--code", "A", "--password", "P", *arguments])
    assert answer.exit_code == 2
