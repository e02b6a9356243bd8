"""Dialling: in a session process with names and a deadline, in a main by literal address only."""

import asyncio
import socket
import time

from seon.addresses import canonical


class DialError(Exception):
    """Nobody could be reached; the text says at which stage and why."""


def dial(host: str, port: int, *, source: str, deadline: float) -> socket.socket:
    """Return a connected blocking socket. `source`: literal address to come from, empty = the system's choice.

    Resolves names, so it belongs into a session process. Every address is tried until `deadline` (time.monotonic).
    Raises DialError.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DialError(f"the name {host} cannot be resolved: {_words(error)}") from error
    last = "no address of its kind"
    for family, kind, protocol, _, address in found:
        if source and (canonical(source).version == 6) != (family == socket.AF_INET6):
            last = f"{host} has no address of the same kind as the outgoing address {source}"
            continue
        sock = socket.socket(family, kind, protocol)
        try:
            if source:
                sock.bind((str(canonical(source)), 0))
            sock.settimeout(max(0.01, deadline - time.monotonic()))
            sock.connect(address)
        except OSError as error:
            sock.close()
            last = _words(error)
            continue
        return sock
    raise DialError(f"{host} port {port} cannot be reached: {last}")


async def dial_literal(address: str, port: int) -> socket.socket:
    """Return a connected non-blocking socket, in a main's loop. Raises OSError; the caller sets the deadline."""
    host = canonical(address)
    sock = socket.socket(socket.AF_INET if host.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (str(host), port))
    except BaseException:
        sock.close()
        raise
    return sock


def can_bind(address: str) -> str | None:
    """Say why this host cannot come from a literal address, or None if it can (mission A4)."""
    host = canonical(address)
    with socket.socket(socket.AF_INET if host.version == 4 else socket.AF_INET6, socket.SOCK_STREAM) as sock:
        try:
            sock.bind((str(host), 0))
        except OSError as error:
            return _words(error)
    return None


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error)
