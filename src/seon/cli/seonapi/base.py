"""What every command of `seonapi` stands on: the installation opened, clear errors, an answer for people or programs.

Django is loaded by the command that needs it, so `--help` is quick.
"""

# ruff: noqa: PLC0415 - imports inside functions: what needs Django comes after its set-up

import contextlib
import copy
import errno
import functools
import importlib.util
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
import msgspec

from seon.backend.errors import OperatorError, disk_full
from seon.backend.home import Home
from seon.backend.logs import LEVELS, OBEYED
from seon.daemon.home import StartError
from seon.daemon.notify import Notify
from seon.daemon.pidfile import OPTION, PidFile

MAX_FILE = 1024 * 1024
"""Octets of a certificate, key or password file that are read."""
FILE = click.Path(path_type=Path)
Answer = TypeVar("Answer")


class Said(NamedTuple):
    """What a command has to say: for programs and for people. Lists and facts are made by answers.py."""

    data: object
    text: str
    note: str = ""
    """For people too, on standard error: what must not stand in a text that goes to a file."""
    status: int = 0
    """Exit status: 1 where what was asked for has an answer, and it is a bad one."""


def home_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --home."""
    return click.option("--home", metavar="DIR", help="The installation's directory; default: $SEON_HOME.")(function)


_NEEDED = (
    "django", "unfold", "simple_history", "axes", "dj_database_url", "granian", "psycopg", "whitenoise"
)  # fmt: skip
"""Modules of the extra `backend`, which a host without Seonapi does not have."""


def require_backend() -> None:
    """Raise OperatorError where only the core is installed."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise OperatorError(
            f"Seonapi is not installed here, only the core of Seon SmartProxy is (missing: {', '.join(missing)}). "
            "On the host where Seonapi runs: pip install 'seon-smartproxy[backend]'"
        )


def clear_errors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn an OperatorError into its one line; where Seonapi is not installed, that is the first thing said."""

    @functools.wraps(function)
    def wrapped(*args: Any, **options: Any) -> Any:
        try:
            require_backend()
            return function(*args, **options)
        except OperatorError as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:
            full = disk_full(error)
            if full is None:
                raise
            raise click.ClickException(str(full)) from None

    return wrapped


def on_installation(function: Callable[..., Said]) -> Callable[..., None]:
    """Make a function that returns `Said` a command on an installation: --home, --json, clear errors."""

    @home_option
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
    @functools.wraps(function)
    @clear_errors
    def wrapped(home: str | None, as_json: bool, **options: Any) -> None:
        open_installation(home)
        from seon.backend.schema import check_known

        database_errors_cleared(check_known)
        from seon.backend.trust.master_key import check_master_key

        database_errors_cleared(check_master_key)
        said = database_errors_cleared(functools.partial(function, **options))
        click.echo(msgspec.json.encode(said.data).decode() if as_json else said.text)
        if said.note and not as_json:
            click.echo(said.note, err=True)
        if said.status:
            sys.exit(said.status)

    return wrapped


def open_installation(directory: str | None) -> Home:
    """Load Django on an installation that exists. Raises OperatorError."""
    from seon.backend.installation import require
    from seon.backend.loading import choose_home, load_django

    home = choose_home(directory)
    require(home)
    load_django()
    return home


def hidden(command: click.Command) -> click.Command:
    """Return a command under another name, for those who know it by that: no help and no list shows it."""
    other = copy.copy(command)
    other.hidden = True
    return other


def level_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --log-level."""
    return click.option(
        "--log-level",
        "level",
        type=click.Choice(tuple(LEVELS), case_sensitive=False),
        envvar="SEON_LOG_LEVEL",
        help="What the log file gets, from the start on; also $SEON_LOG_LEVEL. Default: info, for the API log as "
        "`seonapi log file` says. What comes later changes it: signals 20 to 24, and `seonapi log file --level`.",
    )(function)


def open_for_daemon(directory: str | None, name: str, level: str | None) -> Home:
    """Open an installation for a daemon: its log too, and a database of this build's form. Raises OperatorError.

    `level`: as the command line says it; None if it says none.
    """
    place = open_installation(directory)
    from seon.backend.logs import open_log
    from seon.backend.schema import is_current

    open_log(place.log_directory, name, level or "info")
    if not database_errors_cleared(is_current):
        raise OperatorError("The database is not of this version: run `seonapi init`")
    from seon.backend.trust.master_key import check_master_key

    check_master_key()
    return place


def replace_stale_pid_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --replace-stale-pid."""
    text = "Take over the PID file of a program that has ended without removing it. For service managers."
    return click.option(OPTION, "replace_stale_pid", is_flag=True, help=text)(function)


@contextlib.contextmanager
def pid_file(place: Home, name: str, *, replace_stale: bool) -> Iterator[None]:
    """Hold the PID file of one of Seonapi's programs: one of each runs in an installation's directory.

    Raises OperatorError. SIGTERM ends the program in order, from here to where it handles signals itself; what else it
    obeys waits until then.
    """
    held_before = signal.pthread_sigmask(signal.SIG_BLOCK, OBEYED)
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        held = PidFile.take(place.path / name, replace_stale=replace_stale)
        try:
            yield
        finally:
            held.remove()
    except StartError as error:
        raise OperatorError(str(error).replace("\n", " ")) from None
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, held_before)


def say_ready(line: str) -> None:
    """Tell the terminal, and a service manager, that a daemon does its work."""
    click.echo(line)
    Notify(os.environ).ready()


def database_errors_cleared(function: Callable[[], Answer]) -> Answer:
    """Turn an error of the database into an OperatorError that says what to do."""
    from django.db import DatabaseError

    try:
        return function()
    except DatabaseError as error:
        full = disk_full(error)
        if full is not None:
            raise full from None
        reason = str(error).splitlines()[0]
        raise OperatorError(f"The database cannot be used ({reason}): after an update run `seonapi init`") from None


def read_file(path: Path, most: int = MAX_FILE) -> bytes:
    """Return the octets of a file of at most so many. Raises OperatorError."""
    try:
        with path.open("rb") as file:
            octets = file.read(most + 1)
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {_why(path, error)}") from None
    if len(octets) > most:
        raise OperatorError(f"{path} has more than {most} octets: is it the right file?")
    return octets


def _why(path: Path, error: OSError) -> str:
    """Return why a file cannot be read, and what to do."""
    match error.errno:
        case errno.ENOENT if path.is_absolute():
            return "there is no such file"
        case errno.ENOENT:
            return f"there is no such file in {Path.cwd()}; go to its directory, or name it with its whole path"
        case errno.EACCES:
            return f"this user may not read it; see its owner and mode: ls -l {path}"
        case errno.EISDIR:
            return "it is a directory; name a file in it"
    return str(error.strerror)


def assignments(texts: Sequence[str]) -> dict[str, str]:
    """Return what was typed as KEY=VALUE. Raises OperatorError, also for a key that is there twice."""
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or key in found:
            raise OperatorError(f"{text[:200]!r} is not possible: each is KEY=VALUE, and each key is there once")
        found[key] = value
    return found


def at_a_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def secret_in(path: Path | None) -> str | None:
    """Return the first line of a secret's file; a secret never comes by the command line, which every user can see."""
    if path is None:
        return None
    try:
        return (read_file(path).decode().splitlines() or [""])[0]
    except UnicodeDecodeError:
        raise OperatorError(f"{path} is not text") from None
