"""The daemons' command lines (mission D1)."""

import re

import pytest
from click.testing import CliRunner

from seon.cli.daemons import client, server


def call(command, *arguments: str, **environment: str):
    return CliRunner(env={"SEON_TOKEN": "", **environment}).invoke(command, arguments)


@pytest.mark.parametrize("command", [server, client])
def test_help_and_version(command) -> None:
    assert call(command, "-h").exit_code == 0
    version = call(command, "-v")
    assert version.exit_code == 0
    assert "seon_proxy" in version.output


@pytest.mark.parametrize("option", ["-i", "-L", "-l", "-V", "-h", "-v"])
def test_the_servers_options_are_in_its_help(option) -> None:
    assert f"{option}," in call(server, "-h").output or f"{option} " in call(server, "-h").output


@pytest.mark.parametrize("option", ["-U", "-S", "-T", "-d", "-h", "-v"])
def test_the_clients_options_are_in_its_help(option) -> None:
    assert f"{option}," in call(client, "-h").output or f"{option} " in call(client, "-h").output


def test_without_parameters_the_client_shows_its_help() -> None:
    assert "Usage:" in call(client).output


@pytest.mark.parametrize(
    "address",
    [
        "host:2878",
        ":0",
        "10.0.0.1:x",
        "10.0.0.256:1",
        "10.1.2:2878",
        "2878",
        "[fe80::1%eth0]:2878",
        "224.0.0.1:2878",
        "255.255.255.255:1",
        "https://[::1]:1",
    ],
)
def test_an_internal_address_that_is_none_is_refused_with_examples(address) -> None:
    answer = call(server, "-i", address)
    assert answer.exit_code == 2
    assert "'-i'" in answer.output
    assert "[::1]:2878" in answer.output
    assert "Traceback" not in answer.output


@pytest.mark.parametrize(
    ("text", "heard"),
    [(":2878", ("", 2878)), ("0.0.0.0:1", ("0.0.0.0", 1)),
     ("[::ffff:10.0.0.1]:1", ("10.0.0.1", 1)), ("::", ("::", 2878))],
)  # fmt: skip
def test_an_internal_address_is_brought_into_its_one_form(tmp_path, monkeypatch, text, heard) -> None:
    options = []
    monkeypatch.setattr("seon.server.main.run", lambda given: options.append(given) or 0)
    assert call(server, "-i", text, SEON_HOME=str(tmp_path)).exit_code == 0
    assert (options[0].address, options[0].port) == heard


def test_the_proxy_id_is_printed_in_the_words_of_c1(tmp_path) -> None:
    answer = call(server, "-L", SEON_HOME=str(tmp_path))
    assert answer.exit_code == 0
    assert re.fullmatch("Seon Proxy ID: [0-9a-f]{64}px\n", answer.stdout)


def test_what_is_wrong_is_said_without_a_trace(tmp_path) -> None:
    answer = call(server, "-V", "-l", str(tmp_path / "missing"), SEON_HOME=str(tmp_path))
    assert answer.exit_code == 1
    assert "No valid license" in answer.output
    assert "Traceback" not in answer.output


def test_a_wrong_token_is_not_shown(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("seon.client.start.forbid_dumps", lambda: None)  # it is for a whole process, not for this one
    token = "seon1.abc.verysecretverysecretverysecret"
    answer = call(client, "-U", "https://h", "-S", "dmz", "-T", token, SEON_HOME=str(tmp_path))
    assert answer.exit_code == 1
    assert "verysecret" not in answer.output


@pytest.mark.parametrize(("token", "warned"), [("seon1.abc.secret", True), ("@file", False), ("-", False)])
def test_a_token_on_the_command_line_is_warned_of_and_gone_from_the_title_at_once(
    tmp_path, monkeypatch, token, warned
) -> None:
    titles = []
    monkeypatch.setattr("setproctitle.setproctitle", titles.append)
    monkeypatch.setattr("seon.client.start.forbid_dumps", lambda: None)
    answer = call(client, "-U", "https://h", "-S", "dmz", "-T", token, SEON_HOME=str(tmp_path))
    assert titles[0] == "seon_proxyclient2: starting"
    assert ("is visible to every user" in answer.output) is warned


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--wait-ready", "api", "nan"], "'nan' is not expected here: only --wait-ready has a number"),
        (["--wait-ready", "api", "soon"], "'soon' is not expected here: only --wait-ready has a number"),
        (["--wait-ready", "api", "0"], "0.1<=x<=86400"),
        (["5"], "'5' is not expected here: only --wait-ready has a number"),
        (["--end-if-refused", "nan"], "'nan' is no number of seconds"),
        (["--end-if-away", "-1"], "'-1' is no number of seconds"),
    ],
)
def test_what_is_no_time_is_refused_and_named(arguments, words) -> None:
    answer = call(client, "-U", "https://h", "-S", "h", "-T", "@/nowhere", *arguments)
    assert answer.exit_code == 2
    assert words in answer.output


def test_proxy_id_and_license_are_not_asked_for_at_once(tmp_path) -> None:
    answer = call(server, "-L", "-V", SEON_HOME=str(tmp_path))
    assert answer.exit_code == 2
    assert "give one of them" in answer.output
    assert not list(tmp_path.iterdir()), "no key was made"
