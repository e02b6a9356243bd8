"""How the client starts: the token goes to the courier, and the main begins again without ever having known it.

A process that has parsed a command line holds the token in several places. So the courier is forked first and keeps
that memory; the process with the original id executes itself afresh, with nothing but a descriptor to its courier.
"""

import contextlib
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from seon import addresses
from seon.client.courier import process
from seon.client.courier.messages import Begin
from seon.daemon import home as homes
from seon.daemon.home import StartError
from seon.process.memory import forbid_dumps

DEFAULT_PORT = 2878


@dataclass(frozen=True, slots=True)
class Options:
    """The command line. `token` as `-T` takes it: the token itself, `@file`, `-`, or "" for SEON_TOKEN.

    After `refused` seconds of being refused by Seonapi, or `away` of its being away, the client ends; 0: never.
    """

    url: str
    server: str
    token: str
    echo: bool
    refused: float = 86_400.0
    away: float = 0.0


def start(options: Options) -> None:
    """Start courier and main; the calling process becomes the main. Raises StartError; otherwise does not return."""
    forbid_dumps()
    home = homes.home()
    host, port = _server(options.server)
    api = process.seonapi(options.url, options.token)
    begin = Begin(host, port, options.echo)
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            try:
                pid = os.fork()
            except OSError as error:
                raise StartError(f"The courier process cannot be started: {error.strerror}") from error
            if pid == 0:
                _be_courier(
                    ours, lambda: process.live(theirs, api, home, begin, refused=options.refused, away=options.away)
                )
        _become_main(ours, home)


def _server(text: str) -> tuple[str, int]:
    try:
        host, port = addresses.split_host_port(text, DEFAULT_PORT)
        if not host:
            raise StartError("-S: the server's host is missing; it looks like host or host:2878")
        return addresses.read_host(host), port
    except addresses.AddressError as error:
        raise StartError(f"-S: {error}") from error


def _be_courier(not_ours: socket.socket, live: Callable[[], int]) -> NoReturn:
    """Be the courier from the fork to its end: nothing may unwind into the code of what becomes the main."""
    status = process.EXIT_FAILED
    try:
        not_ours.close()
        os.setpgid(0, 0)  # Ctrl-C is for the main; the courier ends after the main's last events
        status = live()
    except BaseException as error:
        with contextlib.suppress(Exception):
            sys.stderr.write(f"The courier process has failed: {type(error).__name__}: {error}\n")
            sys.stderr.flush()
    finally:
        os._exit(status)


def _become_main(ours: socket.socket, home: Path) -> NoReturn:
    """Execute the main with its end of the line. If that fails the line is closed, and the courier ends."""
    os.set_inheritable(ours.fileno(), True)
    environment = {name: value for name, value in os.environ.items() if name != "SEON_TOKEN"}
    environment["SEON_HOME"] = str(home)
    arguments = [sys.executable, "-m", "seon.client.main", str(ours.fileno())]
    try:
        os.execve(sys.executable, arguments, environment)  # noqa: S606  # our own interpreter, fixed arguments
    except OSError as error:
        raise StartError(f"The client cannot be started anew, {sys.executable}: {error.strerror}") from error
