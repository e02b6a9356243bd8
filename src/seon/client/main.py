"""How the main process of seon_proxyclient2 starts: log, and then the loop.

It is executed by `client.start` with descriptors to its courier, to its PID file and to the command that has started
it, and never sees token, URL or a name server.
"""

import asyncio
import os
import socket
import sys

from seon.build import this_build
from seon.client.client import Client
from seon.client.courier import messages as c
from seon.client.files import LOG_NAME, PID_NAME
from seon.client.opening import NAME
from seon.daemon import home as homes
from seon.daemon.background import Starter
from seon.daemon.home import EXIT_START, StartError
from seon.daemon.host import raise_limits
from seon.daemon.life import Life, last_line, open_log, to_the_end
from seon.daemon.log import Log
from seon.daemon.notify import Notify
from seon.daemon.pidfile import PidFile
from seon.link.messages import LinkError
from seon.process.levels import Level
from seon.process.memory import forbid_dumps
from seon.process.signals import hold_signals

BEGIN_SECONDS = 30.0
"""How long the courier may take to say its first word: signals are held so long."""


def main() -> int:
    """Run the main to its end; return the exit status."""
    forbid_dumps()
    raise_limits()
    line, pid_number, starter_number = (int(text) for text in sys.argv[1:4])
    home = homes.directory()  # its first start has looked at it
    sock, starter = socket.socket(fileno=line), Starter(starter_number)
    pid_file = PidFile.adopted(home / PID_NAME, pid_number)
    for number in (line, starter_number):
        if number >= 0:
            os.set_inheritable(number, False)
    log: Log | None = None
    try:
        hold_signals()  # as its first start did
        begin = _begin(sock)
        log = open_log(home, LOG_NAME, terminal=begin.terminal)
        this_build()  # it may ask git: before there is an event loop
        life = Life(NAME, "client", log, starter, Notify(os.environ))
        return asyncio.run(to_the_end(Client(life, log, home, sock, begin).live()))
    except StartError as error:
        return _not_started(str(error), log, starter)
    except Exception as error:
        if log:
            log.trace(error)
        return _not_started(f"The client has failed: {type(error).__name__}: {error}", log, starter)
    finally:
        removed = pid_file.remove()
        if log:
            last_line(log, "client", home / PID_NAME, removed)


def _begin(sock: socket.socket) -> c.Begin:
    """Return the courier's first word. Raises StartError."""
    begin = asyncio.run(_first_word(sock))
    if begin is None:
        raise StartError("The courier process ended before it could begin")
    return begin


async def _first_word(sock: socket.socket) -> c.Begin | None:
    sock.setblocking(False)
    try:
        async with asyncio.timeout(BEGIN_SECONDS):
            octets = await c.receive(sock)
        note = c.from_courier.decode(octets) if octets else None
    except TimeoutError:
        raise StartError(
            f"The courier process has not begun within {BEGIN_SECONDS:g} s; start the client again"
        ) from None
    except (OSError, LinkError):
        return None
    return note if isinstance(note, c.Begin) else None


def _not_started(reason: str, log: Log | None, starter: Starter) -> int:
    if log:
        log.write("client", Level.FATAL, reason)
    sys.stderr.write(f"{reason}\n")
    starter.say(EXIT_START, reason)
    return EXIT_START


if __name__ == "__main__":
    sys.exit(main())
