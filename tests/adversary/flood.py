"""Strangers that hold connections to a port and do not go on, as a process of their own: `python flood.py PORT ...`.

They come from loopback addresses of their own, so many at once and so many a second after that. A connection that the
other side ends is given up; the others are held to the end. Prints "flooding" when the first wave has been sent, and a
line of JSON at the end. Also used by bench/door.py.
"""

import argparse
import asyncio
import contextlib
import errno
import itertools
import json
import resource
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from OpenSSL import SSL, crypto

sys.path.append(str(Path(__file__).parents[1]))  # what all tests share lies there

from certificates import Made, make

BIG = 100
"""Certificates in the chain of `certificate`: some 40 KB, of which half is sent."""


def main() -> None:
    """Flood until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--addresses", type=int, default=50)
    parser.add_argument("--at-once", type=int, default=500)
    parser.add_argument("--per-second", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--kinds", default="hello", help=f"in turns: {', '.join(KINDS)}")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(json.dumps(asyncio.run(Flood(options).run())), flush=True)


def address(number: int) -> str:
    """Return the loopback address of a stranger."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


class Flood:
    """All strangers together."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._counts: Counter[str] = Counter()
        kinds = itertools.cycle(options.kinds.split(","))
        self._next = ((KINDS[kind], address(n % options.addresses)) for n, kind in enumerate(kinds))
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> dict[str, int]:
        """Return how many connections there were, and how many of them the other side has ended."""
        options = self._options
        until = time.monotonic() + options.seconds
        for number in range(options.at_once):
            self._start()
            if number % 50 == 0:
                await asyncio.sleep(0)
        while self._counts["made"] + self._counts["failed"] < options.at_once:
            await asyncio.sleep(0.01)
        print("flooding", flush=True)
        began, sent = time.monotonic(), 0
        while time.monotonic() < until:
            due = int((time.monotonic() - began) * options.per_second)
            for _ in range(due - sent):
                self._start()
            sent = due
            await asyncio.sleep(0.02)
        self._counts["held"] = len(self._tasks)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        return dict(self._counts)

    def _start(self) -> None:
        act, source = next(self._next)
        task = asyncio.create_task(self._stranger(act, source))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stranger(self, act: "Act", source: str) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket() as sock:
            sock.setblocking(False)
            try:
                sock.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT: else the ports run out early
                sock.bind((source, 0))
                await loop.sock_connect(sock, ("127.0.0.1", self._options.port))
                self._counts["made"] += 1
                await act(sock)
                while await loop.sock_recv(sock, 65_536):
                    pass
            except OSError as error:
                if error.errno not in (errno.ECONNRESET, errno.EPIPE):
                    self._counts["failed"] += 1
                    return
            self._counts["ended"] += 1


# --- what a stranger does before it falls silent ----------------------------------------------------------------------

Act = Callable[[socket.socket], Awaitable[None]]


def _connection(context: SSL.Context) -> SSL.Connection:
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    with contextlib.suppress(SSL.WantReadError):
        connection.do_handshake()
    return connection


_PLAIN = SSL.Context(SSL.TLS_CLIENT_METHOD)
_HELLO = _connection(_PLAIN).bio_read(65_536)


async def nothing(_: socket.socket) -> None:
    """Say nothing at all."""


async def hello(sock: socket.socket) -> None:
    """Send a whole ClientHello."""
    await asyncio.get_running_loop().sock_sendall(sock, _HELLO)


async def drip(sock: socket.socket) -> None:
    """Send one octet a second of a ClientHello."""
    for octet in _HELLO:
        await asyncio.get_running_loop().sock_sendall(sock, bytes([octet]))
        await asyncio.sleep(1)


async def reset(sock: socket.socket) -> None:
    """Go away with a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise OSError(errno.ECONNRESET, "by ourselves")


def _context(made: Made, more: int) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.use_certificate(crypto.X509.from_cryptography(made.certificate))
    context.use_privatekey(crypto.PKey.from_cryptography_key(made.key))
    for _ in range(more):
        context.add_extra_chain_cert(crypto.X509.from_cryptography(made.certificate))
    return context


_contexts: list[SSL.Context] = []
"""With the certificate alone, and with a large chain."""


async def certificate(sock: socket.socket) -> None:
    """Answer the server's flight, and stop in the middle of a large certificate."""
    answer = await _answer(sock)
    await asyncio.get_running_loop().sock_sendall(sock, answer[: len(answer) // 2])


async def whole(sock: socket.socket) -> None:
    """Complete the handshake, with a certificate that nobody knows."""
    await asyncio.get_running_loop().sock_sendall(sock, await _answer(sock, big=False))


async def _answer(sock: socket.socket, *, big: bool = True) -> bytes:
    """Return what is to be said after the server's flight."""
    if not _contexts:
        made = make("stranger")
        _contexts.extend(_context(made, more) for more in (0, BIG))
    loop, connection = asyncio.get_running_loop(), _connection(_contexts[big])
    await loop.sock_sendall(sock, connection.bio_read(65_536))
    while True:
        octets = await loop.sock_recv(sock, 65_536)
        if not octets:
            raise OSError(errno.ECONNRESET, "ended by the server")
        connection.bio_write(octets)
        try:
            connection.do_handshake()
            break
        except SSL.WantReadError:
            pass
    return connection.bio_read(200_000)


KINDS: dict[str, Act] = {
    "nothing": nothing, "hello": hello, "drip": drip, "reset": reset, "certificate": certificate, "whole": whole,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
