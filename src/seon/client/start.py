"""How the client starts: the token goes to the courier, and the main begins again without ever having known it.

A process that has parsed a command line holds the token in several places. So the courier is forked first and keeps
that memory; the process with the original id executes itself afresh, with nothing but a descriptor to its courier.
"""

import os
import socket
import sys
from dataclasses import dataclass

from seon import addresses
from seon.client.courier import process
from seon.client.courier.messages import Begin
from seon.daemon import home as homes
from seon.daemon.home import StartError
from seon.process.memory import forbid_dumps

DEFAULT_PORT = 2878


@dataclass(frozen=True, slots=True)
class Options:
    """The command line. `token` as `-T` takes it: the token itself, `@file`, `-`, or "" for SEON_TOKEN."""

    url: str
    server: str
    token: str
    echo: bool


def start(options: Options) -> None:
    """Start courier and main; the calling process becomes the main. Raises StartError; otherwise does not return."""
    forbid_dumps()
    home = homes.home()
    try:
        host, port = addresses.split_host_port(options.server, DEFAULT_PORT)
        if not host:
            raise StartError("-S: the server's host is missing; it looks like host or host:2878")
        host = addresses.read_host(host)
    except addresses.AddressError as error:
        raise StartError(f"-S: {error}") from error
    api = process.seonapi(options.url, options.token)
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        os.setpgid(0, 0)  # Ctrl-C is for the main; the courier ends after the main's last events
        os._exit(process.live(theirs, api, home, Begin(host, port, options.echo)))
    theirs.close()
    os.set_inheritable(ours.fileno(), True)
    environment = {name: value for name, value in os.environ.items() if name != "SEON_TOKEN"}
    environment["SEON_HOME"] = str(home)
    arguments = [sys.executable, "-m", "seon.client.main", str(ours.fileno())]
    os.execve(sys.executable, arguments, environment)  # noqa: S606  # our own interpreter, fixed arguments
