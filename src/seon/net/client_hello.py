"""What a ClientHello offers (RFC 8446 section 4.1.2), for people: the first thing that a stranger says inside TLS.

Pure. The octets are a stranger's: each length is checked, and what is shown of them is bounded. It decides nothing.
"""

from collections.abc import Iterator

MAX_HELLO = 16_384 + 5
"""Octets that are looked at: one record."""
MAX_LISTED = 12
"""Entries of a list that are shown."""

_HEADER, _HANDSHAKE, _CLIENT_HELLO = 5, 22, 1
_RANDOM = 2 + 32
_SERVER_NAME, _GROUPS, _ALPN, _VERSIONS = 0, 10, 16, 43
_VERSION_NAMES = {0x0304: "TLS 1.3", 0x0303: "TLS 1.2", 0x0302: "TLS 1.1", 0x0301: "TLS 1.0", 0x0300: "SSL 3.0"}
_GROUP_NAMES = {
    0x11EC: "X25519MLKEM768", 0x11EB: "SecP256r1MLKEM768", 0x11ED: "SecP384r1MLKEM1024",
    29: "x25519", 30: "x448", 23: "secp256r1", 24: "secp384r1", 25: "secp521r1",
    26: "brainpoolP256r1", 27: "brainpoolP384r1", 28: "brainpoolP512r1",
    31: "brainpoolP256r1tls13", 32: "brainpoolP384r1tls13", 33: "brainpoolP512r1tls13",
}  # fmt: skip


class _CutError(ValueError):
    """A length reaches beyond the octets."""


class _Octets:
    """Octets read from the front."""

    def __init__(self, octets: bytes) -> None:
        self._octets, self._at = octets, 0

    def take(self, size: int) -> bytes:
        """Return so many octets. Raises _CutError."""
        taken = self._octets[self._at : self._at + size]
        if len(taken) < size:
            raise _CutError
        self._at += size
        return taken

    def number(self, size: int) -> int:
        """Return a number of so many octets."""
        return int.from_bytes(self.take(size), "big")

    def part(self, size: int) -> "_Octets":
        """Return what stands behind its length, which has so many octets."""
        return _Octets(self.take(self.number(size)))

    def __bool__(self) -> bool:
        return self._at < len(self._octets)

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self._octets) - self._at)


def is_whole(octets: bytes | bytearray) -> bool:
    """Whether no more octets are needed to say what the first record is."""
    return len(octets) >= _HEADER and len(octets) >= _HEADER + int.from_bytes(octets[3:_HEADER], "big")


def in_words(octets: bytes) -> str:
    """Return what the first record of a TLS client offers; "" if it is no ClientHello that can be read."""
    try:
        record = _Octets(octets)
        if record.number(1) != _HANDSHAKE:
            return ""
        record.take(2)
        message = record.part(2)
        if message.number(1) != _CLIENT_HELLO:
            return ""
        return ", ".join(_offers(message.part(3)))
    except _CutError:
        return ""


def _offers(hello: _Octets) -> Iterator[str]:
    version = int.from_bytes(hello.take(_RANDOM)[:2], "big")
    hello.part(1)
    suites = len(hello.part(2).rest()) // 2
    hello.part(1)
    extensions = dict(_extensions(hello.part(2))) if hello else {}
    name = extensions.get(_SERVER_NAME)
    yield f"server name {_server_name(name)}" if name is not None else "no server name"
    offered = _numbers(_Octets(extensions[_VERSIONS]).part(1)) if _VERSIONS in extensions else [version]
    yield "versions " + _listed(_VERSION_NAMES.get(one, f"{one:#06x}") for one in offered if not _is_grease(one))
    yield f"{suites} cipher suites"
    if groups := extensions.get(_GROUPS):
        yield "groups " + _listed(_GROUP_NAMES.get(one, f"{one:#06x}") for one in _numbers(_Octets(groups).part(2)))
    if alpn := extensions.get(_ALPN):
        yield "protocols (ALPN) " + _listed(_names(_Octets(alpn).part(2)))


def _extensions(octets: _Octets) -> Iterator[tuple[int, bytes]]:
    while octets:
        yield octets.number(2), octets.part(2).rest()


def _server_name(extension: bytes) -> str:
    """Return the first name of the list (RFC 6066 section 3)."""
    names = _Octets(extension).part(2)
    names.number(1)
    return _text(names.part(2).rest())


def _numbers(octets: _Octets) -> list[int]:
    raw = octets.rest()
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw) - 1, 2)]


def _names(octets: _Octets) -> Iterator[str]:
    while octets:
        yield _text(octets.part(1).rest())


def _text(octets: bytes) -> str:
    return octets[:100].decode("ascii", "replace")


def _is_grease(number: int) -> bool:
    """Whether a number was made up, to see whether it is passed over (RFC 8701)."""
    return number & 0x0F0F == 0x0A0A


def _listed(texts: Iterator[str]) -> str:
    every = list(texts)
    more = len(every) - MAX_LISTED
    return " ".join(every[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")
