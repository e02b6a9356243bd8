"""What takes long is done in a child of its own, while the main serves on: forked, bounded, and heard to its end.

It is for work on what strangers have written. A mistake in it can crash or hang that child only, and the child has none
of the main's descriptors; it gives up the keys itself, first of all (`body`).
"""

import asyncio
import os
import resource
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

from seon.daemon.children import Child, fork
from seon.process import line

CHUNK = 256 * 1024
"""Octets that are taken at once from a child; others have their turn then."""
NICE = 10
"""By so much the child is less urgent than its main."""


class ErrandError(Exception):
    """A child has not done what it was for; the text says why."""


async def in_a_child(title: str, job: Callable[[], bytes], *, most: int, seconds: float, memory: int) -> bytearray:
    """Fork a child that does `job`, and return what that returns.

    At most `most` octets are taken of it; it may take so many seconds, and so much memory (octets) more than the main
    has. Raises ErrandError.
    """
    ours, theirs = socket.socketpair()
    said: list[str] = []
    try:
        ours.setblocking(False)
        child = fork(title, (theirs,), partial(_live, job, theirs, memory), partial(_hear, said))
    except OSError as error:
        ours.close()
        raise ErrandError(f"there is no process for it: {error.strerror or error}") from None
    finally:
        theirs.close()
    try:
        async with asyncio.timeout(seconds):
            result = await _taken(ours, most)
            await asyncio.shield(child.ended)
    except TimeoutError:
        raise ErrandError(f"it took more than {seconds:g} s") from None
    finally:
        child.kill()
        ours.close()
    if reason := _failure(child, said):
        raise ErrandError(reason)
    return result


def _failure(child: Child, said: list[str]) -> str:
    status = child.ended.result()
    if not status and not child.fault:
        return ""
    died = f"signal {-status}" if status < 0 else f"exit status {status}"
    return f"its process has failed, {child.fault or died}{f' ({said[-1]})' if said else ''}"


async def _taken(sock: socket.socket, most: int) -> bytearray:
    """Return what a child says, to its end. Raises ErrandError if that is more than `most` octets."""
    loop, octets = asyncio.get_running_loop(), bytearray()
    while part := await loop.sock_recv(sock, CHUNK):
        octets += part
        if len(octets) > most:
            raise ErrandError("its process has said too much")
        await asyncio.sleep(0)
    return octets


def _live(job: Callable[[], bytes], sock: socket.socket, memory: int, _: socket.socket) -> int:
    """Be the child."""
    os.nice(NICE)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    sock.setblocking(True)
    sock.sendall(job())
    return 0


def _hear(said: list[str], message: line.FromSession) -> None:
    """Take from a child what it says of its failure, and nothing else."""
    if not isinstance(message, line.LogLine):
        raise line.NonsenseError("it says what only a session has to say")
    said[:] = [message.text[:200]]
