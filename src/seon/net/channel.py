"""TLS over memory BIOs: octets from the socket go in, octets for the socket come out, no I/O here.

The data path calls the OpenSSL binding below pyOpenSSL with buffers that were made once: pyOpenSSL's own `recv` and
`bio_read` allocate for each call, which costs a third of the throughput (docs/benchmarks.md). Everything that touches
the binding stands in this file and is proved at import: with a release that does not have it, seon does not start.
"""

from collections.abc import Iterator
from typing import Any

import cryptography
import OpenSSL
from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import SSL

from seon.net.buffers import Buffer, ffi
from seon.net.greetings import ENOUGH

NEEDED = "pyopenssl>=26.4,<26.5"
"""As pyproject.toml pins it: the releases with which this file was tested."""
HANDSHAKE_OCTETS = 48 * 1024
"""Octets that a peer may send before its handshake is done: room for a chain of ten certificates."""
_lib = Binding().lib


class TlsError(Exception):
    """TLS failed; the text says how, in OpenSSL's words."""


class EndOfStream(Exception):  # noqa: N818  # not an error: an end
    """The peer ended its direction. `clean` is False where the TLS close_notify was missing."""

    def __init__(self, *, clean: bool) -> None:
        super().__init__("end of stream" if clean else "end of stream without close_notify")
        self.clean = clean


class Channel:
    """One TLS connection. `feed` what came from the socket, `take` what must go to it."""

    __slots__ = ("_from", "_into", "_ssl", "after", "connection", "fed", "heard")

    def __init__(self, connection: SSL.Connection) -> None:
        self.connection = connection
        self.after: TlsError | EndOfStream | None = None
        """What came right behind the octets read last, and the next read raises: no more octets will announce it."""
        self.heard = b""
        """The first octets that came from the socket, at most ENOUGH: they tell what speaks there if it is not TLS."""
        self.fed = 0
        """Octets that came from the socket."""
        self._ssl = connection._ssl  # see the head of this file
        # pyOpenSSL's default makes SSL_write return after each record: one call from Python for every 16 KiB.
        _lib.SSL_clear_mode(self._ssl, _lib.SSL_MODE_ENABLE_PARTIAL_WRITE)
        self._into = connection._into_ssl
        self._from = connection._from_ssl

    def feed(self, buffer: Buffer, length: int) -> None:
        """Hand over the first `length` octets of a buffer as they came from the socket."""
        if len(self.heard) < ENOUGH:
            self.heard += bytes(buffer.view[: min(length, ENOUGH - len(self.heard))])
        self._feed(buffer.pointer, length)

    def feed_octets(self, octets: bytes) -> None:
        """Hand over octets as they came from the socket."""
        if len(self.heard) < ENOUGH:
            self.heard += octets[: ENOUGH - len(self.heard)]
        self._feed(ffi.from_buffer("unsigned char[]", octets), len(octets))

    def _feed(self, pointer: Any, length: int) -> None:
        self.fed += length
        done = 0
        while done < length:
            written = _lib.BIO_write(self._into, pointer + done, length - done)
            if written <= 0:
                raise TlsError("no memory for TLS octets")
            done += written

    def room(self) -> int:
        """Return how many octets the handshake may still take in. Raises TlsError when it has had all of them."""
        if self.fed >= HANDSHAKE_OCTETS:
            raise TlsError(f"the handshake is not done after {HANDSHAKE_OCTETS // 1024} KiB")
        return HANDSHAKE_OCTETS - self.fed

    def take(self, buffer: Buffer) -> int:
        """Move octets for the socket into a buffer; return how many (0 = none)."""
        taken: int = _lib.BIO_read(self._from, buffer.pointer, buffer.size)
        return max(0, taken)

    def read(self, buffer: Buffer, start: int, end: int) -> int:
        """Decrypt into `buffer[start:end]` until it is full or nothing is left; return the number of octets.

        Raises EndOfStream after close_notify once all octets before it were read, TlsError for everything else.
        """
        if self.after:
            raise self.after
        at, ssl, pointer, read_record = start, self._ssl, buffer.pointer, _lib.SSL_read
        while at < end:
            got = read_record(ssl, pointer + at, end - at)
            if got <= 0:
                self.after = self._why_nothing(got)
                break
            at += got
        if self.after and at == start:
            raise self.after
        return at - start

    def content_waits(self) -> bool:
        """Whether there is something to read; it stays where it is. Raises EndOfStream and TlsError as `read` does."""
        if self.after:
            raise self.after
        got = _lib.SSL_peek(self._ssl, Buffer(1).pointer, 1)
        if got > 0:
            return True
        self.after = self._why_nothing(got)
        if self.after:
            raise self.after
        return False

    def _why_nothing(self, result: int) -> TlsError | EndOfStream | None:
        code = _lib.SSL_get_error(self._ssl, result)
        if code in (SSL_WANT_READ, SSL_WANT_WRITE):
            return None
        return EndOfStream(clean=True) if code == SSL_ZERO_RETURN else TlsError(_error_text())

    def write(self, buffer: Buffer, start: int, end: int) -> None:
        """Encrypt `buffer[start:end]`. A memory BIO takes everything, so nothing is left over."""
        while start < end:
            written = _lib.SSL_write(self._ssl, buffer.pointer + start, end - start)
            if written <= 0:
                _lib.SSL_get_error(self._ssl, written)
                raise TlsError(_error_text())
            start += written

    def write_octets(self, octets: bytes) -> None:
        """Encrypt octets of any length."""
        rest: bytes | memoryview = octets
        while rest:
            written = _lib.SSL_write(self._ssl, ffi.from_buffer(rest), len(rest))
            if written <= 0:
                raise TlsError(_error_text())
            rest = memoryview(rest)[written:]

    def handshake(self) -> bool:
        """Go one step on; return whether the handshake is done. Raises TlsError; an alert may then wait in `take`."""
        try:
            self.connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as error:
            raise TlsError(reason_of(error)) from error
        return True

    def finish(self) -> None:
        """Queue close_notify: nothing more will be written. Harmless when the connection has failed already."""
        _lib.SSL_shutdown(self._ssl)
        _clear_errors()


