"""Names for the main, whose loop must not wait for a name server."""

import asyncio
import socket

from seon.client.courier import messages as c
from seon.client.courier.troubles import words

RESOLVE_SECONDS = 10.0


async def resolve(host: str) -> c.Resolved:
    """Return the literal addresses of a host, each once; none, and why, if it cannot be resolved."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, ValueError, RuntimeError) as error:  # no such name or no answer; no name at all; no thread
        return c.Resolved(host, (), words(str(error) or "no answer in time"))
    return c.Resolved(host, tuple(dict.fromkeys(str(entry[4][0]) for entry in found)))
