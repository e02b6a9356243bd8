"""`seonapi user`: who may use the panel and the REST API."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seon.backend.errors import OperatorError
from seon.cli.seonapi.answers import Sheet, State, Table, Tone
from seon.cli.seonapi.base import FILE, Said, at_a_terminal, on_installation, secret_in

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@click.group()
def user() -> None:
    """Users of the panel and of the REST API. Roles: administrator, operator, auditor."""


def _password_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add where a password comes from: never from the command line, which every user of the host can see."""
    for option in (
        click.option("--random", "made_up", is_flag=True, help="Make a password up and show it, once."),
        click.option("--password-file", type=FILE, metavar="FILE", help="Its first line is the password."),
    ):
        function = option(function)
    return function


def _password(name: str, password_file: Path | None, made_up: bool) -> tuple[str, bool]:
    """Return a password, and whether it was made up; on a terminal it is asked for, twice. Raises OperatorError."""
    from seon.backend.users.actions import new_password

    if password_file and made_up:
        raise OperatorError("Give --password-file or --random, not both")
    if made_up:
        return new_password(), True
    given = secret_in(password_file)
    if given is not None:
        return given, False
    if not at_a_terminal():
        raise OperatorError("No password is given, and nobody is there to be asked: give --password-file or --random")
    asked: str = click.prompt(f"Password of {name}", hide_input=True, confirmation_prompt="Once more", err=True)
    return asked, False


def _with_password(data: dict[str, Any], text: str, password: str, made_up: bool) -> Said:
    if not made_up:
        return Said(data, text)
    return Said({**data, "password": password}, f"{text}\npassword, shown only now: {password}")


@user.command(name="add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, help="What it may do; repeatable.")
@_password_options
@on_installation
def user_add(name: str, roles: tuple[str, ...], password_file: Path | None, made_up: bool) -> Said:
    """Add the user NAME. On a terminal its password is asked for."""
    from seon.backend.acting.actors import owner
    from seon.backend.users.actions import add_user, roles_of

    password, was_made_up = _password(name, password_file, made_up)
    added = add_user(owner(), name, roles, password)
    data = {"name": name, "roles": roles_of(added)}
    return _with_password(data, f"user {name} added: {', '.join(roles_of(added))}", password, was_made_up)


@user.command(name="change")
@click.argument("name")
@click.option("--role", "roles", multiple=True, help="Its roles from now on; repeatable.")
@click.option("--enable/--disable", "active", default=None, help="Whether it may log in.")
@on_installation
def user_change(name: str, roles: tuple[str, ...], active: bool | None) -> Said:
    """Change the roles of the user NAME, or whether it may log in."""
    from seon.backend.acting.actors import owner
    from seon.backend.users.actions import change_user, roles_of

    if not roles and active is None:
        raise OperatorError("Nothing to change is given: --role, --enable or --disable")
    changed = change_user(owner(), name, roles=roles or None, active=active)
    now = roles_of(changed)
    state = "may log in" if changed.is_active else "may not log in"
    data = {"name": name, "roles": now, "active": changed.is_active}
    return Said(data, f"user {name}: {', '.join(now)}; {state}")


@user.command(name="password")
@click.argument("name")
@_password_options
@on_installation
def user_password(name: str, password_file: Path | None, made_up: bool) -> Said:
    """Give the user NAME another password. It is unlocked, and its sessions end."""
    from seon.backend.acting.actors import owner
    from seon.backend.users.actions import find_user, set_password

    find_user(name)  # before anybody is asked for a password
    password, was_made_up = _password(name, password_file, made_up)
    changed = set_password(owner(), name, password)
    off = "" if changed.is_active else f"; it is disabled: seonapi user change {name} --enable"
    return _with_password({"name": name}, f"password of {name} changed{off}", password, was_made_up)


@user.command(name="unlock")
@click.argument("name")
@on_installation
def user_unlock(name: str) -> Said:
    """Let the user NAME log in again after too many wrong passwords."""
    from seon.backend.acting.actors import owner
    from seon.backend.users.actions import unlock_user

    count = unlock_user(owner(), name)
    return Said({"name": name, "forgotten": count}, f"user {name} {'unlocked' if count else 'was not locked'}")


@user.command(name="logout")
@click.argument("name")
@on_installation
def user_logout(name: str) -> Said:
    """End the sessions of the user NAME in the panel.

    It has to log in again.
    """
    from seon.backend.acting.actors import owner
    from seon.backend.users.actions import end_sessions

    count = end_sessions(owner(), name)
    return Said({"name": name, "ended": count}, f"user {name}: {count} session{'' if count == 1 else 's'} ended")


@user.command(name="remove")
@click.argument("name")
@on_installation
def user_remove(name: str) -> Said:
    """Remove the user NAME; its sessions end. The last administrator cannot be removed."""
    from seon.backend.acting.actors import owner
    from seon.backend.users.actions import remove_user

    remove_user(owner(), name)
    return Said({"name": name, "removed": True}, f"user {name} removed")


@user.command(name="list")
@on_installation
def user_list() -> Said:
    """List users."""
    from django.contrib.auth.models import User

    from seon.backend.users.actions import roles_of

    headings = {"name": "name", "roles": "roles", "state": "state", "last_login": "last login"}
    table = Table(headings, empty="no users yet")
    for found in User.objects.order_by("username"):
        table.add(
            name=found.username, roles=roles_of(found), state=_state(found), active=found.is_active,
            last_login=found.last_login,
        )  # fmt: skip
    return table.said()


@user.command(name="show")
@click.argument("name")
@on_installation
def user_show(name: str) -> Said:
    """Show the user NAME: roles, rights, last login, failed logins."""
    from axes.models import AccessAttempt

    from seon.backend.acting.actors import rights_of
    from seon.backend.acting.rights import Right
    from seon.backend.users.actions import find_user, roles_of
    from seon.backend.users.sessions import sessions_of

    found = find_user(name)
    sheet = Sheet()
    sheet.add("name", "name", found.username)
    sheet.add("roles", "roles", roles_of(found))
    sheet.add("rights", "may", [right.meaning for right in Right if right in rights_of(found)])
    sheet.add("state", "state", _state(found))
    sheet.add("last_login", "last login", found.last_login)
    sheet.add("sessions", "sessions in the panel", len(sessions_of(found)))
    failures = Table({"address": "address", "count": "wrong passwords", "last": "last"}, empty="none")
    for attempt in AccessAttempt.objects.filter(username=name).order_by("-attempt_time")[:20]:
        failures.add(address=attempt.ip_address, count=attempt.failures_since_start, last=attempt.attempt_time)
    sheet.add("failed_logins", "failed logins", failures)
    return sheet.said()


def _state(found: "User") -> State:
    return State("may log in", Tone.GOOD) if found.is_active else State("disabled", Tone.OFF)
