"""`seonapi check`: what is wrong with the installation, or soon will be."""

# ruff: noqa: PLC0415 - imports inside commands: what needs Django comes after its set-up, and --help stays quick

import sys
from dataclasses import asdict

import click
import msgspec

from seon.cli.seonapi.base import clear_errors, home_option
from seon.events import shown
from seon.wording import fill


@click.command()
@home_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
@clear_errors
def check(home: str | None, as_json: bool) -> None:
    """Name what is wrong or soon will be, and what to do. The whole installation is looked at.

    Nothing is changed. The exit status is 0 if nothing was found, 1 for warnings only, and 2 for errors, as monitoring
    systems count them.
    """
    from seon.backend.checking.installation import check_installation, status_of
    from seon.backend.loading import choose_home

    found = list(check_installation(choose_home(home)))
    if as_json:
        click.echo(msgspec.json.encode([asdict(one) for one in found]).decode())
    else:
        for one in found:
            click.echo(f"{one.level.upper()} {one.check}: {shown(one.what, 1_000)}")
            click.echo(f"    where: {shown(one.where)}")
            click.echo(f"    do:    {shown(one.advice, 1_000)}")
        click.echo(fill("{count:# finding|# findings|all is well}", {"count": len(found)}))
    sys.exit(status_of(found))
