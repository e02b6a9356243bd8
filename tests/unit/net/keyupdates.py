"""A hostile end of a TLS 1.3 connection: it sends key updates that want answers, as many as it likes.

OpenSSL's own call for that is in no binding here. So the records are made by hand, from the secret that OpenSSL gives
to a key log: RFC 8446 sections 4.6.3 (KeyUpdate), 5.2 (records), 7.1 and 7.2 (HKDF-Expand-Label, traffic secrets).
"""

import contextlib
import hmac
import socket
import time
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from OpenSSL import SSL

APPLICATION_DATA, HANDSHAKE = 0x17, 0x16
UPDATE_REQUESTED = b"\x18\x00\x00\x01\x01"


class KeyUpdates:
    """Encrypts in a TLS client's place. Make it before the handshake, and let the client itself send nothing."""

    def __init__(self, client: SSL.Context) -> None:
        self._secret = b""
        self._number = 0
        client.set_keylog_callback(self._log)

    def _log(self, _: SSL.Connection, line: bytes) -> None:
        label, _, secret = line.split(b" ")
        if label == b"CLIENT_TRAFFIC_SECRET_0":
            self._secret = bytes.fromhex(secret.decode())
            self._make_key()

    def flood(self, count: int) -> Iterator[bytes]:
        """Yield so many key updates, each a record that wants one as its answer."""
        for _ in range(count):
            yield self._record(UPDATE_REQUESTED, HANDSHAKE)
            self._secret = self._expand(b"traffic upd", 48)
            self._make_key()

    def content(self, octets: bytes) -> bytes:
        """Return octets of content as a record."""
        return self._record(octets, APPLICATION_DATA)

    def _record(self, octets: bytes, kind: int) -> bytes:
        header = b"\x17\x03\x03" + (len(octets) + 17).to_bytes(2, "big")
        nonce = (int.from_bytes(self._iv, "big") ^ self._number).to_bytes(12, "big")
        self._number += 1
        return header + self._key.encrypt(nonce, octets + bytes([kind]), header)

    def _make_key(self) -> None:
        self._key, self._iv, self._number = AESGCM(self._expand(b"key", 32)), self._expand(b"iv", 12), 0

    def _expand(self, label: bytes, length: int) -> bytes:
        label = b"tls13 " + label
        info = length.to_bytes(2, "big") + bytes([len(label)]) + label + b"\x00"
        return hmac.digest(self._secret, info + b"\x01", "sha384")[:length]


def send_what_is_taken(sock: socket.socket, octets: bytearray) -> int:
    """Send until the other end has taken nothing for half a second; return how many octets it was."""
    sock.settimeout(0.5)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < len(octets):
            sent += sock.send(memoryview(octets)[sent:])
    sock.settimeout(10)
    return sent


def read_slowly(sock: socket.socket) -> None:
    """Read and forget until the end."""
    with contextlib.suppress(OSError):
        while sock.recv(16_384):
            time.sleep(0.001)
