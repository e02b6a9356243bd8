"""Content into DATA exchange buffers: subrecords, best fill, buffer compression (RFC 5024 section 7).

Nothing here costs a Python step per octet: full subrecords are cut and joined by the hundred, runs of equal octets are
found with one XOR of the content with itself moved by one octet.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from functools import lru_cache

from seon.oftp2.fixed import END_OF_RECORD, FULL, FixedRecords, fixed_records
from seon.oftp2.records import CHUNK, Octets, Piece

DATA = b"D"
COMPRESSED = 0x40
_HEADERS = [bytes((header,)) for header in range(256)]
MIN_RUN = 4
"""Shorter runs stay as they are: 2 octets for the run and 1 for the next header save nothing on 3."""
_REPEATED = re.compile(b"\0" * (MIN_RUN - 1) + b"+")
"""As many zeros or more, written as a literal: the engine searches that 20 times as fast as a repeat count."""


def capacity(size: int) -> int:
    """Return how many octets of content fill an uncompressed DATA buffer of `size` octets."""
    rows, rest = divmod(size - 1, FULL + 1)
    return FULL * rows + max(0, rest - 1)


def best_chunk(size: int) -> int:
    """Return a read size that fills buffers of `size` octets exactly, of about CHUNK octets."""
    return capacity(size) * max(1, CHUNK // capacity(size))


def pack(content: Iterable[Piece], size: int, *, compression: bool, record_length: int = 0) -> Iterator[bytes]:
    """Yield `content` as DATA exchange buffers of at most `size` octets; it is read only as buffers are asked for.

    With a `record_length` (format F) each piece is one or more whole records of so many octets.
    """
    packer = Packer(size, compression=compression, record_length=record_length)
    for octets, ends in content:
        packer.add(octets, ends=ends)
        yield from packer.take()
    yield from packer.finish()


class Packer:
    """Fills DATA buffers of at most `size` octets, the command octet included. `record_length`: as for `pack`."""

    def __init__(self, size: int, *, compression: bool, record_length: int = 0) -> None:
        self._record_length = record_length
        self._fixed = fixed_records(record_length)
        self._size = size
        self._compression = compression
        self._done: list[bytes] = []
        self._open()

    def _open(self) -> None:
        self._parts: list[Octets] = [DATA]
        self._room = self._size - 1

    def _close(self) -> None:
        self._done.append(b"".join(self._parts))
        self._open()

    def add(self, octets: Octets, *, ends: bool) -> None:
        """Add octets of the current record; with `ends` they are its last (and may be none)."""
        view = memoryview(octets)
        spans = list(runs(view)) if self._compression else []
        if not self._record_length:
            self._record(view, spans, END_OF_RECORD if ends else 0)
        elif self._fixed and not spans:
            self._records(view, self._fixed)
        else:
            for at in range(0, len(view), self._record_length):
                record = view[at : at + self._record_length]
                self._record(record, runs(record) if spans else (), END_OF_RECORD)

    def _records(self, view: memoryview, fixed: FixedRecords) -> None:
        while view:
            count = min(len(view) // fixed.length, self._room // fixed.size, fixed.most) or 1
            records, view = view[: count * fixed.length], view[count * fixed.length :]
            if count > 1:
                self._put(fixed.pack(records, count))
            else:
                self._literal(records, END_OF_RECORD)

    def _record(self, view: memoryview, spans: Iterable[tuple[int, int]], flag: int) -> None:
        if not view and flag:
            self._put(_HEADERS[flag])
        at = 0
        for start, stop in spans:
            self._literal(view[at:start], 0)
            self._run(view[start], stop - start, flag if stop == len(view) else 0)
            at = stop
        self._literal(view[at:], flag)

    def take(self) -> list[bytes]:
        """Return the buffers that are full."""
        done, self._done = self._done, []
        return done

    def finish(self) -> list[bytes]:
        """Return what is left, the last buffer as short as it is."""
        if len(self._parts) > 1:
            self._close()
        return self.take()

    def _put(self, subrecords: bytes) -> None:
        if len(subrecords) > self._room:
            self._close()
        self._parts.append(subrecords)
        self._room -= len(subrecords)

    def _literal(self, view: memoryview, flag: int) -> None:
        left = len(view)
        while left:
            if self._room < 2:
                self._close()
            # The last subrecord is left to the branch below: it may carry the end of the record.
            rows = min((left - 1) // FULL, self._room // (FULL + 1))
            if rows > 1:
                count = FULL * rows
                self._put(full_subrecords(view[:count], rows))
            else:
                count = min(FULL, left, self._room - 1)
                self._parts += (_HEADERS[count | (flag if count == left else 0)], view[:count])
                self._room -= count + 1
            view, left = view[count:], left - count

    def _run(self, octet: int, length: int, flag: int) -> None:
        rows, rest = divmod(length - 1, FULL)
        full = bytes((COMPRESSED | FULL, octet))
        while rows:
            if self._room < 2:
                self._close()
            count = min(rows, self._room // 2)
            self._put(full * count)
            rows -= count
        self._put(bytes((COMPRESSED | flag | (rest + 1), octet)))


@lru_cache(maxsize=32)
def _rows(count: int) -> struct.Struct:
    return struct.Struct(f"{FULL}s" * count)


def full_subrecords(octets: Octets, rows: int) -> bytes:
    """Return `rows` * 63 octets as full subrecords, none of them the end of a record."""
    return _HEADERS[FULL] + _HEADERS[FULL].join(_rows(rows).unpack(octets))


def runs(octets: Octets) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of each run of at least MIN_RUN equal octets."""
    number = int.from_bytes(octets, "big")
    # Octet i of `equal` is 0 where octet i of the content is the same as the one before it (octet 0: where it is NUL).
    equal = (number ^ (number >> 8)).to_bytes(len(octets), "big")
    for match in _REPEATED.finditer(equal):
        start, stop = max(0, match.start() - 1), match.end()
        if stop - start >= MIN_RUN:
            yield start, stop
