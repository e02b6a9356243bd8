"""Peers that a dial may meet: each is what a real one does, by itself in a thread, on a port of its own."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

from OpenSSL import SSL

Act = Callable[[socket.socket], object]

SSRM = b"\x10\x00\x00\x17IODETTE FTP READY \r"
OVERHEARD = 65_536


@contextlib.contextmanager
def answering(act: Act) -> Iterator[int]:
    """Answer one call as `act` does; the port. The connection is closed when `act` returns."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)

        def live() -> None:
            with contextlib.suppress(OSError), listener.accept()[0] as sock:
                sock.settimeout(20)
                with contextlib.suppress(OSError, SSL.Error):
                    act(sock)

        thread = threading.Thread(target=live)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(20)


def silent(sock: socket.socket) -> None:
    """Take everything, and say nothing until the caller goes."""
    while sock.recv(OVERHEARD):
        pass


def says(*octets: bytes) -> Act:
    """Say it at once, as a station, a mail server or SSH does."""

    def act(sock: socket.socket) -> None:
        sock.sendall(b"".join(octets))
        silent(sock)

    return act


def answers(*octets: bytes) -> Act:
    """Say it when the caller has said something, as an HTTP server does."""

    def act(sock: socket.socket) -> None:
        sock.recv(OVERHEARD)
        says(*octets)(sock)

    return act


def closes(_: socket.socket) -> None:
    """Close at once, as a port does that does not let this address in."""


def closes_after_hello(sock: socket.socket) -> None:
    """Close at the first word."""
    sock.recv(OVERHEARD)


def resets(sock: socket.socket) -> None:
    """Close with RST at the first word."""
    sock.recv(OVERHEARD)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def alerts(number: int) -> Act:
    """Answer a ClientHello with a fatal alert."""
    return answers(b"\x15\x03\x03\x00\x02\x02", bytes([number]))


class TlsPeer:
    """TLS as OpenSSL does it; `version`: the only one; `admits`: whether our certificate is taken."""

    def __init__(self, made, *, version: int, admits: bool = True, ciphers: bytes = b"ALL:@SECLEVEL=0") -> None:
        self._context = context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.use_certificate(made.certificate)
        context.use_privatekey(made.key)
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        context.set_cipher_list(ciphers)
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: admits)

    def then(self, act: Callable[[SSL.Connection], object]) -> Act:
        """Do the handshake, then `act`."""

        def whole(sock: socket.socket) -> None:
            sock.settimeout(None)
            connection = SSL.Connection(self._context, sock)
            connection.set_accept_state()
            try:
                connection.do_handshake()
                act(connection)
            finally:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_WR)
                    silent(sock)  # else RST would take the alert from the caller

        return whole
