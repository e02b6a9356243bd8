"""Stream transmission buffers: a 4-octet header and one exchange buffer (RFC 5024 8)."""

from collections.abc import Iterator

from seon.oftp2.errors import LocalError
from seon.oftp2.rules import RULES, broken

HEADER = 4
MAX_OEB = 99_999
"""SSIDSDEB has 5 digits: a longer exchange buffer cannot be announced (RFC 5024 8.2)."""
MAX_STB = HEADER + MAX_OEB  # 100_003
VERSION_MASK, FLAGS_MASK, LENGTH_MASK = 0xF000_0000, 0x0F00_0000, 0x00FF_FFFF
VERSION_1 = 0x1000_0000


def frame(oeb: bytes) -> bytes:
    """Return the stream transmission buffer of an exchange buffer; raises LocalError if it is empty or too long."""
    if not 1 <= len(oeb) <= MAX_OEB:
        raise LocalError(f"exchange buffer of {len(oeb)} octets, must be 1 to {MAX_OEB}")
    return (VERSION_1 | HEADER + len(oeb)).to_bytes(HEADER, "big") + oeb


def header_fault(header: int) -> str:
    """Return the key of the rule that a header, as a 32-bit number, breaks; empty if none."""
    if header & VERSION_MASK != VERSION_1:
        return "STH-VER"
    length = header & LENGTH_MASK
    if length <= HEADER:
        return "STH-MIN"
    if length > MAX_STB:
        return "STH-MAX"
    return "STH-FLG" if header & FLAGS_MASK else ""


def header_words(fault: str, header: int) -> str:
    """Return what a faulty header holds, for people.

    Behind a wrong length anything may stand in its place, a secret too: nothing but what breaks the rule is shown.
    """
    if fault in ("STH-VER", "STH-FLG"):
        return f"first octet {header >> 24:02x}"
    return f"length {header & LENGTH_MASK}"


def stb_length(header: bytes | bytearray | memoryview) -> int:
    """Return the octets of the stream buffer that starts with the 4 octets `header`; raises InvalidBufferError."""
    number = int.from_bytes(header[:HEADER], "big")
    fault = header_fault(number)
    if fault:
        raise broken(fault, 0, "STH", f"{RULES[fault].meaning}: {header_words(fault, number)}")
    return number & LENGTH_MASK


class Frames:
    """Takes a stream apart for an end point. Holds at most one incomplete buffer; cost is linear in the octets fed."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._need = HEADER
        """Octets of the buffer under way, as far as known: only its header at first."""

    @property
    def incomplete(self) -> bool:
        """Whether the stream would end inside a stream buffer if it ended now."""
        return bool(self._pending)

    def feed(self, data: bytes | memoryview) -> Iterator[bytes]:
        """Yield each exchange buffer that is whole with `data`; raises InvalidBufferError on a bad header, then always.

        The octets are taken as the iterator advances: exhaust it before the next call.
        """
        view = memoryview(data)
        at = 0
        while at < len(view):
            at += self._take(view[at:])
            if len(self._pending) == self._need:
                yield self._release()

    def _take(self, view: memoryview) -> int:
        """Take what the buffer under way still needs, first its header; return the octets taken."""
        taken = min(len(view), self._need - len(self._pending))
        self._pending += view[:taken]
        if self._need == HEADER == len(self._pending):
            self._need = stb_length(self._pending)
        return taken

    def _release(self) -> bytes:
        oeb = bytes(memoryview(self._pending)[HEADER:])
        self._pending = bytearray()
        self._need = HEADER
        return oeb
