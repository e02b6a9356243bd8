"""The ports on which the send daemon reaches partners: one per partner, as the configuration names them."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from functools import partial

from seon import addresses
from seon.config import OutgoingListener
from seon.daemon.session_events import Report
from seon.net.listen import accept_forever, open_listener

RETRY_SECONDS = 5.0
CONNECTIONS = 64
"""Connections of one port that are being taken over at once."""
Take = Callable[[socket.socket, str, str], None]
"""Takes a connection over: socket, source, partner id. It is closed in this process right after."""


class Listeners:
    """Opens and closes ports as the configuration changes; those that stay are not touched."""

    def __init__(self, report: Report, take: Take) -> None:
        self._report = report
        self._take = take
        self._open: dict[OutgoingListener, asyncio.Task[None]] = {}
        self._following = asyncio.Lock()

    async def follow(self, wanted: tuple[OutgoingListener, ...]) -> None:
        """Open what is wanted and not open, close what is open and not wanted; the last call's word counts."""
        async with self._following:
            await self._follow(wanted)

    async def _follow(self, wanted: tuple[OutgoingListener, ...]) -> None:
        for gone in self._open.keys() - set(wanted):
            task = self._open.pop(gone)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for new in wanted:
            if new not in self._open:
                self._open[new] = asyncio.create_task(self._listen(new))

    async def _listen(self, wanted: OutgoingListener) -> None:
        where = addresses.shown(wanted.address or "*", wanted.port)
        said = False
        while True:
            try:
                listener = open_listener(wanted.address, wanted.port)
                break
            except (OSError, addresses.AddressError) as error:
                if not said:
                    reason = getattr(error, "strerror", None) or str(error)
                    self._report("CLI-PORT", address=where, partner=wanted.partner, reason=str(reason))
                said = True
                await asyncio.sleep(RETRY_SECONDS)
        with listener:
            self._report("CLI-LISTEN", address=where, partner=wanted.partner)
            await accept_forever(listener, asyncio.Semaphore(CONNECTIONS), partial(self._accept, wanted.partner))

    async def _accept(self, partner: str, sock: socket.socket, source: str, port: int) -> None:
        self._take(sock, addresses.shown(source, port), partner)
