"""The option of every program that says which build it is."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def version_option(program: str, *names: str) -> Callable[[F], F]:
    """Add an option that prints the program's name, version, build and commit, and exits."""

    def show(context: click.Context, _: click.Parameter, wanted: bool) -> None:
        if not wanted or context.resilient_parsing:
            return
        from seon.build import this_build  # noqa: PLC0415  # may start git: only for who wants to know

        click.echo(f"{program} {this_build()}")
        context.exit()

    text = "Show version, build and commit, and exit."
    return click.option(*names, is_flag=True, expose_value=False, is_eager=True, callback=show, help=text)
