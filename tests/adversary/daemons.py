"""Runs a daemon of ours whose session processes, and whose main, do what a test has written into files.

Started as `python daemons.py server|client ARGUMENT...`. The product has no hook: the body of a session process is
replaced here before the program begins. The files lie in the program's directory:
- `bodies.json`: names of bodies by partner (`adversary.bodies`); a partner that is not there is served honestly.
- `go` and `midnight`: `adversary.writers`.
- `claims.json`: what the server says inside of the ends of sessions, whenever it gets CLAIM.
"""

import asyncio
import json
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

sys.path.append(str(Path(__file__).parents[1]))  # what all tests share lies there

import seon.client.main
from adversary import bodies, writers
from seon.cli import daemons
from seon.client.courier.courier import Courier
from seon.daemon import life
from seon.link.messages import SessionEnding
from seon.server.server import Server
from seon.session import start

CLAIM = signal.SIGRTMIN
"""A signal that the programs do not use."""
WAITING = "waiting"
"""Claims about every session for which the client's session link has not come yet."""
_CLIENT_MAIN = "client-main"
_honest_begin = start.begin
_honest_live = Server.live
_execve = os.execve


def _begin(assignment: Any, connections: Any, sock: Any, **more: Any) -> int:
    file = Path(os.environ["SEON_HOME"]) / "bodies.json"
    chosen = json.loads(file.read_text()).get(assignment.partner) if file.exists() else None
    if chosen is None:
        return _honest_begin(assignment, connections, sock, **more)
    return bodies.live(chosen, lambda: _honest_begin(assignment, connections, sock, **more), assignment, sock)


async def _live(server: Server, listener: Any) -> int:
    asyncio.get_running_loop().add_signal_handler(CLAIM, _claim, server)
    return await _honest_live(server, listener)


def _claim(server: Server) -> None:
    claims = json.loads((Path(os.environ["SEON_HOME"]) / "claims.json").read_text())
    for link in server._links._by_client.values():
        for about, *claim in claims:
            for session in list(server._opening._waiting) if about == WAITING else [about]:
                link.say_ending(SessionEnding(session, *claim))


def _become_main(path: str, arguments: list[str], environment: dict[str, str]) -> NoReturn:
    """The client's main is executed anew: it is to be hostile too."""
    main = arguments.index("seon.client.main")
    _execve(path, [path, __file__, _CLIENT_MAIN, *arguments[main + 1 :]], environment)


if __name__ == "__main__":
    start.begin = _begin
    Server.live = _live
    Courier._beat = writers.beat_and_write
    life.Log = partial(life.Log, clock=writers.Midnight(Path(os.environ["SEON_HOME"])))
    os.execve = _become_main
    which, *arguments = sys.argv[1:]
    if which == _CLIENT_MAIN:
        sys.argv = [__file__, *arguments]
        sys.exit(seon.client.main.main())
    program = {"server": daemons.server, "client": daemons.client}[which]
    program(arguments, prog_name=f"seon_proxy{which}2")
