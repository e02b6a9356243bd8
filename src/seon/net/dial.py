"""Dialling: a connection, then TLS on it, then the partner's first word; each within a deadline, or with words why not.

Blocking functions are for processes that do one thing, and resolve names. Those for a main's loop are awaited and take
literal addresses. Deadlines are `time.monotonic()`. Who is dialled is a stranger until the caller has judged its
certificate: nothing of what it sends is in a text.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Sequence

from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import SSL

from seon.addresses import canonical, shown
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import peer_certificate
from seon.net.failures import (
    NONE_SHOWN,
    UNKNOWN_NAME,
    DialError,
    Stage,
    first_word_failure,
    handshake_failure,
    name_failure,
)
from seon.net.handshakes import Tell
from seon.net.race import Place, Race, place_of, plan
from seon.net.stream import AsyncTls, BlockingTls

__all__ = ["DialError", "Stage", "can_bind", "dial", "dial_addresses", "first_word", "secure", "secured"]
_BROKEN = (TlsError, EndOfStream, OSError)
_lib = Binding().lib
MAX_TOLD = 8
"""Addresses of a name that are told; all are tried."""


def _nobody(_: str) -> None:
    """Nobody wants to know."""


def dial(host: str, port: int, *, deadline: float, source: str = "", tell: Tell = _nobody) -> socket.socket:
    """Return a connected blocking socket without a time limit. Raises DialError.

    `source`: literal address to come from, "" = the system's choice. Resolves names, so it is for session processes.
    `tell` is told what is done.
    """
    target = shown(host, port)
    found = _resolve(target, host, port)
    tell(f"{host} resolved: {', '.join(place.address for place in found[:MAX_TOLD])}")
    left = deadline - time.monotonic()
    if left <= 0:
        raise DialError(target, Stage.NAME, "the resolver took all of the time (is a name server down?)")
    places = plan(found, left, source)
    if not places.places:
        kind = "IPv4" if canonical(source).version == 4 else "IPv6"
        cause = f"it has no {kind} address, and is to be dialled from {canonical(source)}"
        raise DialError(target, Stage.NAME, cause)
    with Race(target, places, deadline, source) as race:
        while (sock := race.step()) is None:
            race.wait()
    sock.setblocking(True)
    tell(f"connected to {target} from {shown(*sock.getsockname()[:2])}")
    return sock


async def dial_addresses(host: str, found: Sequence[str], port: int, *, deadline: float) -> socket.socket:
    """Return a connected non-blocking socket, in a main's loop. Raises DialError.

    `found`: the literal addresses of `host`, as somebody else has resolved it; none at all means that it is not known.
    """
    target = shown(host, port)
    places = plan([place_of(address, port) for address in found], deadline - time.monotonic())
    if not places.places:
        raise DialError(target, Stage.NAME, UNKNOWN_NAME)
    loop, stirred = asyncio.get_running_loop(), asyncio.Event()
    with Race(target, places, deadline) as race:
        loop.add_reader(race.fileno(), stirred.set)
        try:
            while (sock := race.step()) is None:
                stirred.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(race.pause()):
                        await stirred.wait()
        finally:
            loop.remove_reader(race.fileno())
    return sock


def _resolve(target: str, host: str, port: int) -> list[Place]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise name_failure(target, error) from error
    # An IPv6 address has its scope in the fourth field: a resolver may name link-local ones.
    return [place_of(str(place[0]), port, place[3] if len(place) == 4 else 0) for *_, place in found]


# --- TLS --------------------------------------------------------------------------------------------------------------


def secure(
    sock: socket.socket, connection: SSL.Connection, target: str, *, deadline: float, tell: Tell | None = None
) -> BlockingTls:
    """Return TLS on a connected socket: the handshake is done, and a certificate was shown.

    Raises DialError; the socket is closed then. `target`: whom to name in it. `tell` is told the handshake's steps.
    """
    tls, began = BlockingTls(sock, connection), time.monotonic()
    try:
        tls.handshake(deadline, tell)
    except _BROKEN as error:
        sock.close()
        raise _failure(target, error, connection, tls.channel.heard, deadline - began) from error
    if peer_certificate(connection) is None:
        sock.close()
        raise DialError(target, Stage.CERTIFICATE, NONE_SHOWN)
    return tls


async def secured(
    sock: socket.socket, connection: SSL.Connection, target: str, *, deadline: float, tell: Tell | None = None
) -> AsyncTls:
    """The same as `secure`, in a main's loop; the socket must not block."""
    tls, began = AsyncTls(sock, connection), time.monotonic()
    try:
        async with asyncio.timeout_at(deadline):
            await tls.handshake(tell=tell)
    except _BROKEN as error:
        tls.close()
        raise _failure(target, error, connection, tls.channel.heard, deadline - began) from error
    except BaseException:
        tls.close()
        raise
    if peer_certificate(connection) is None:
        tls.close()
        raise DialError(target, Stage.CERTIFICATE, NONE_SHOWN)
    return tls


def first_word(tls: BlockingTls, target: str, *, deadline: float) -> None:
    """Wait until the partner has said something inside TLS; not an octet of it is taken. Raises DialError.

    The Responder speaks first (SSRM, RFC 5024 section 4.2). With TLS 1.3 the dialling side is done with the handshake
    before its certificate is judged: only here it hears that it was refused.
    """
    began = time.monotonic()
    try:
        tls.await_content(deadline)
    except _BROKEN as error:
        tls.sock.close()
        raise first_word_failure(target, error, deadline - began) from error


def _failure(target: str, error: Exception, connection: SSL.Connection, heard: bytes, seconds: float) -> DialError:
    verified: int = _lib.SSL_get_verify_result(connection._ssl)  # pyOpenSSL has no method for it
    return handshake_failure(target, error, heard, seconds, verified)


def can_bind(address: str) -> str | None:
    """Say why this host cannot come from a literal address, or None if it can (mission A4)."""
    host = canonical(address)
    with socket.socket(socket.AF_INET if host.version == 4 else socket.AF_INET6, socket.SOCK_STREAM) as sock:
        try:
            sock.bind((str(host), 0))
        except OSError as error:
            return (error.strerror or str(error)).lower()
    return None
