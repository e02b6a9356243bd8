"""Listening: literal addresses only, batches that leave the loop to others, and a pause when accept fails."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from seon.addresses import canonical, family_of

BACKLOG = 512
PAUSE_SECONDS = 0.2
"""After a failed accept (no descriptors left, say): trying at once again would only burn the CPU."""
BATCH = 32
"""Connections that are accepted in one turn of the loop."""
Job = Coroutine[Any, Any, None]
Handler = Callable[[socket.socket, str, int], Job | None]
"""Takes one connection: socket, the peer's address in its one spelling, the peer's port. Returns what serves it, after
which the socket is closed; None: it is closed at once, which costs no task."""


def open_listener(address: str, port: int) -> socket.socket:
    """Return a listening, non-blocking socket. `address` literal; empty = every address, IPv4 and IPv6.

    Raises OSError: port taken, no permission, or not an address of this host.
    """
    if address:
        host = str(canonical(address))
        return _listen(family_of(host), host, port, dual=False)
    try:
        return _listen(socket.AF_INET6, "::", port, dual=True)
    except OSError as error:
        if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
            raise
        return _listen(socket.AF_INET, "0.0.0.0", port, dual=False)  # noqa: S104  # asked for: every address


def _listen(family: socket.AddressFamily, host: str, port: int, *, dual: bool) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if dual else 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


async def accept_forever(listener: socket.socket, slots: asyncio.Semaphore | None, handler: Handler) -> None:
    """Accept until cancelled; at most as many connections as there are slots are served at once.

    The rest waits in the kernel's backlog. Without slots all that come are accepted, and the handler bounds what it
    serves. Connections under way are cancelled with this task.
    """
    async with asyncio.TaskGroup() as tasks:
        while True:
            for _ in range(BATCH):
                if slots:
                    await slots.acquire()
                try:
                    sock, peer = await _accept(listener)
                except OSError:
                    _release(slots)
                    await asyncio.sleep(PAUSE_SECONDS)
                    break
                except BaseException:
                    _release(slots)
                    raise
                job = _job(sock, peer, handler)
                if job is None:
                    sock.close()
                    _release(slots)
                else:
                    tasks.create_task(_serve(sock, peer, slots, job))
            await asyncio.sleep(0)  # a flood must not keep the loop from everything else


def _release(slots: asyncio.Semaphore | None) -> None:
    if slots:
        slots.release()


async def _accept(listener: socket.socket) -> tuple[socket.socket, tuple[str, int]]:
    """Accept one connection. Raises OSError.

    Not `loop.sock_accept`: when the port closes in the turn of the loop in which a connection comes, that accepts it
    for nobody, and fails with InvalidStateError (measured with Python 3.11).
    """
    while True:
        try:
            sock, peer = listener.accept()
        except BlockingIOError:
            await _readable(listener)
            continue
        sock.setblocking(False)
        return sock, peer


async def _readable(sock: socket.socket) -> None:
    loop, number = asyncio.get_running_loop(), sock.fileno()
    readable = asyncio.Event()
    loop.add_reader(number, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(number)


def _job(sock: socket.socket, peer: tuple[str, int], handler: Handler) -> Job | None:
    try:
        return handler(sock, str(canonical(peer[0])), peer[1])
    except Exception as error:
        _told(peer, error)
        return None


async def _serve(sock: socket.socket, peer: tuple[str, int], slots: asyncio.Semaphore | None, job: Job) -> None:
    try:
        await job
    except Exception as error:
        _told(peer, error)
    finally:
        _release(slots)
        with contextlib.suppress(OSError):
            sock.close()


def _told(peer: tuple[str, int], error: Exception) -> None:
    """Say what went wrong: whatever a stranger brought about, the port stays open for all others."""
    trouble = {"message": f"serving a connection from {peer[0]} failed", "exception": error}
    asyncio.get_running_loop().call_exception_handler(trouble)
