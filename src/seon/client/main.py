"""How the main process of seon_proxyclient2 starts: log, PID file, and then the loop.

It is executed by `client.start` with a descriptor to its courier, and never sees token, URL or a name server.
"""

import asyncio
import os
import socket
import sys

from seon.build import this_build
from seon.client.client import EXIT_START, Client
from seon.client.courier import messages as c
from seon.daemon import home as homes
from seon.daemon.home import StartError
from seon.daemon.host import raise_limits
from seon.daemon.log import Log
from seon.daemon.pidfile import PidFile
from seon.link.messages import LinkError
from seon.process.levels import Level
from seon.process.memory import forbid_dumps
from seon.process.signals import handle_levels

LOG_NAME = "seon_proxyclient"
PID_NAME = "seon_proxyclient2.pid"


def main() -> int:
    """Run the main to its end; return the exit status."""
    forbid_dumps()
    raise_limits()
    sock = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(sock.fileno(), False)
    begin = asyncio.run(_begin(sock))
    if begin is None:
        sys.stderr.write("The courier process ended before it could begin\n")
        return EXIT_START
    home = homes.directory()  # its first start has looked at it
    log = Log(home, LOG_NAME, terminal=begin.echo)
    try:
        log.check()
        pid_file = PidFile.take(home / PID_NAME)
    except OSError as error:
        sys.stderr.write(f"The log {log.path} cannot be written: {error.strerror}.\n{homes.where(home)}\n")
        return EXIT_START
    except StartError as error:
        log.write("client", Level.FATAL, str(error))
        sys.stderr.write(f"{error}\n")
        return EXIT_START
    handle_levels(log.level_changed)
    this_build()  # it may ask git: before there is an event loop
    try:
        return asyncio.run(Client(log, home, sock, begin).live())
    finally:
        pid_file.remove()


async def _begin(sock: socket.socket) -> c.Begin | None:
    sock.setblocking(False)
    try:
        octets = await c.receive(sock)
        note = c.from_courier.decode(octets) if octets else None
    except (OSError, LinkError):
        return None
    return note if isinstance(note, c.Begin) else None


if __name__ == "__main__":
    sys.exit(main())
