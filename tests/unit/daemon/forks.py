"""What the tests of session processes' main side share: a forked process with a body of the test's."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from seon.daemon import children
from seon.process import line

Scene = Callable[[children.Child, list[line.FromSession]], Awaitable[None]]


def with_child(body: children.Body, scene: Scene, own: Iterable[socket.socket] = (), hear: Any = None) -> None:
    """Fork a session process with this body, and play a scene with it; it is reaped in the end."""

    async def play() -> None:
        heard: list[line.FromSession] = []
        child = children.fork("seon test: session", own, body, hear or heard.append)
        async with asyncio.timeout(20):
            await scene(child, heard)
            if not child.ended.done():
                child.kill()
                await child.ended

    asyncio.run(play())
    no_process_is_left()


def no_process_is_left() -> None:
    """Neither one that runs nor a zombie."""
    assert not Path(f"/proc/self/task/{os.getpid()}/children").read_text()


async def no_process_is_left_soon() -> None:
    """The same once those that were killed are reaped. Raises TimeoutError."""
    async with asyncio.timeout(20):
        while Path(f"/proc/self/task/{os.getpid()}/children").read_text():
            await asyncio.sleep(0.01)


def descriptors() -> set[int]:
    """Return the descriptors that are open here."""
    return {int(entry.name) for entry in Path("/proc/self/fd").iterdir() if is_open(int(entry.name))}


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


async def until(condition: Callable[[], Any]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def wait_for_word(sock: socket.socket) -> int:
    """Be a session process that does nothing until it hears something."""
    sock.recv(100)
    return 0
