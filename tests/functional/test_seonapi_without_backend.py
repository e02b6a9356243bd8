"""`seonapi` on a host that has the core only, as a DMZ host has: one clear line, whatever is asked of it."""

import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import seon
from seon.cli.seonapi import main

_RUN = "import sys; sys.path[:0] = [sys.argv.pop(1)]; from seon.cli.seonapi import main; main(prog_name='seonapi')"
_RUN_ALL = """
import contextlib, io, json, sys
sys.path[:0] = [sys.argv[1]]
from seon.cli.seonapi import main

def told(line):
    out, error, status = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            main(line, prog_name="seonapi")
        except SystemExit as end:
            status = end.code
    return status, out.getvalue(), error.getvalue()

print(json.dumps([told(line) for line in json.loads(sys.argv[2])]))
"""
BACKEND = {"django", "granian", "whitenoise", "django-unfold"}


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of modules: ours and what the core needs, from this environment's own files."""
    directory = tmp_path_factory.mktemp("core")
    (directory / "seon").symlink_to(Path(seon.__file__).parent)
    for name in core_of("seon-smartproxy", set()):
        files = importlib.metadata.distribution(name).files or []
        for top in {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}:
            place = Path(str(importlib.metadata.distribution(name).locate_file(top)))
            if place.exists() and not (directory / top).exists():
                (directory / top).symlink_to(place)
    return directory


def core_of(name: str, known: set[str]) -> set[str]:
    """Return what a distribution requires without any extra, and what that requires."""
    for text in importlib.metadata.requires(name) or []:
        required = re.split(r"[^A-Za-z0-9_.-]", text)[0].lower()
        if ";" in text or required in known:
            continue
        known.add(required)
        core_of(required, known)
    return known


def seonapi(core: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-I", "-S", "-c", _RUN, str(core), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env={})


def commands(group: click.Group, *before: str) -> Iterator[list[str]]:
    """Every subcommand with as many arguments as it must have."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)
            if not command.invoke_without_command:
                continue
        line = [*before, name]
        for parameter in command.params:
            value = parameter.type.choices[0] if isinstance(parameter.type, click.Choice) else "7"
            if isinstance(parameter, click.Argument) and parameter.required:
                line.append(value)
            elif isinstance(parameter, click.Option) and parameter.required:
                line += [parameter.opts[0], value]
        yield line


COMMANDS = [line for line in commands(main) if line[0] != "completion"]
"""All but the one that needs nothing of Seonapi: it prints a script of the shell."""


def test_the_core_has_nothing_of_the_backend(core: Path) -> None:
    there = {path.name.lower() for path in core.iterdir()}
    assert {"seon", "click", "msgspec"} <= there
    assert not {name.replace("-", "_") for name in BACKEND} & there
    assert {("serve",), ("queue",), ("init",), ("license", "issue", "7")} <= set(map(tuple, COMMANDS))


def test_every_command_says_in_one_line_what_is_missing_and_where_to_install_it(core: Path) -> None:
    """All in one process: to begin a new one for each takes longer than what is tested."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _RUN_ALL, str(core), json.dumps(COMMANDS)],
        capture_output=True, text=True, timeout=120, check=True, env={},
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert len(told) == len(COMMANDS)
    for line, (status, out, error) in zip(COMMANDS, told, strict=True):
        assert (status, out, error.count("\n")) == (1, "", 1), (line, error)
        assert error.startswith("Error: Seonapi is not installed here, only the core of Seon SmartProxy is (missing:")
        assert "pip install 'seon-smartproxy[backend]'" in error


@pytest.mark.parametrize("line", [["-h"], ["--help"], ["serve", "-h"], ["license", "issue", "--help"]], ids=" ".join)
def test_help_works_all_the_same(core: Path, line: list[str]) -> None:
    done = seonapi(core, *line)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: seonapi")


def test_the_version_works_all_the_same(core: Path) -> None:
    done = seonapi(core, "-v")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.match(r"seonapi \d+\.\d+", done.stdout)
