"""What a station talks over: a TCP connection, or TLS on one. Both block, both have a time limit for silence."""

import socket
import time
from typing import Protocol

from seon.net.channel import EndOfStream, TlsError
from seon.net.stream import BlockingTls
from seon.override import override

READ_SIZE = 256 * 1024
"""Octets asked of a socket at once."""
CLOSING_SECONDS = 5.0
CLOSING_OCTETS = 1024 * 1024
"""How long, and for how much, a peer is listened to after our last word: closing before it has read that would reset
the connection and take our ESID from it."""

BROKEN = (OSError, TlsError, EndOfStream)
"""What the methods of a wire raise when the connection is over; TimeoutError, an OSError, is silence."""


class Wire(Protocol):
    """A connection. All but `close` raise one of BROKEN."""

    def receive(self) -> memoryview:
        """Return octets as they come: a view that holds until the next call. EndOfStream at the end."""
        ...

    def sendall(self, octets: bytes) -> None:
        """Send all of `octets`."""
        ...

    def end(self) -> None:
        """End our direction; receiving goes on."""
        ...

    def limit(self, seconds: float) -> None:
        """Let each wait last `seconds` at most."""
        ...

    def close(self) -> None:
        """Give the connection up."""
        ...


class PlainWire(Wire):
    """TCP as it is."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._memory = memoryview(bytearray(READ_SIZE))

    @override
    def receive(self) -> memoryview:
        got = self._sock.recv_into(self._memory)
        if not got:
            raise EndOfStream(clean=True)
        return self._memory[:got]

    @override
    def sendall(self, octets: bytes) -> None:
        self._sock.sendall(octets)

    @override
    def end(self) -> None:
        self._sock.shutdown(socket.SHUT_WR)

    @override
    def limit(self, seconds: float) -> None:
        self._sock.settimeout(seconds)

    @override
    def close(self) -> None:
        self._sock.close()


class TlsWire(Wire):
    """TLS on TCP, its handshake done."""

    def __init__(self, tls: BlockingTls) -> None:
        self._sock = tls.sock
        self._tls = tls

    @override
    def receive(self) -> memoryview:
        return self._tls.receive()

    @override
    def sendall(self, octets: bytes) -> None:
        self._tls.sendall(octets)

    @override
    def end(self) -> None:
        self._tls.end()

    @override
    def limit(self, seconds: float) -> None:
        self._sock.settimeout(seconds)

    @override
    def close(self) -> None:
        self._sock.close()


def listen_out(wire: Wire) -> None:
    """End our direction, then discard what comes until the peer has closed, within limits."""
    deadline, left = time.monotonic() + CLOSING_SECONDS, CLOSING_OCTETS
    try:
        wire.end()
        while left > 0 and (seconds := deadline - time.monotonic()) > 0:
            wire.limit(seconds)
            left -= len(wire.receive())
    except BROKEN:
        return
