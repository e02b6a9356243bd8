"""A small load balancer before the server: it says for whom it speaks, by the PROXY protocol, and passes octets on."""

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable

from seon.net.proxy_protocol import SIGNATURE

ADDRESS = "127.0.0.2"
"""From where it connects to the server."""


def header(source: str, port: int, target: str = "198.51.100.1", target_port: int = 6_619) -> bytes:
    """Return what a balancer writes for a caller."""
    ends = [ipaddress.ip_address(one) for one in (source, target)]
    rest = b"".join(end.packed for end in ends) + port.to_bytes(2, "big") + target_port.to_bytes(2, "big")
    return SIGNATURE + bytes([0x21, 0x11 if ends[0].version == 4 else 0x21]) + len(rest).to_bytes(2, "big") + rest


LOCAL = SIGNATURE + bytes([0x20, 0, 0, 0])


class Balancer:
    """Listens on a port of its own, and speaks for `source` and a port that counts up."""

    def __init__(self, server_port: int, source: str) -> None:
        self._server_port, self._source = server_port, source
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._next = 40_000
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def __enter__(self) -> "Balancer":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(10)
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for sock in (self._listener, *self._open):
            sock.close()

    def _start(self, act: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=act, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = to_server(self._server_port, header(self._source, self._next))
                self._next += 1
                self._open += (near, far)
                self._start(_carry, near, far)
                self._start(_carry, far, near)


def to_server(port: int, octets: bytes, source: str = ADDRESS) -> socket.socket:
    """Return a connection to the server from the balancer's address, on which these octets were sent."""
    sock = socket.create_connection(("127.0.0.1", port), 10, (source, 0))
    sock.sendall(octets)
    return sock


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while octets := source.recv(65_536):
            sink.sendall(octets)
        sink.shutdown(socket.SHUT_WR)