def reason_of(error: SSL.Error) -> str:
    """Return OpenSSL's reasons in words; a bare end of the octets has none of its own."""
    if isinstance(error, SSL.SysCallError):
        return "connection ended"
    first = error.args[0] if error.args else ()
    reasons = [entry[2] for entry in first if isinstance(entry, tuple) and len(entry) == 3]
    return "; ".join(dict.fromkeys(reasons)) or type(error).__name__


SSL_ZERO_RETURN: int = getattr(_lib, "SSL_ERROR_ZERO_RETURN", 6)
SSL_WANT_READ: int = getattr(_lib, "SSL_ERROR_WANT_READ", 2)
SSL_WANT_WRITE: int = getattr(_lib, "SSL_ERROR_WANT_WRITE", 3)


def _errors() -> Iterator[str]:
    """Empty OpenSSL's error queue. It must be empty before the next call, or that one is misread."""
    while (code := _lib.ERR_get_error()) != 0:
        text = _lib.ERR_reason_error_string(code)
        yield ffi.string(text).decode("utf-8", "replace") if text != ffi.NULL else f"error {code:x}"


def _error_text() -> str:
    return "; ".join(dict.fromkeys(_errors())) or "connection ended"


def _clear_errors() -> None:
    for _ in _errors():
        pass


def _prove_binding() -> None:
    """Send octets through the pieces this file uses below pyOpenSSL's methods. Raises ImportError if one is missing."""
    try:
        connection = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), None)
        connection.set_connect_state()
        channel, buffer = Channel(connection), Buffer(4096)
        channel.handshake()
        if not channel.take(buffer) or buffer.memory[0] != _HANDSHAKE_RECORD:
            raise TlsError("no TLS octets come out of it")
        channel.feed(buffer, 1)
        channel.read(buffer, 0, 1)
        channel.finish()
        for name in (
            "SSL_write",
            "SSL_peek",
            "SSL_CTX_set1_curves_list",
            "SSL_CTX_set1_sigalgs_list",
            "ERR_get_error",
            "ERR_reason_error_string",
        ):  # a session would call them first
            getattr(_lib, name)
    except (AttributeError, TypeError, TlsError) as error:
        raise ImportError(
            f"seon calls OpenSSL below pyOpenSSL's methods, and pyOpenSSL {OpenSSL.__version__} with "
            f"cryptography {cryptography.__version__} does not allow that ({error}); install {NEEDED}"
        ) from error


_HANDSHAKE_RECORD = 0x16
_prove_binding()
