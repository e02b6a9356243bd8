"""What can be said of the stations on the quick start's command line."""

import click
import pytest
from click.testing import CliRunner

from seon.cli.quickstart.command import quickstart
from seon.cli.quickstart.options import Code, HostPort, Password


@pytest.mark.parametrize("code", ["A", "O0177ABCD", "A/B-C.D&E(F) G", "X" * 25])
def test_a_code_of_the_x_set_is_taken(code) -> None:
    assert Code().convert(code, None, None) == code


@pytest.mark.parametrize("code", ["", "lower", "A_B", "X" * 26, "A ", " A", "Ä", "A\n", "A:B"])
def test_a_code_that_no_ssid_can_hold_is_refused(code) -> None:
    with pytest.raises(click.BadParameter, match=r"1 to 25 characters: capital letters"):
        Code().convert(code, None, None)


@pytest.mark.parametrize("password", ["", "S", "12345678", "A B", "A&B"])
def test_a_password_of_the_x_set_is_taken(password) -> None:
    assert Password().convert(password, None, None) == password


@pytest.mark.parametrize("password", ["123456789", "hidden", "A ", "A_B", "Ä"])
def test_a_password_that_no_ssid_can_hold_is_refused_and_not_shown(password) -> None:
    with pytest.raises(click.BadParameter, match="at most 8 characters") as error:
        Password().convert(password, None, None)
    assert password not in str(error.value)


@pytest.mark.parametrize("octets", [b"SECRET", b"SECRET\nmore\n", b"SECRET\r\n"])
def test_a_password_is_taken_from_the_first_line_of_a_file(tmp_path, octets) -> None:
    (tmp_path / "password").write_bytes(octets)
    assert Password().convert(f"@{tmp_path}/password", None, None) == "SECRET"


def test_a_password_file_that_cannot_be_used_is_named(tmp_path) -> None:
    with pytest.raises(click.BadParameter, match="nowhere"):
        Password().convert(f"@{tmp_path}/nowhere", None, None)
    (tmp_path / "octets").write_bytes(b"\xff\xfe")
    with pytest.raises(click.BadParameter, match="octets is not text"):
        Password().convert(f"@{tmp_path}/octets", None, None)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.5:3305", "10.0.0.5:3305"),
        ("oftp.example:1", "oftp.example:1"),
        ("oftp.example", "oftp.example:3305"),
        ("[2001:db8::5]:3306", "[2001:db8::5]:3306"),
        ("2001:db8::5", "[2001:db8::5]:3305"),
    ],
)
def test_the_receive_daemon_s_address_is_host_and_port(text, address) -> None:
    assert HostPort().convert(text, None, None) == address


@pytest.mark.parametrize("text", ["", ":3305", "a:0", "a:65536", "a:b", "[x]:3305", "a b:3305", "http://a:3305", "a/b"])
def test_an_address_that_is_none_is_refused_with_examples(text) -> None:
    with pytest.raises(click.BadParameter, match=r"examples: 10\.0\.0\.5:3305"):
        HostPort().convert(text, None, None)


@pytest.mark.parametrize("option", ["--our-code", "--our-password", "--partner-code", "--partner-password"])
def test_a_wrong_value_is_said_with_its_option_before_anything_is_made(tmp_path, option) -> None:
    answer = CliRunner().invoke(quickstart, ["--dir", str(tmp_path / "run"), option, "not_right"])
    assert answer.exit_code == 2
    assert f"'{option}'" in answer.output
    assert "capital letters" in answer.output
    assert not (tmp_path / "run").exists()


def test_a_wrong_password_in_the_environment_is_said_without_it(tmp_path) -> None:
    environment = {"SEON_PARTNER_PASSWORD": "wrong one"}
    answer = CliRunner(env=environment).invoke(quickstart, ["--dir", str(tmp_path / "run")])
    assert answer.exit_code == 2
    assert "SEON_PARTNER_PASSWORD" in answer.output
    assert "wrong one" not in answer.output


def test_two_stations_of_one_code_are_refused(tmp_path) -> None:
    options = ["--dir", str(tmp_path / "run"), "--our-code", "SAME", "--partner-code", "SAME"]
    answer = CliRunner().invoke(quickstart, options)
    assert answer.exit_code == 2
    assert "--partner-code" in answer.output


def test_help_says_how_to_hide_a_password() -> None:
    words = " ".join(CliRunner().invoke(quickstart, ["--help"]).output.split())
    assert "visible to every user" in words
    assert "@FILE" in words


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path) -> None:
    (tmp_path / "file").touch()
    answer = CliRunner().invoke(quickstart, ["--dir", str(tmp_path / "file" / "run"), "--once"])
    assert answer.exit_code == 1
    assert answer.output.splitlines()[1:] == [f"Error: {tmp_path}/file/run: Not a directory"]
