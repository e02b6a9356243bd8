"""The page docs/commands.md: every command of `seonapi` and `seon` with its help, as the programs print it.

The two daemons are not in it: their help also has tables of files, signals and exit statuses, which docs/operating.md
explains.
"""

from collections.abc import Iterator

import click

from seon.cli.seon import main as seon
from seon.cli.seonapi import main as seonapi
from seon.cli.seonapi import send_queue

_WIDTH = 98
_EVERYWHERE = frozenset({"_click_default_help", "help", "home", "as_json"})
"""Parameters that the page explains once, in its head."""

_PAGE = """# Commands

`make docs` makes this page from `src/seon/cli/commands_page.py`: it shows what `--help` shows.
[administration.md](administration.md) says which command is for what, and in which order.

What counts for all of them:

* `--help` behind a command shows its help. It is left out below.
* `--home DIR` names the installation. Without it `$SEON_HOME` counts. Nearly all commands of
  `seonapi` take it; it is left out below.
* `--json` prints one JSON value in place of a text or table. Nearly all commands of `seonapi` that
  do not run on take it; it is left out below.
* Times are UTC. A day, such as `2026-12-24`, begins at 0:00 where something begins, and counts to
  its end where something ends.
* What goes wrong is one line on standard error. It says what is wrong, where, and what to do. The
  exit status is 1. A wrong command line has 2.
* A table has colours on a terminal only, and none if `NO_COLOR` is set.
* `eval "$(seonapi completion bash)"` in `~/.bashrc` lets the shell complete commands and options.

"""


def as_markdown() -> str:
    """Return the whole page."""
    parts = [_PAGE]
    for program, command in (("seonapi", seonapi), ("seon_sendqueue", send_queue), ("seon", seon)):
        parts.extend(_entries(command, program, None))
    return "\n".join(parts).rstrip("\n") + "\n"


def _entries(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    """Yield the entry of a command, and those of the commands below it."""
    # With the command's own settings: it keeps the help option that it is asked for first.
    settings = {**command.context_settings, "terminal_width": _WIDTH, "max_content_width": _WIDTH}
    context = click.Context(command, info_name=name, parent=parent, resilient_parsing=True, **settings)
    level = "##" if parent is None else "###"
    yield f"{level} {context.command_path}\n\n```text\n{_help(command, context)}\n```\n"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None and not found.hidden:
                yield from _entries(found, below, context)


def _help(command: click.Command, context: click.Context) -> str:
    """Return the help that the command prints, without the options that the page's head explains."""
    formatter = context.make_formatter()
    command.format_usage(context, formatter)
    command.format_help_text(context, formatter)
    rows = [
        row
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option)
        and parameter.name not in _EVERYWHERE
        and (row := parameter.get_help_record(context)) is not None
    ]
    if rows:
        with formatter.section("Options"):
            formatter.write_dl(rows)
    if isinstance(command, click.Group):
        command.format_commands(context, formatter)
    return formatter.getvalue().rstrip("\n")
