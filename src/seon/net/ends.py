"""The two ends of a connection, as events show them: who is there, and which address and port of ours it is."""

import socket
from dataclasses import dataclass

from seon.addresses import AddressError, canonical, shown


@dataclass(frozen=True, slots=True)
class Caller:
    """Who has connected to one of our ports, and to which."""

    address: str
    """Its literal address, in its one spelling."""
    source: str
    """Its address and port, `192.0.2.1:40000` or `[2001:db8::1]:40000`."""
    target: str
    """The address and port of ours that it has reached, in the same form; "" if it cannot be told."""


def caller_of(sock: socket.socket, address: str, port: int) -> Caller:
    """Return who has connected; `address` and `port` are what `accept` has told of it."""
    return Caller(address, shown(address, port), own_end(sock))


def own_end(sock: socket.socket) -> str:
    """Return our address and port of a connection; "" if it cannot be told."""
    try:
        return _in_words(sock.getsockname())
    except OSError:
        return ""


def far_end(sock: socket.socket) -> str:
    """Return the peer's address and port; "" if it cannot be told: a peer that has reset its connection has none."""
    try:
        return _in_words(sock.getpeername())
    except OSError:
        return ""


def _in_words(name: object) -> str:
    """Return what the kernel says of an end in words; "" for what is no IP address (a socket pair)."""
    if not isinstance(name, tuple):
        return ""
    try:
        return shown(str(canonical(str(name[0]))), int(name[1]))
    except AddressError:
        return ""
