"""`seonapi user` as click runs it: passwords come by file, by a question, or are made up; never in an argument."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from axes.models import AccessAttempt
from click.testing import CliRunner, Result
from django.contrib.auth.models import User
from django.test import Client

from seon.cli.seonapi import main

PASSWORD = "correct horse battery"


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["user", *arguments], input=typed)


def done(*arguments: str, typed: str = "") -> str:
    result = run(*arguments, typed=typed)
    assert result.exit_code == 0, result.output
    return result.stdout.rstrip("\n")


def answered(*arguments: str) -> Any:
    return msgspec.json.decode(done(*arguments, "--json"))


def refused(*arguments: str) -> str:
    result = run(*arguments)
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code != 0
    assert result.stdout == ""
    return result.stderr


@pytest.fixture(autouse=True)
def file(tmp_path: Path) -> str:
    """An administrator, and a file with a password."""
    User.objects.create_superuser("admin")
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n")
    return str(path)


def test_a_user_is_added_with_the_password_of_a_file_changed_listed_and_removed(file: str) -> None:
    assert done("add", "anna", "--role", "operator", "--password-file", file) == "user anna added: operator"
    assert User.objects.get(username="anna").check_password(PASSWORD)
    assert done("change", "anna", "--role", "auditor", "--disable") == "user anna: auditor; may not log in"
    first, second = answered("list")
    assert (first["name"], first["roles"], first["active"]) == ("admin", ["administrator"], True)
    assert (second["name"], second["roles"], second["state"]) == ("anna", ["auditor"], "disabled")
    assert "disabled" in done("list")
    assert done("remove", "anna") == "user anna removed"
    assert "last administrator" in refused("remove", "admin")
    assert "Nothing to change" in refused("change", "admin")


def test_a_password_that_is_made_up_is_shown_once() -> None:
    said = done("add", "anna", "--role", "operator", "--random").splitlines()
    assert said[0] == "user anna added: operator"
    assert User.objects.get(username="anna").check_password(said[1].removeprefix("password, shown only now: "))
    made = answered("password", "anna", "--random")["password"]
    assert User.objects.get(username="anna").check_password(made)


def test_on_a_terminal_a_password_is_asked_for_twice_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seon.cli.seonapi.user.at_a_terminal", lambda: True)
    result = run("password", "admin", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    assert User.objects.get().check_password(PASSWORD)
    different = run("password", "admin", typed=f"{PASSWORD} 2\nanother\n")
    assert different.exit_code != 0
    assert "do not match" in different.stderr
    assert User.objects.get().check_password(PASSWORD)


def test_without_a_terminal_a_password_must_come_from_somewhere(file: str) -> None:
    assert "--password-file or --random" in refused("password", "admin")
    assert "not both" in refused("password", "admin", "--random", "--password-file", file)
    assert "There is no user 'anna'; there are: admin" in refused("password", "anna", "--random")


def test_a_new_password_of_a_disabled_user_says_that_it_is_disabled() -> None:
    done("add", "anna", "--role", "operator", "--random")
    done("change", "anna", "--disable")
    assert "it is disabled: seonapi user change anna --enable" in done("password", "anna", "--random")


def test_a_locked_user_is_shown_and_unlocked() -> None:
    AccessAttempt.objects.create(username="admin", ip_address="192.0.2.7", failures_since_start=5)
    said = done("show", "admin")
    for part in ("administrator", "192.0.2.7", "add, change and remove users"):
        assert part in said
    assert done("unlock", "admin") == "user admin unlocked"
    assert done("unlock", "admin") == "user admin was not locked"
    assert answered("show", "admin")["failed_logins"] == []


def test_the_sessions_of_a_user_are_counted_and_ended(file: str) -> None:
    done("add", "anna", "--role", "auditor", "--password-file", file)
    for _ in range(2):
        Client().force_login(User.objects.get(username="anna"))
    assert answered("show", "anna")["sessions"] == 2
    assert done("logout", "anna") == "user anna: 2 sessions ended"
    assert answered("show", "anna")["sessions"] == 0
    assert "no user" in refused("logout", "nobody")
