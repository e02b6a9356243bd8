"""`seonapi init`: makes an installation, or brings one up to date."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import functools
from pathlib import Path

import click
import msgspec

from seon.addresses import AddressError, read_host
from seon.backend.errors import OperatorError
from seon.backend.home import Home
from seon.cli.seonapi.base import FILE, clear_errors, database_errors_cleared, home_option, secret_in


@click.command()
@home_option
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Name or address for https; repeatable. Default: all of this host.",
)
@click.option("--user", help="Make this administrator. Default: admin, if there is no administrator yet.")
@click.option(
    "--password-file",
    type=FILE,
    metavar="FILE",
    help="Its first line is the password; default: a random one, shown once.",
)
@click.option("--without-copy", is_flag=True, help="Change an older database without a copy of it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
@clear_errors
def init(
    home: str | None,
    hosts: tuple[str, ...],
    user: str | None,
    password_file: Path | None,
    without_copy: bool,
    as_json: bool,
) -> None:
    """Make an installation, or bring one up to date. What is there stays.

    An older database is copied into the directory `backups` before it is changed. The newest 5 copies are kept.
    """
    from seon.backend import installation, schema
    from seon.backend.loading import choose_home, load_django, secret_file_of

    names = [_own_name(host) for host in hosts]
    place = choose_home(home)
    made = installation.make_directories(place)
    load_django()
    made += database_errors_cleared(functools.partial(installation.make_master_key, secret_file_of(place)))
    made += _copied(place, without_copy=without_copy)
    made += schema.migrate()
    from seon.backend.acting.roles import make_roles  # models can be imported from here on
    from seon.backend.journal import trigrams

    made += make_roles()
    index, hindrance = trigrams.make()
    made += [index] if index else []
    made += installation.make_authorities(place, names)
    administrators, user, password = installation.make_administrator(user, secret_in(password_file))
    made += administrators
    data = {"home": str(place.path), "made": made, "user": user, "password": password, "hindrance": hindrance}
    if as_json:
        click.echo(msgspec.json.encode(data).decode())
    else:
        _tell(place, made, hindrance, f"password of {user}, shown only now: {password}" if password else "")


def _tell(place: Home, made: list[str], hindrance: str, password: str) -> None:
    for what in made:
        click.echo(f"made {what}")
    if password:
        click.echo(password)
    if hindrance:
        click.echo(hindrance, err=True)
    if not made:
        click.echo(f"{place.path} is complete: nothing changed")


def _copied(place: Home, *, without_copy: bool) -> list[str]:
    """Copy a database that is going to be changed; returns what was made."""
    from seon.backend.copying import KEPT, copy_database, remove_old_copies
    from seon.backend.schema import is_older

    if without_copy or not database_errors_cleared(is_older):
        return []
    copy, removed = copy_database(place), remove_old_copies(place)
    kept = f"; the newest {KEPT} copies are kept, {removed} removed" if removed else ""
    return [f"copy of the database as it was, {copy}{kept}"]


def _own_name(text: str) -> str:
    try:
        return read_host(text)
    except AddressError as error:
        raise OperatorError(f"--host: {error}") from None
