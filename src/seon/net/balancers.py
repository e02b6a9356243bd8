"""Behind a load balancer: who has really connected is read before anything else, and not one octet more."""

import asyncio
import socket

from seon.addresses import shown
from seon.net.ends import Caller
from seon.net.networks import Networks
from seon.net.proxy_protocol import FIXED, ProxyProtocolError, not_begun, rest_of, spoken_in

HEADER_SECONDS = 3.0
"""From accept to the whole header: a balancer sends it at once."""


async def caller_behind(sock: socket.socket, caller: Caller, balancers: Networks) -> Caller | None:
    """Return who has connected: the caller itself, or whom it speaks for if its address is one of the balancers'.

    None: a balancer speaks for nobody (a health check); the connection is to be closed, and nobody need know. The
    socket must not block. Raises ProxyProtocolError: what a balancer sent is no header of the PROXY protocol.
    """
    if caller.address not in balancers:
        return caller
    try:
        async with asyncio.timeout(HEADER_SECONDS):
            fixed = await _first_octets(sock)
            if not fixed:
                return None
            rest = await _exactly(sock, rest_of(fixed))
    except TimeoutError as error:
        raise ProxyProtocolError(f"no whole PROXY protocol header came within {HEADER_SECONDS:g} s") from error
    except OSError as error:
        raise ProxyProtocolError("the connection broke before the PROXY protocol's header was whole") from error
    spoken = spoken_in(fixed, rest)
    if spoken is None:
        return None
    return Caller(spoken.source, shown(spoken.source, spoken.source_port), shown(spoken.target, spoken.target_port))


async def _first_octets(sock: socket.socket) -> bytes:
    """Return the header's fixed part; b"" where the balancer has only connected. Raises ProxyProtocolError, OSError."""
    octets = b""
    while len(octets) < FIXED:
        try:
            more = await asyncio.get_running_loop().sock_recv(sock, FIXED - len(octets))
        except ConnectionError:  # a health check may end with a reset
            more = b""
        if not more and not octets:
            return b""
        octets += _some(more)
        if why := not_begun(octets):  # at once: who begins with something else may wait for us
            raise ProxyProtocolError(why)
    return octets


async def _exactly(sock: socket.socket, length: int) -> bytes:
    octets = b""
    while len(octets) < length:
        octets += _some(await asyncio.get_running_loop().sock_recv(sock, length - len(octets)))
    return octets


def _some(octets: bytes) -> bytes:
    if not octets:
        raise ProxyProtocolError("the connection ended inside the PROXY protocol's header")
    return octets
