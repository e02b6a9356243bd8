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


SERVE = ("--inbox", "in", "--code", "A", "--password", "P")


@pytest.mark.parametrize(
    "address",
    ["10.1.2:3305", "256.1.1.1:3305", "localhost:3305", "[fe80::1%eth0]:3305", "224.0.0.1:3305", "10.0.0.1", "3305",
     ":65536", ":²", "https://10.0.0.1:3305"],
)  # fmt: skip
def test_an_address_to_listen_on_that_is_none_is_refused(address) -> None:
    answer = CliRunner().invoke(station, ["serve", "--listen", address, *SERVE])
    assert answer.exit_code == 2
    assert "--listen: " in answer.output
    assert "[IP]:PORT" in answer.output


@pytest.mark.parametrize(
    ("text", "heard"), [(":0", ("", 0)), ("0.0.0.0:3305", ("0.0.0.0", 3305)), ("[::]:1", ("::", 1))]
)
def test_an_address_to_listen_on(monkeypatch, tmp_path, text, heard) -> None:
    told = []
    monkeypatch.setattr("seon.cli.station.Server.run", lambda _, host, port, __: told.append((host, port)))
    monkeypatch.chdir(tmp_path)
    answer = CliRunner().invoke(station, ["serve", "--listen", text, *SERVE])
    assert (answer.exit_code, told) == (0, [heard])


@pytest.mark.parametrize("target", ["10.1.2", "256.1.1.1:3305", "[fe80::1%eth0]", "0.0.0.0", "oftp://h", "-h.x", ":1"])
def test_a_target_that_is_none_is_refused_before_anything_is_sent(target) -> None:
    answer = CliRunner().invoke(station, ["send", "--code", "A", "--password", "P", "--", target])
    assert answer.exit_code == 1
    assert answer.output.startswith("seon station: HOST[:PORT]: ")
    assert answer.output.count("\n") == 1
