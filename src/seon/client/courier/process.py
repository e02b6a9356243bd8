"""The way into the courier's process. `client.start` calls this and nothing else of the courier."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import msgspec
import setproctitle

from seon.client.courier.api import Api
from seon.client.courier.courier import Courier
from seon.client.courier.messages import Begin
from seon.client.courier.spool import Spool
from seon.client.courier.token import read_token
from seon.client.courier.troubles import Patience
from seon.process.signals import ENDING

SPOOL_NAME = "seon_proxyclient.spool"
EXIT_OK, EXIT_FAILED = 0, 70
"""EXIT_FAILED: something unforeseen; the main was told, if it could be."""


def seonapi(url: str, token: str) -> Api:
    """Return Seonapi as the command line names it; `token` as `-T` takes it. Raises StartError."""
    return Api(url, read_token(token))


def live(sock: socket.socket, api: Api, home: Path, begin: Begin, refused: float, away: float) -> int:
    """Be the courier to its end; return the exit status. The caller ends the process at once.

    After so many seconds of being refused by Seonapi, or of its being away, the main is told to end; 0: never.
    """
    setproctitle.setproctitle("seon_proxyclient2: courier")
    # It ends with the main, after the main's last events: also when a service manager signals all processes at once.
    # What asks it for something else is held since before the fork, until its own handlers are there.
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    sock.setblocking(False)
    courier = Courier(sock, api, Spool(home / SPOOL_NAME), Patience(refused, away))
    # Not asyncio.run: at its end it waits for the threads in which names are resolved, however long these take.
    loop = asyncio.new_event_loop()
    reason = loop.run_until_complete(courier.live(msgspec.structs.replace(begin, pid=os.getpid())))
    return EXIT_FAILED if reason else EXIT_OK
