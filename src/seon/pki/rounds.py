"""How much work a file demands before its password is known to be right or wrong.

Whoever made an encrypted key or PKCS#12 file chose how often a password is hashed: up to 2^31 times, hours for the
reader, in a library that no signal reaches. So the numbers are read before the file is opened. Standard library only.

What OpenSSL reads is BER: lengths that are left open, octet strings in pieces. What it passes over unread (attributes)
may be nonsense, so nonsense ends the reading of its own element only, and never hides what stands beside it.
"""

from typing import NamedTuple

MOST_ROUNDS = 10_000_000
"""Rounds of hashing that one file may demand in all; usual are 2,000 to 600,000 for each key. About 10 s."""
MOST_SCRYPT = 2**21
"""The same of scrypt: N * r * p. Its memory is at most 128 octets of that, 256 MiB; OpenSSL makes 2^17."""
_DEPTH = 64
"""How deep elements may stand in each other; OpenSSL reads to 30."""
_INTEGER, _OCTETS, _SEQUENCE = 2, 4, 16
_OTHER = -1


class TooDeepError(ValueError):
    """Elements stand in each other deeper than any reader follows."""


class _BrokenError(ValueError):
    """Not BER."""


class _Head(NamedTuple):
    kind: int
    """The tag's number if it is universal, else _OTHER."""
    constructed: bool
    start: int
    """Where its content begins."""
    end: int | None
    """Where its content ends; None: where an end of contents stands."""


def demands_too_much(der: bytes) -> bool:
    """Whether opening this file takes more than MOST_ROUNDS or MOST_SCRYPT in all.

    Counted are the parameters of PBES1, PBKDF2 and scrypt (RFC 8018, RFC 7914), of PKCS#12 and its MAC (RFC 7292).
    What stands inside an encrypted part is not seen. Raises TooDeepError.
    """
    sums = _Sums()
    sums.walk(memoryview(der), 0, len(der), 0)
    return sums.rounds > MOST_ROUNDS or sums.scrypt > MOST_SCRYPT


class _Sums:
    """What was met so far."""

    def __init__(self) -> None:
        self.rounds = 0
        self.scrypt = 0

    def walk(self, octets: memoryview, at: int, end: int | None, depth: int) -> int:
        """Walk the elements of one content and return where it ended.

        Raises TooDeepError, and _BrokenError if nobody can know where it ends.
        """
        if depth > _DEPTH:
            raise TooDeepError
        kinds: list[int] = []
        numbers: list[int] = []
        try:
            while end is None or at < end:
                if end is None and bytes(octets[at : at + 2]) == b"\0\0":
                    return at + 2
                head = _head(octets, at, end)
                at = self._inside(octets, head, depth + 1)
                kinds.append(head.kind)
                if head.kind == _INTEGER:
                    numbers.append(int.from_bytes(octets[head.start : at][:32], "big", signed=True))
                self._count(kinds, numbers)
        except _BrokenError:
            if end is None:
                raise
        assert end is not None
        return end

    def _inside(self, octets: memoryview, head: _Head, depth: int) -> int:
        """Walk what one element holds; return where the next one begins."""
        if head.kind == _OCTETS:
            value, after = _joined(octets, head, depth)
            if value[:1] in (b"\x30", b"\x3f"):  # PKCS#12 keeps its sequences in octet strings
                self.walk(memoryview(value), 0, len(value), depth)
            return after
        if head.constructed:
            return self.walk(octets, head.start, head.end, depth)
        assert head.end is not None
        return head.end

    def _count(self, kinds: list[int], numbers: list[int]) -> None:
        """Add what the newest member of a sequence demands."""
        if kinds in ([_OCTETS, _INTEGER], [_SEQUENCE, _OCTETS, _INTEGER]):  # salt, rounds; MacData
            self.rounds += max(0, numbers[0])
        elif kinds == [_OCTETS, _INTEGER, _INTEGER]:  # salt, rounds, length of the key
            self.rounds += max(0, numbers[0]) * (max(0, numbers[1]) // 64)
        elif kinds == [_OCTETS, _INTEGER, _INTEGER, _INTEGER]:  # salt, N, r, p
            self.scrypt += max(0, numbers[0]) * max(0, numbers[1]) * max(0, numbers[2])


def _joined(octets: memoryview, head: _Head, depth: int) -> tuple[bytes, int]:
    """Return an octet string, which may stand there in pieces, and where the next element begins."""
    if depth > _DEPTH:
        raise TooDeepError
    if not head.constructed:
        assert head.end is not None
        return bytes(octets[head.start : head.end]), head.end
    pieces: list[bytes] = []
    at = head.start
    while head.end is None or at < head.end:
        if head.end is None and bytes(octets[at : at + 2]) == b"\0\0":
            return b"".join(pieces), at + 2
        try:
            piece, at = _joined(octets, _head(octets, at, head.end), depth + 1)
        except _BrokenError:
            if head.end is None:
                raise
            break
        pieces.append(piece)
    assert head.end is not None
    return b"".join(pieces), head.end


def _head(octets: memoryview, at: int, end: int | None) -> _Head:
    """Read tag and length (X.690 §8.1). Raises _BrokenError if its content does not end before `end`."""
    end = len(octets) if end is None else end
    try:
        first = octets[at]
        number, at = first & 0x1F, at + 1
        if number == 0x1F:
            number, at = _long_number(octets, at)
        length, at = octets[at], at + 1
        if length > 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(octets[at : at + size], "big"), at + size
        elif length == 0x80:
            if not first & 0x20:
                raise _BrokenError
            return _Head(number if first < 0x40 else _OTHER, True, at, None)
    except IndexError:
        raise _BrokenError from None
    if at + length > end:
        raise _BrokenError
    return _Head(number if first < 0x40 else _OTHER, bool(first & 0x20), at, at + length)


def _long_number(octets: memoryview, at: int) -> tuple[int, int]:
    number = 0
    for octet in octets[at : at + 5]:
        number, at = number << 7 | octet & 0x7F, at + 1
        if octet < 0x80:
            return number, at
    raise _BrokenError
