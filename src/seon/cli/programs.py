"""`seon programs`: writes the two daemons into a directory, which is then their home.

They start Python isolated (`-I`): whoever may write that directory could otherwise put a module beside them, which
Python would load in the place of its own.
"""

import os
import secrets
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import click

PROGRAMS = {"seon_proxyserver2": "server", "seon_proxyclient2": "client"}
"""Their names, and the function of `seon.cli.daemons` that each calls."""
_MARK = "Written by `seon programs`"
_MAX_PROGRAM = 4_096
"""Octets that are read of what stands there already."""
_MAX_SHEBANG = 120
"""Octets of an interpreter's path that every kernel takes in a first line; older ones cut it at 127."""
_UNSAFE = set("\"'`$\\")
"""What a path may not have to stand between quotes of the shell and in a text of Python at once."""


@click.command()
@click.argument("directory")
def programs(directory: str) -> None:
    """Write seon_proxyserver2 and seon_proxyclient2 into DIRECTORY.

    DIRECTORY is then their home: key, log, PID file and spool are there, without SEON_HOME. The programs start the
    Python that runs this command, and load nothing from DIRECTORY. Type it again after Python has moved.
    """
    from seon.daemon.home import is_for_programs_of_python, problem_of  # noqa: PLC0415  # `--help` is quick

    if not directory:  # a variable of a script that is not set, perhaps; a Path would mean the working directory
        raise click.ClickException("No directory is named; the working directory is written as .")
    place = Path(directory).absolute()
    if not place.is_dir():
        quoted = shlex.quote(str(place))
        raise click.ClickException(f"{place} is not a directory. Type: install -d -m 755 -o USER {quoted}\n"
                                   "USER is the user that the programs run as.")  # fmt: skip
    if is_for_programs_of_python(place.resolve()):
        raise click.ClickException(f"{place} is where Python keeps its programs, and no home: name another directory")
    head = _head(Path(sys.executable).absolute())
    _check_isolated()
    try:
        for name, function in PROGRAMS.items():
            done = _write(place, name, _program(head, name, function))
            click.echo(f"{done} {place / name}")
        problem = problem_of(place, place.stat())
    except OSError as error:
        raise click.ClickException(f"{place}: {error.strerror}") from None
    click.echo(_next_steps(place, problem))


def _head(interpreter: Path) -> str:
    """Return the lines that make the kernel start this interpreter, isolated. Raises click.ClickException."""
    path = str(interpreter)
    if not path.isprintable() or _UNSAFE & set(path):
        raise click.ClickException(f"Python's path {path!r} has a character that no program's first line can hold")
    if " " not in path and len(os.fsencode(path)) <= _MAX_SHEBANG:
        return f"#!{path} -I\n"
    # The kernel ends the path at a blank and cuts it where it is too long. So a shell reads the second line, and what
    # it starts reads this file again, as Python: there the second and the third line are a text that nobody uses.
    return f"#!/bin/sh\n'''exec' \"{path}\" -I \"$0\" \"$@\"\n' '''\n"


def _program(head: str, name: str, function: str) -> bytes:
    return (
        f"{head}# {_MARK}, which writes it anew. {name} of Seon SmartProxy; its home is this directory.\n"
        "import sys\n\n"
        f"from seon.cli.daemons import {function}\n\n"
        f"sys.exit({function}())\n"
    ).encode()


def _check_isolated() -> None:
    """Raise click.ClickException if this Python, started isolated, does not find Seon."""
    command = [sys.executable, "-I", "-c", "import seon.cli.daemons"]
    if subprocess.run(command, capture_output=True, check=False, cwd="/").returncode != 0:  # noqa: S603  # our own
        raise click.ClickException(
            f"{sys.executable} -I does not find Seon: it is installed for one user only, or found by PYTHONPATH. "
            "Install it into a virtual environment, and type `seon programs` of that one."
        )


def _write(place: Path, name: str, content: bytes) -> str:
    """Put a program in its place, whole or not at all; say whether it is a new one. Raises OSError, ClickException.

    All happens in the directory as it was opened once: its owner may be another user than we.
    """
    opened = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    draft = f".{name}.{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        done = "replaced" if _is_ours(opened, place / name) else "made"
        with os.fdopen(os.open(draft, flags, 0o700, dir_fd=opened), "wb") as file:
            try:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), 0o755)  # whatever the umask is
                os.fsync(file.fileno())
                os.rename(draft, name, src_dir_fd=opened, dst_dir_fd=opened)
            except BaseException:
                os.unlink(draft, dir_fd=opened)
                raise
        return done
    finally:
        os.close(opened)


def _is_ours(opened: int, path: Path) -> bool:
    """Whether a program that this command wrote stands there; False if nothing does. Raises ClickException if else."""
    other = f"{path} is there already and is not of `seon programs`: look at it, move it away"
    try:
        status = os.stat(path.name, dir_fd=opened, follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode):
            raise click.ClickException(other)
        descriptor = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=opened)
    except FileNotFoundError:
        return False
    with os.fdopen(descriptor, "rb") as file:
        if _MARK.encode() not in file.read(_MAX_PROGRAM):
            raise click.ClickException(other)
    return True


def _next_steps(place: Path, problem: str) -> str:
    server, client = (shlex.quote(str(place / name)) for name in PROGRAMS)
    lines = [f"Their home is {place}: key, log, PID file and spool will be there."]
    if problem:
        lines.append(f"They will not start yet. {problem}.")
    if place.stat().st_uid == 0:
        lines.append(f"It belongs to root. If they run as another user, type: chown USER {shlex.quote(str(place))}")
    lines += [
        f"Next, on the DMZ host: {server} -L    prints the Proxy ID for the license",
        f"Next, inside:          {client} -h    says what the client needs",
    ]
    return "\n".join(lines)
