"""Octet buffers that are made once and used for the whole life of a connection: nothing is allocated per read."""

from cryptography.hazmat.bindings.openssl.binding import Binding

ffi = Binding().ffi

READ_SIZE = 256 * 1024
"""Octets asked of a socket at once. 128-256 KiB measured best: fewer calls, still inside the CPU's cache."""
TLS_RECORD = 16 * 1024 + 512
"""More than one TLS record with its overhead: what may lie undecrypted between two reads."""


class Buffer:
    """A fixed block of octets, seen both as a memoryview (sockets, verifier) and as a C pointer (OpenSSL)."""

    __slots__ = ("memory", "pointer", "size", "view")

    def __init__(self, size: int) -> None:
        self.memory = bytearray(size)
        self.view = memoryview(self.memory)
        self.pointer = ffi.from_buffer("unsigned char[]", self.memory, require_writable=True)
        self.size = size
