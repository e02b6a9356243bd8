"""The two ends of a session: a leg reads into a buffer, and writes or keeps what the kernel does not take yet.

Both kinds are non-blocking. `unsent` tells that the peer reads too slowly: nothing more is read for it until it is
gone, so a leg never holds more than what one read of the other leg makes.
"""

import contextlib
import fcntl
import socket
import sys
import termios
from typing import Protocol

from seon.net.buffers import READ_SIZE, TLS_RECORD, Buffer
from seon.net.channel import Channel, EndOfStream, TlsError
from seon.override import override

OUT_SIZE = READ_SIZE + 4 * TLS_RECORD
"""Octets of TLS records handed to the kernel at once: what one read of the other leg makes, with the records' overhead,
so that no second call is needed for the last few octets."""
BROKEN = (OSError, TlsError)
"""What a leg raises when its connection has failed."""


class Leg(Protocol):
    """One side's connection."""

    sock: socket.socket
    pending: bool
    """Octets or the end may wait that no readiness of the socket will announce."""

    choked: bool
    """The peer sends what is no content, wants answers, and does not read them: it is not read until it does."""

    handed: int
    """Octets that the kernel has got, all in all: content, and what TLS says besides."""
    content: int
    """How many of them there are, or will be, with the last octet that was written. Not more is waited for by a peer:
    what TLS itself answers behind that is nothing that was passed on."""

    @property
    def unsent(self) -> bool:
        """Whether octets wait for the kernel."""

    def read(self, buffer: Buffer, start: int) -> int:
        """Read once into `buffer[start:]`; return how many octets. Raises EndOfStream, or BROKEN when it has failed."""

    def write(self, buffer: Buffer, start: int, end: int) -> None:
        """Send `buffer[start:end]`; what the kernel does not take is kept. Raises BROKEN."""

    def write_octets(self, octets: bytes) -> None:
        """Send a short message behind what waits. Raises BROKEN."""

    def flush(self) -> None:
        """Hand over what waits. Raises BROKEN."""

    def finish(self) -> None:
        """End the sending direction once everything is handed over. Never raises."""


class PlainLeg(Leg):
    """Plain TCP: the station inside."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.pending = self.choked = False
        self.handed = self.content = 0
        self._kept = b""
        self._finishing = False
        _prepare(sock)

    @property
    @override
    def unsent(self) -> bool:
        return bool(self._kept)

    @override
    def read(self, buffer: Buffer, start: int) -> int:
        try:
            got = self.sock.recv_into(buffer.view[start : start + READ_SIZE])
        except BlockingIOError:
            return 0
        if got == 0:
            raise EndOfStream(clean=True)
        return got

    @override
    def write(self, buffer: Buffer, start: int, end: int) -> None:
        self.content += end - start
        if not self._kept:
            sent = _send(self.sock, buffer.view[start:end])
            self.handed += sent
            start += sent
        if start < end:
            self._kept += bytes(buffer.view[start:end])

    @override
    def write_octets(self, octets: bytes) -> None:
        self._kept += octets
        self.content += len(octets)
        self.flush()

    @override
    def flush(self) -> None:
        if self._kept:
            sent = _send(self.sock, memoryview(self._kept))
            self.handed += sent
            self._kept = self._kept[sent:]
        if self._finishing and not self._kept:
            _shut(self.sock)

    @override
    def finish(self) -> None:
        self._finishing = True
        with contextlib.suppress(*BROKEN):
            self.flush()


class TlsLeg(Leg):
    """TLS: the partner, or the link between the two hosts."""

    def __init__(self, sock: socket.socket, channel: Channel) -> None:
        self.sock = sock
        self.channel = channel
        self.pending = True  # the handshake may have brought the first octets with it
        self.choked = False
        self.handed = self.content = 0
        self._written = False
        """Something was written, and its last octet is not handed over yet."""
        self._raw = Buffer(READ_SIZE)
        self._out = Buffer(OUT_SIZE)
        self._at = self._filled = 0
        self._finishing = False
        _prepare(sock)

    @property
    @override
    def unsent(self) -> bool:
        return self._at < self._filled

    @override
    def read(self, buffer: Buffer, start: int) -> int:
        if self.pending:
            self.pending = False
            return self._decrypt(buffer, start)
        try:
            got = self.sock.recv_into(self._raw.view)
        except BlockingIOError:
            return 0
        if got == 0:
            raise EndOfStream(clean=False)
        self.channel.feed(self._raw, got)
        length = self._decrypt(buffer, start)
        self._answer(length)
        return length

    def _answer(self, length: int) -> None:
        """Hand over what TLS itself answers, to a key update say: a flood of them would fill our memory (measured).

        Each read does, for one octet of content may stand among thousands of them. What has come goes on before
        a broken connection is told: the next read or write tells it again.
        """
        try:
            self.flush()
        except OSError:
            if not length:
                raise
        self.choked = self.unsent

    def _decrypt(self, buffer: Buffer, start: int) -> int:
        length = self.channel.read(buffer, start, buffer.size)
        self.pending = self.channel.after is not None
        return length

    @override
    def write(self, buffer: Buffer, start: int, end: int) -> None:
        self.channel.write(buffer, start, end)
        self._written = True
        self.flush()

    @override
    def write_octets(self, octets: bytes) -> None:
        self.channel.write_octets(octets)
        self._written = True
        self.flush()

    @override
    def flush(self) -> None:
        while True:
            if self._at == self._filled:
                self._at, self._filled = 0, self.channel.take(self._out)
                if not self._filled:
                    self.choked = False
                    if self._written:
                        self._written, self.content = False, self.handed
                    break
            sent = _send(self.sock, self._out.view[self._at : self._filled])
            if not sent:
                if self._written:  # how many there will be is not known: more than there are
                    self.content = self.handed + 1
                return
            self._at += sent
            self.handed += sent
        if self._finishing:
            _shut(self.sock)

    @override
    def finish(self) -> None:
        if self._finishing:
            return
        self._finishing = True
        with contextlib.suppress(*BROKEN):
            self.channel.finish()
            self.flush()


PLAIN_SIZE = READ_SIZE + 2 * TLS_RECORD
"""Free octets a buffer must have for a read: then nothing decrypted is ever left behind in a leg."""


def octets_not_taken(sock: socket.socket) -> int:
    """Return the octets that the kernel still holds for the peer: sent, and not acknowledged."""
    with contextlib.suppress(OSError):
        return int.from_bytes(fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)), sys.byteorder)
    return 0


def _prepare(sock: socket.socket) -> None:
    sock.setblocking(False)
    with contextlib.suppress(OSError):  # not a TCP socket: a test's socket pair
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _send(sock: socket.socket, view: memoryview) -> int:
    try:
        return sock.send(view)
    except BlockingIOError:
        return 0


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
