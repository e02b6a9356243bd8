"""Content into DATA exchange buffers: subrecords, best fill, buffer compression (RFC 5024 section 7).

Nothing here costs a Python step per octet: full subrecords are cut and joined by the hundred, runs of equal octets are
found with one XOR of the content with itself moved by one octet. What costs a step is a run, so a run that saves little
is none where there are many like it.
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
_LITERAL_HEADERS = [b"", *_HEADERS[1 : FULL + 1]]
"""By count: no octets are no subrecord, and not an empty one."""
_RUN_HEADERS = _HEADERS[COMPRESSED:]
MIN_RUN = 8
"""Octets of the shortest run that is compressed. 3 of them it does not save: 2 for itself, 1 for the next header."""
MIN_DENSE_RUN = 16
"""The same where runs are dense: shorter ones would cost more time, here and at the other side, than they save."""
SAMPLE = 4096
"""Octets at the start of a piece by which its runs are judged; in a shorter piece they are never too many."""
_MOST_BETWEEN = (MIN_RUN - 2) * FULL
"""Octets between two runs of which the headers cost no more than the run saves."""


def _runs_of(least: int) -> re.Pattern[bytes]:
    # As many zeros or more, written as a literal: the engine searches that 20 times as fast as a repeat count.
    return re.compile(b"(" + b"\0" * (least - 2) + b"\0+)")


_RUN, _DENSE_RUN = _runs_of(MIN_RUN), _runs_of(MIN_DENSE_RUN)
"""All of a run but its first octet, in what `repeats` returns."""
_SHORTEST = re.compile(b"\0" * (MIN_RUN - 1))


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
        flag = END_OF_RECORD if ends else 0
        if self._record_length:
            self._records(octets)
        elif self._compression and _SHORTEST.search(repeated := repeats(octets)):
            self._with_runs(bytes(octets), worthwhile(repeated).split(repeated), flag)
        elif octets:
            self._literal(memoryview(octets), flag)
        elif ends:
            self._put(_HEADERS[flag])

    def _records(self, octets: Octets) -> None:
        """Add whole records of format F."""
        length, view = self._record_length, memoryview(octets)
        if self._compression:
            repeated = bytearray(repeats(octets))
            repeated[::length] = b"\1" * (len(view) // length)  # no run goes on into the next record
            if _SHORTEST.search(repeated):
                pattern = worthwhile(repeated)
                for at in range(0, len(view), length):
                    pieces = pattern.split(repeated[at : at + length])
                    self._with_runs(bytes(view[at : at + length]), pieces, END_OF_RECORD)
                return
        if self._fixed:
            self._plain_records(view, self._fixed)
            return
        for at in range(0, len(view), length):
            self._literal(view[at : at + length], END_OF_RECORD)

    def _plain_records(self, view: memoryview, fixed: FixedRecords) -> None:
        while view:
            count = min(len(view) // fixed.length, self._room // fixed.size, fixed.most) or 1
            records, view = view[: count * fixed.length], view[count * fixed.length :]
            if count > 1:
                self._put(fixed.pack(records, count))
            else:
                self._literal(records, END_OF_RECORD)

    def _with_runs(self, octets: bytes, pieces: list[bytes], flag: int) -> None:
        """Add octets of one record. `pieces`, by turns: up to a run and its first octet, and the rest of the run."""
        view, at, end = memoryview(octets), 0, len(octets) - 1 if flag else len(octets)
        # A run and what is before it take no more room than the octets they stand for: up to here they surely fit.
        fits, parts = min(self._room, end), list[bytes]()
        by_turns = iter(pieces)
        for before, rest in zip(by_turns, by_turns, strict=False):  # the last piece is behind all runs
            count, run = len(before) - 1, len(rest) + 1
            start = at + count
            stop = start + run
            if run <= FULL and count <= FULL and stop <= fits:
                parts += (_LITERAL_HEADERS[count], octets[at:start], _RUN_HEADERS[run], _HEADERS[octets[start]])
            elif count <= _MOST_BETWEEN and stop <= fits:
                parts += (literal_subrecords(octets, at, start), run_subrecords(octets[start], run))
            else:
                self._put_parts(parts)
                parts.clear()
                self._literal(view[at:start], 0)
                self._run(octets[start], run, flag if stop > end else 0)
                fits = min(stop + self._room, end)
            at = stop
        self._put_parts(parts)
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

    def _put_parts(self, parts: list[bytes]) -> None:
        """Add parts of subrecords that fit in the buffer."""
        if parts:
            self._put(b"".join(parts))

    def _literal(self, view: memoryview, flag: int) -> None:
        left = len(view)
        if 0 < left <= FULL and left < self._room:
            self._parts += (_HEADERS[left | flag], view)
            self._room -= left + 1
            return
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


def literal_subrecords(octets: bytes, at: int, stop: int) -> bytes:
    """Return octets[at:stop] as subrecords, none of them the end of a record. Lines of text are the sizes done fast."""
    size = stop - at
    if size <= FULL:
        return _LITERAL_HEADERS[size] + octets[at:stop]
    full, second, third = _HEADERS[FULL], at + FULL, at + 2 * FULL
    if size <= 2 * FULL:
        return b"".join((full, octets[at:second], _HEADERS[stop - second], octets[second:stop]))
    if size <= 3 * FULL:
        last = _HEADERS[stop - third]
        return b"".join((full, octets[at:second], full, octets[second:third], last, octets[third:stop]))
    rows = (size - 1) // FULL
    rest = at + rows * FULL
    return b"".join((full_subrecords(octets[at:rest], rows), _HEADERS[stop - rest], octets[rest:stop]))


@lru_cache(maxsize=1024)
def run_subrecords(octet: int, length: int) -> bytes:
    """Return a run as compressed subrecords, none of them the end of a record. Runs come again, of blanks above all."""
    rows, rest = divmod(length - 1, FULL)
    return bytes((COMPRESSED | FULL, octet)) * rows + bytes((COMPRESSED | (rest + 1), octet))


def repeats(octets: Octets) -> bytes:
    """Return 0 for each octet that is the same as the one before it, and another octet for all others."""
    number = int.from_bytes(octets, "big")
    different = (number ^ (number >> 8)).to_bytes(len(octets), "big")
    # The first octet is compared with nothing and stands here as it is, also where it is NUL.
    return b"\1" + different[1:] if different[:1] == b"\0" else different


def worthwhile(repeated: bytes | bytearray) -> re.Pattern[bytes]:
    """Return what finds the runs that are worth compressing, in what `repeats` returned.

    Runs are dense where there are more of them than full subrecords would be, and they save less than three quarters.
    """
    if len(repeated) < SAMPLE:
        return _RUN
    found = _RUN.findall(repeated, 0, SAMPLE)
    dense = len(found) > SAMPLE // (FULL + 1) and 4 * sum(map(len, found)) < 3 * SAMPLE
    return _DENSE_RUN if dense else _RUN
