"""Ports converge: what is to be open is a value; one task compares it with what is open and takes one step at a time.

Nobody else opens or closes a port of a main. So two changes at once cannot leave a port open that is not wanted, nor
meet each other's socket.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from seon import addresses
from seon.daemon.detail import UNHEARD, Detail
from seon.daemon.tasks import words_of
from seon.net.listen import Job, accept_forever, open_listener

RETRY_SECONDS = 5.0
MAX_TOLD = 5
"""Ports that a line names."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Port(Generic[T]):
    """A port that is to be open. Another address, number, owner or number of slots is another port."""

    address: str
    """Literal; empty = every address."""
    number: int
    slots: int | None
    """Connections that are served at once; the rest waits in the kernel's backlog. None: no limit here."""
    owner: str
    """Whose it is: what its events name."""
    terms: T = field(compare=False)
    """What a connection is served by: of one that is open, the newest."""

    @property
    def shown(self) -> str:
        """Address and number in words."""
        return addresses.shown(self.address or "*", self.number)


Serve = Callable[[Port[T], socket.socket, str, int], Job | None]
"""Takes one connection: the port with its newest terms, the socket, the peer's address and port: a `Handler`."""


class Tell(Protocol[T]):
    """Hears what happens to ports; the text says why."""

    def opened(self, port: Port[T]) -> None:
        """A port is open."""

    def closed(self, port: Port[T], why: str) -> None:
        """A port is closed."""

    def not_opened(self, port: Port[T], why: str) -> None:
        """A port cannot be opened; said once, and tried again and again."""


class Ports(Generic[T]):
    """The ports of one main. `run` is the one task that opens and closes."""

    def __init__(self, serve: Serve[T], tell: Tell[T], detail: Detail = UNHEARD) -> None:
        self._serve = serve
        self._tell = tell
        self._detail = detail
        self._wanted: dict[Port[T], Port[T]] = {}
        self._why = ""
        self._open: dict[Port[T], asyncio.Task[None]] = {}
        self._retry_at: dict[Port[T], float] = {}
        self._problems: dict[Port[T], str] = {}
        """Why a port that is wanted could not be opened at the last try."""
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()

    def want(self, ports: Iterable[Port[T]], why: str) -> None:
        """Have these ports open and no others; `why` is said of those that are closed for it."""
        wanted = {port: port for port in ports}
        if wanted.keys() != self._wanted.keys():
            self._detail.say(f"Ports wanted: {_listed(wanted)}; before: {_listed(self._wanted)}")
        self._wanted = wanted
        self._why = why
        self._retry_at = {port: at for port, at in self._retry_at.items() if port in self._wanted}
        self._problems = {port: why for port, why in self._problems.items() if port in self._wanted}
        self._settled.clear()
        self._changed.set()

    def adopt(self, port: Port[T], listener: socket.socket) -> None:
        """Take over a port that is open already."""
        task = asyncio.create_task(self._accept(port, listener), name=f"port {port.shown}")
        task.add_done_callback(lambda _: self._changed.set())  # it does not end by itself, but if it did
        self._open[port] = task

    def state(self) -> list[str]:
        """Return lines about what is open, and what is wanted and is not."""
        states = [f"Port {port.shown} ({port.owner}) open" for port in self._open]
        return states + [
            f"Port {port.shown} ({port.owner}) not open" for port in self._wanted if port not in self._open
        ]

    def why_closed(self, port: Port[T]) -> str:
        """Say why a port is not open now, "" if it is."""
        if port in self._open and not self._open[port].done():
            return "" if port in self._wanted else self._why
        if port not in self._wanted:
            return self._why or "it is not wanted"
        return self._problems.get(port, "it is about to be opened")

    async def settled(self) -> None:
        """Wait until what is open is what is wanted, or cannot be opened."""
        await self._settled.wait()

    async def run(self) -> None:
        """Open and close until cancelled; then all are closed."""
        try:
            while True:
                self._changed.clear()
                while await self._step():
                    pass
                self._settled.set()
                await self._wait()
        finally:
            for port in list(self._open):
                await self._close(port)

    async def _wait(self) -> None:
        """Wait for a change, or until a port that could not be opened is tried again."""
        due = min((at for port, at in self._retry_at.items() if port in self._wanted), default=None)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(due):
                await self._changed.wait()

    async def _step(self) -> bool:
        """Take one step towards what is wanted now; return whether there was one."""
        for port, task in self._open.items():
            if port not in self._wanted or task.done():
                why = self._why if port not in self._wanted else self._accident(port, task)
                await self._close(port)
                self._detail.say(f"Port {port.shown} ({port.owner}) closed: {why}")
                self._tell.closed(port, why)
                return True
        now = asyncio.get_running_loop().time()
        for port in self._wanted:
            if port not in self._open and self._retry_at.get(port, now) <= now:
                self._try_to_open(port)
                return True
        return False

    def _accident(self, port: Port[T], task: asyncio.Task[None]) -> str:
        """Say why a port has closed that is wanted; it is opened again after a while."""
        self._retry_at[port] = asyncio.get_running_loop().time() + RETRY_SECONDS
        error = None if task.cancelled() else task.exception()
        return f"internal error: {words_of(error)}" if error else "it ended by itself"

    def _try_to_open(self, port: Port[T]) -> None:
        try:
            listener = open_listener(port.address, port.number)
        except (OSError, addresses.AddressError) as error:
            self._problems[port] = str(getattr(error, "strerror", None) or error)
            if port not in self._retry_at:
                self._tell.not_opened(port, self._problems[port])
            self._retry_at[port] = asyncio.get_running_loop().time() + RETRY_SECONDS
            self._detail.say(f"Port {port.shown} ({port.owner}) not opened, again in {RETRY_SECONDS:g} s: {error}")
            return
        self._retry_at.pop(port, None)
        self._problems.pop(port, None)
        self.adopt(port, listener)
        self._detail.say(f"Port {port.shown} ({port.owner}) opened")
        self._tell.opened(port)

    async def _close(self, port: Port[T]) -> None:
        task = self._open.pop(port)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _accept(self, port: Port[T], listener: socket.socket) -> None:
        with listener:
            slots = asyncio.Semaphore(port.slots) if port.slots else None
            await accept_forever(listener, slots, lambda *peer: self._take(port, *peer))

    def _take(self, port: Port[T], sock: socket.socket, source: str, number: int) -> Job | None:
        newest = self._wanted.get(port)  # a port that is about to close serves nobody
        return self._serve(newest, sock, source, number) if newest else None


def _listed(ports: Iterable[Port[T]]) -> str:
    """Return the first of several ports in words, and how many there are besides."""
    every = [f"{port.shown} ({port.owner})" for port in ports]
    more = len(every) - MAX_TOLD
    return (", ".join(every[:MAX_TOLD]) or "none") + (f" and {more} more" if more > 0 else "")
