"""docs/commands.md: each command stands there as its --help shows it."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from seon.cli.commands_page import as_markdown
from seon.cli.seon import main as seon
from seon.cli.seonapi import main as seonapi

PAGE = Path(__file__).parents[3] / "docs" / "commands.md"
WIDTH = 98


def leaves(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the names of all commands, those of groups too."""
    yield path
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            if not below.hidden:
                yield from leaves(below, (*path, name))


ALL = [("seonapi", seonapi, path) for path in leaves(seonapi, ())] + [("seon", seon, path) for path in leaves(seon, ())]


def test_the_page_is_the_one_in_the_code() -> None:
    assert PAGE.read_text() == as_markdown(), "run `make docs`"


@pytest.mark.parametrize(
    ("program", "main", "path"), ALL, ids=lambda value: "-".join(value) if isinstance(value, tuple) else ""
)
def test_a_command_stands_in_the_page_as_its_help_shows_it(
    program: str, main: click.Command, path: tuple[str, ...]
) -> None:
    entry = as_markdown().partition(f"# {' '.join((program, *path))}\n\n```text\n")[2].partition("\n```\n")[0]
    shown = CliRunner().invoke(
        main, [*path, "--help"], prog_name=program, terminal_width=WIDTH, max_content_width=WIDTH
    )
    assert shown.exit_code == 0
    there = " ".join(shown.output.split())
    assert entry, "the command has an entry"
    for line in entry.splitlines():
        assert " ".join(line.split()) in there


def test_the_page_has_no_command_without_a_word_on_what_it_does() -> None:
    silent = [path for _, main, path in ALL if not (_at(main, path).help or "").strip()]
    assert silent == []


def test_every_option_says_what_it_means() -> None:
    silent = [
        (*path, option.opts[0])
        for _, main, path in ALL
        for option in _at(main, path).params
        if isinstance(option, click.Option) and not option.hidden and not option.help
    ]
    assert silent == []


def _at(main: click.Command, path: tuple[str, ...]) -> click.Command:
    for name in path:
        assert isinstance(main, click.Group)
        main = main.commands[name]
    return main


def test_the_lists_of_commands_have_whole_sentences_on_a_terminal_of_80_columns() -> None:
    cut = []
    for program, main, path in ALL:
        shown = CliRunner().invoke(main, [*path, "--help"], prog_name=program, terminal_width=80).output
        cut += [line for line in shown.partition("\nCommands:")[2].splitlines() if line.endswith("...")]
    assert cut == []
