"""Whether the receive daemon takes connections: asked each minute, and when another one is set. Nothing is said to it.

The main's loop waits for nobody: the courier resolves the name, and the connection is given up after a few seconds.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from seon import addresses
from seon.config import ReceiveDaemon
from seon.net.dial import DialError, dial_addresses

ASK_SECONDS = 60.0
ANSWER_SECONDS = 5.0
"""For name and connection together."""
Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Returns the literal addresses of a name. Raises ConnectionError, TimeoutError."""


@dataclass(frozen=True, slots=True)
class Reached:
    """What the last question has brought."""

    reached: bool | None = None
    """None: it was not asked yet."""
    asked: float = 0.0
    """Unix time."""
    reason: str = ""
    """Why it was not reached."""


class ReceiveDaemonWatch:
    """Asks one receive daemon at a time: the one that is set last."""

    def __init__(self, resolve: Resolve) -> None:
        self.daemon: ReceiveDaemon | None = None
        self.last = Reached()
        self._resolve = resolve
        self._changed = asyncio.Event()

    def follow(self, daemon: ReceiveDaemon | None) -> None:
        """Ask this one from here on."""
        if daemon != self.daemon:
            self.daemon, self.last = daemon, Reached()
            self._changed.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            self._changed.clear()
            daemon = self.daemon
            if daemon:
                reached = await self._ask(daemon)
                if daemon == self.daemon:  # else another one was set meanwhile
                    self.last = reached
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ASK_SECONDS):
                    await self._changed.wait()

    async def _ask(self, daemon: ReceiveDaemon) -> Reached:
        asked, reason = time.time(), ""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                found = await self._resolve(daemon.host)
                deadline = time.monotonic() + ANSWER_SECONDS
                sock = await dial_addresses(daemon.host, found, daemon.port, deadline=deadline)
                sock.close()
        except TimeoutError:
            reason = f"no answer within {ANSWER_SECONDS:g} s"
        except (DialError, OSError) as error:
            reason = str(error)
        return Reached(not reason, asked, reason)

    @property
    def shown(self) -> str:
        """Host and port; "" if none is set."""
        return addresses.shown(self.daemon.host, self.daemon.port) if self.daemon else ""
