"""A TLS handshake step by step, for the log at TRACE. Where nobody wants it, it costs one call for each handshake.

OpenSSL's info callback names each message and alert. It is set on one connection, and taken off when the handshake is
over: no callback is left on the data path.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import SSL

from seon.net import client_hello
from seon.net.channel import TlsError
from seon.net.context import peer_certificate

Tell = Callable[[str], None]
"""Takes a step in words. A stranger chooses part of them: whoever shows them escapes and caps them."""
Heard = Callable[[bytes], object]
"""Takes octets as they came from the peer."""
MAX_STEPS = 100
"""Steps of one handshake that are told: an honest one has fewer than 40."""

_binding = Binding()
_lib, _ffi = _binding.lib, _binding.ffi
_LOOP, _WRITE, _ALERT = 0x01, 0x08, 0x4000
"""SSL_CB_LOOP, SSL_CB_WRITE, SSL_CB_ALERT."""
_WAITING = {"before SSL initialization", "TLSv1.3 early data"}
"""States in which nothing has happened: before the first flight, and while the answer to ours is awaited."""
_ALERTS = {
    0: "close notify", 10: "unexpected message", 20: "bad record MAC", 22: "record overflow", 40: "handshake failure",
    42: "bad certificate", 43: "unsupported certificate", 44: "certificate revoked", 45: "certificate expired",
    46: "certificate unknown", 47: "illegal parameter", 48: "unknown CA", 49: "access denied", 50: "decode error",
    51: "decrypt error", 70: "protocol version", 71: "insufficient security", 80: "internal error",
    86: "inappropriate fallback", 90: "user canceled", 109: "missing extension", 110: "unsupported extension",
    112: "unrecognized name", 113: "bad certificate status response", 115: "unknown PSK identity",
    116: "certificate required", 120: "no application protocol",
}  # fmt: skip
"""RFC 8446 section 6."""


def in_words(connection: SSL.Connection) -> str:
    """Return what a finished handshake has agreed: version, cipher suite and, where it is known, the group."""
    group = connection.get_group_name()
    agreed = f"{connection.get_protocol_version_name()} {connection.get_cipher_name()}"
    return agreed + (f", group {group}" if group else "")


@contextmanager
def watched(connection: SSL.Connection, tell: Tell | None) -> Iterator[Heard]:
    """Tell the steps of the handshake that runs inside the block, and how it ends; what is yielded hears the peer."""
    if tell is None:
        yield len  # something that does nothing
        return
    watch = _Watch(connection, tell)
    try:
        yield watch.heard
        watch.done()
    except BaseException as error:
        watch.failed(error)
        raise
    finally:
        watch.close()


class _Watch:
    def __init__(self, connection: SSL.Connection, tell: Tell) -> None:
        self._connection, self._tell = connection, tell
        self._began = time.monotonic()
        self._steps = 0
        self._hello: bytearray | None = bytearray()
        """The peer's first record as far as it has come; None once it was looked at."""
        self._callback = _ffi.callback("void (*)(const SSL *, int, int)", self._happened)
        _lib.SSL_set_info_callback(connection._ssl, self._callback)  # pyOpenSSL sets it on whole contexts only

    def heard(self, octets: bytes) -> None:
        """Look for a ClientHello in the peer's first octets."""
        if self._hello is None:
            return
        self._hello += octets[: client_hello.MAX_HELLO - len(self._hello)]
        if client_hello.is_whole(self._hello) or len(self._hello) >= client_hello.MAX_HELLO:
            if offered := client_hello.in_words(bytes(self._hello)):
                self._step(f"ClientHello: {offered}")
            self._hello = None

    def done(self) -> None:
        """The handshake is done."""
        self._tell(f"handshake done in {self._milliseconds()}: {in_words(self._connection)}")
        try:
            certificate = peer_certificate(self._connection)
        except TlsError as error:
            self._tell(str(error))
            return
        shown = f"SHA-256 {certificate.fingerprint}, {certificate.subject}" if certificate else "none"
        self._tell(f"certificate shown: {shown}")

    def failed(self, error: BaseException) -> None:
        """The handshake has failed."""
        self._tell(f"handshake failed after {self._milliseconds()}: {str(error) or 'no more time'}")

    def close(self) -> None:
        """Take the callback off."""
        _lib.SSL_set_info_callback(self._connection._ssl, _ffi.NULL)

    def _milliseconds(self) -> str:
        return f"{(time.monotonic() - self._began) * 1000:.1f} ms"

    def _happened(self, ssl: object, where: int, value: int) -> None:
        if where & _ALERT:
            way = "sent" if where & _WRITE else "received"
            self._step(f"alert {way}: {_ALERTS.get(value & 0xFF, str(value & 0xFF))}")
        elif where & _LOOP:
            state = _ffi.string(_lib.SSL_state_string_long(ssl)).decode("ascii", "replace")
            if state not in _WAITING:
                self._step(state.removeprefix("SSLv3/TLS ").removeprefix("TLSv1.3 "))

    def _step(self, text: str) -> None:
        self._steps += 1
        if self._steps <= MAX_STEPS:
            self._tell(text)
