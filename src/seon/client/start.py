"""How the client starts: the token goes to the courier, and the main begins again without ever having known it.

A process that has parsed a command line holds the token in several places. So the courier is forked first and keeps
that memory; the process with the original id executes itself afresh, with nothing but a descriptor to its courier.
"""

import contextlib
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NoReturn

from seon import addresses
from seon.client.courier import process
from seon.client.courier.messages import Begin
from seon.client.files import LOG_NAME, PID_NAME
from seon.client.waiting import Wait
from seon.daemon import home as homes
from seon.daemon import title_room
from seon.daemon.background import Starter, detach, stay
from seon.daemon.home import EXIT_START, StartError
from seon.daemon.host import check_limits
from seon.daemon.log import Log
from seon.daemon.pidfile import PidFile
from seon.process.levels import Level
from seon.process.memory import forbid_dumps
from seon.process.signals import hold_signals

DEFAULT_PORT = 2878
_SERVERS = "examples: dmz.example, 10.0.0.1:2878, [2001:db8::1]:2878"


@dataclass(frozen=True, slots=True)
class Options:
    """The command line. `token` as `-T` takes it: the token itself, `@file`, `-`, or "" for SEON_TOKEN.

    After `refused` seconds of being refused by Seonapi, or `away` of its being away, the client ends; 0: never.
    """

    url: str
    server: str
    token: str
    foreground: bool = False
    terminal: bool = False
    """The log goes to the terminal besides."""
    replace_stale: bool = False
    """The PID file of a client that has ended without removing it is written over."""
    wait: Wait = field(default_factory=Wait)
    refused: float = 86_400.0
    away: float = 0.0


def start(options: Options) -> None:
    """Start courier and main: in the foreground the calling process becomes the main, else a new one does.

    Raises StartError, or SystemExit in the command that has started a client in the background; otherwise does not
    return. All that names a file is read, or made absolute, before the working directory is left.
    """
    forbid_dumps()
    check_limits()
    home = homes.home().absolute()
    host, port = _server(options.server)
    api = process.seonapi(options.url, options.token)
    begin = Begin(host, port, options.terminal, options.wait)
    starter = stay() if options.foreground else detach()
    hold_signals()  # the main, which is executed here, has handlers: it takes the PID file away
    try:
        pid_file = PidFile.take(home / PID_NAME, replace_stale=options.replace_stale)
        try:
            live = partial(process.live, api=api, home=home, begin=begin, refused=options.refused, away=options.away)
            _start(live, home, pid_file, starter)
        finally:
            pid_file.remove()
    except StartError as error:
        Log(home, LOG_NAME).write("client", Level.FATAL, str(error))
        starter.say(EXIT_START, str(error))
        raise


def _start(courier: Callable[[socket.socket], int], home: Path, pid_file: PidFile, starter: Starter) -> NoReturn:
    """Fork the courier and execute the main. Raises StartError."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            try:
                pid = os.fork()
            except OSError as error:
                raise StartError(f"The courier process cannot be started: {error.strerror}") from error
            if pid == 0:
                starter.close()
                os.close(pid_file.fileno())
                _be_courier(ours, partial(courier, theirs))
        _become_main(ours, home, pid_file, starter)


def _server(text: str) -> tuple[str, int]:
    try:
        host, port = addresses.split_host_port(text, DEFAULT_PORT)
        if not host:
            raise StartError(f"-S: the server's host is missing; {_SERVERS}")
        if ":" in host and not text.strip().startswith("["):  # which colon begins the port, nobody can tell
            raise StartError(f"-S: {text.strip()!r}: an IPv6 address stands in brackets; {_SERVERS}")
        return addresses.read_host(host), port
    except addresses.AddressError as error:
        raise StartError(f"-S: {error}; {_SERVERS}") from error


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


def _become_main(ours: socket.socket, home: Path, pid_file: PidFile, starter: Starter) -> NoReturn:
    """Execute the main with its end of the line. If that fails the line is closed, and the courier ends.

    Python is isolated there: nothing that lies in a directory or in the environment takes the place of our modules.
    """
    descriptors = (ours.fileno(), pid_file.fileno(), starter.descriptor)
    for number in descriptors:
        if number >= 0:
            os.set_inheritable(number, True)
    environment = {name: value for name, value in os.environ.items() if name != "SEON_TOKEN"}
    environment["SEON_HOME"] = str(home)
    environment[title_room.VARIABLE] = title_room.ROOM  # its command line is shorter than that of its first start
    arguments = [sys.executable, "-I", "-m", "seon.client.main", *map(str, descriptors)]
    try:
        os.execve(sys.executable, arguments, environment)  # noqa: S606  # our own interpreter, fixed arguments
    except OSError as error:
        raise StartError(f"The client cannot be started anew, {sys.executable}: {error.strerror}") from error
