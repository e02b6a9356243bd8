"""TLS on a socket, in two manners over the same channel: awaited in a main's loop, and blocking in a process's own.

`AsyncTls` does handshakes and the link's messages in the mains. `BlockingTls` dials in session processes and carries
the station's traffic. A session's octets are neither's business: they go through `net.pump`.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable

from OpenSSL import SSL

from seon.net.buffers import READ_SIZE, Buffer
from seon.net.channel import Channel, EndOfStream, TlsError
from seon.net.handshakes import Tell, watched

MESSAGE_READ = 64 * 1024
"""Octets read at once for handshakes and messages."""


LINGER_SECONDS = 1.0
LINGER_READS = 8
_shared = Buffer(MESSAGE_READ)
"""For all AsyncTls of the process, which has one thread: octets stay in it between two awaits only. A thousand
strangers in the midst of a handshake would hold 192 MiB if each connection had buffers of its own."""
Turn = Callable[[], Awaitable[None]]
"""Returns when the caller may compute."""


async def _at_once() -> None:
    """Nobody else waits for a turn."""


class AsyncTls:
    """TLS awaited in the main's loop. The socket must not block. One reader and one writer at a time."""

    def __init__(self, sock: socket.socket, connection: SSL.Connection) -> None:
        self.sock = sock
        self.channel = Channel(connection)
        self._sending = asyncio.Lock()

    async def handshake(
        self, hello_seconds: float | None = None, tell: Tell | None = None, turn: Turn | None = None
    ) -> None:
        """Complete the TLS handshake; the caller sets the deadline for all of it.

        `hello_seconds` limits the time until the peer's first flight is there whole. `tell` is told the steps, if
        somebody wants them. `turn` is awaited before each step that computes.
        Raises TlsError, EndOfStream, OSError, TimeoutError.
        """
        with watched(self.channel.connection, tell) as heard:
            try:
                async with asyncio.timeout(hello_seconds):
                    while not (done := self.channel.handshake()) and not await self._send_out():
                        heard(await self._receive(self.channel.room()))
                        await (turn or _at_once)()
                while not done and not self.channel.handshake():
                    await self._send_out()
                    heard(await self._receive(self.channel.room()))
                    await (turn or _at_once)()
            finally:
                with contextlib.suppress(OSError):  # the alert that says why, or the last flight
                    await self._send_out()

    async def read_exactly(self, length: int) -> bytes:
        """Return `length` octets. Raises EndOfStream, TlsError, OSError. Reads not one octet more."""
        parts = bytearray()
        while len(parts) < length:
            got = self.channel.read(_shared, 0, min(length - len(parts), _shared.size))
            if got:
                parts += _shared.view[:got]
            else:
                await self._send_out()  # a key update may want an answer
                await self._receive()
        return bytes(parts)

    async def write(self, octets: bytes) -> None:
        """Send octets; returns when the kernel has taken them. Raises TlsError, OSError."""
        async with self._sending:
            self.channel.write_octets(octets)
            await self._drain()

    async def end(self) -> None:
        """Say close_notify, wait a moment for the peer's end, and close the socket.

        Closing with unread octets would make the kernel send RST, and the peer would lose the alert that says why.
        """
        with contextlib.suppress(OSError, TlsError, TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                self.channel.finish()
                await self._send_out()
                self.sock.shutdown(socket.SHUT_WR)
                for _ in range(LINGER_READS):
                    if not await asyncio.get_running_loop().sock_recv(self.sock, MESSAGE_READ):
                        break
        self.close()

    def take_over(self) -> None:
        """Take the socket from whoever accepted it: closing the accepted one does nothing any more."""
        self.sock = socket.socket(fileno=self.sock.detach())

    def abort(self) -> None:
        """End both directions at once; whoever waits on the connection sees its end."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket at once."""
        with contextlib.suppress(OSError):
            self.sock.close()

    async def _receive(self, most: int = MESSAGE_READ) -> bytes:
        """Take in what the socket has, at most so many octets, and return them."""
        octets = await asyncio.get_running_loop().sock_recv(self.sock, most)
        if not octets:
            raise EndOfStream(clean=False)
        self.channel.feed_octets(octets)
        return octets

    async def _send_out(self) -> int:
        async with self._sending:
            return await self._drain()

    async def _drain(self) -> int:
        """Send what waits; return how many octets that was."""
        loop, sent = asyncio.get_running_loop(), 0
        while length := self.channel.take(_shared):
            await loop.sock_sendall(self.sock, bytes(_shared.view[:length]))  # a copy: others use the buffer meanwhile
            sent += length
        return sent


class BlockingTls:
    """TLS on a blocking socket with time limits: for processes that do one thing."""

    def __init__(self, sock: socket.socket, connection: SSL.Connection) -> None:
        self.sock = sock
        self.channel = Channel(connection)
        self._raw = Buffer(READ_SIZE)
        self._plain = Buffer(READ_SIZE + 2 * 16_896)
        self._out = Buffer(READ_SIZE)

    def handshake(self, deadline: float, tell: Tell | None = None) -> None:
        """Complete the TLS handshake before `deadline` (time.monotonic). Raises TlsError, OSError, TimeoutError.

        `tell` is told the steps, if somebody wants them.
        """
        with watched(self.channel.connection, tell) as heard:
            try:
                while not self.channel.handshake():
                    self._send_out()
                    self._set_limit(deadline)
                    heard(bytes(self._raw.view[: self._receive(self.channel.room())]))
            finally:
                with contextlib.suppress(OSError):
                    self._send_out()

    def read_exactly(self, length: int, deadline: float) -> bytes:
        """Return `length` octets, not one more. Raises EndOfStream, TlsError, OSError, TimeoutError."""
        parts = bytearray()
        while len(parts) < length:
            got = self.channel.read(self._plain, 0, min(length - len(parts), self._plain.size))
            if got:
                parts += self._plain.view[:got]
            else:
                self._set_limit(deadline)
                self._send_out()  # a key update may want an answer
                self._receive()
        return bytes(parts)

    def await_content(self, deadline: float) -> None:
        """Wait for an octet of content, and leave it there. Raises EndOfStream, TlsError, OSError, TimeoutError."""
        while not self.channel.content_waits():
            self._set_limit(deadline)
            self._send_out()
            self._receive()

    def take_in(self, deadline: float) -> None:
        """Take in what the socket has, which need not bring content. Raises EndOfStream, OSError, TimeoutError."""
        self._set_limit(deadline)
        self._receive()

    def receive(self) -> memoryview:
        """Return octets as they come, a view that holds until the next call. Raises EndOfStream, TlsError, OSError."""
        while not (got := self.channel.read(self._plain, 0, self._plain.size)):
            self._receive()
            self._send_out()
        return self._plain.view[:got]

    def sendall(self, octets: bytes) -> None:
        """Send octets. Raises TlsError, OSError."""
        self.channel.write_octets(octets)
        self._send_out()

    def end(self) -> None:
        """Say close_notify and end the sending direction; the socket stays open for reading."""
        with contextlib.suppress(OSError, TlsError):
            self.channel.finish()
            self._send_out()
            self.sock.shutdown(socket.SHUT_WR)

    def _set_limit(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:  # also for a peer that sends and sends, and never what is waited for
            raise TimeoutError("no answer in time")
        self.sock.settimeout(left)

    def _receive(self, most: int = READ_SIZE) -> int:
        """Take in what the socket has, at most so many octets; return how many that was."""
        got = self.sock.recv_into(self._raw.view[:most])
        if got == 0:
            raise EndOfStream(clean=False)
        self.channel.feed(self._raw, got)
        return got

    def _send_out(self) -> None:
        while length := self.channel.take(self._out):
            self.sock.sendall(self._out.view[:length])
