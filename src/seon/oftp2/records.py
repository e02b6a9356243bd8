"""Files as records: the local form of the formats F, V, U and T, and the units in which a transfer restarts.

Local form of a file, that is, what `Source.read` returns and `Sink.write` takes:

- U, T: the octets as they are (T: lines end in CR LF, RFC 5024 section 1.5.3; this is not converted here);
- F: the records one after the other, each exactly `record_length` octets;
- V: each record behind its length as 2 octets, most significant first. It is the form that RFC 5024 section 6.2 lays
  down for the content of secured V files, so a V file looks the same here whether it is secured or not.

On the wire there are no such lengths: the last subrecord of a record carries the end-of-record flag (section 7.2).
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from seon.oftp2.errors import LocalError

BLOCK = 1024
"""Octets of one restart unit of U and T files (RFC 5024 section 5.3.3, SFIDREST)."""
MAX_VARIABLE_RECORD = 65_535
"""Octets of a V record: its length must fit the 2 octets of the local form."""
CHUNK = 64 * 1024
"""Octets read from a source at a time, at least: memory stays flat however large a file is."""

Octets = bytes | bytearray | memoryview
Piece = tuple[Octets, bool]
"""Octets of the current record, and whether the record ends with them; of format F one or more whole records."""


class Source(Protocol):
    """Where a file is read from. An open binary file and `io.BytesIO` are sources.

    `read(n)` returns fewer than n octets only at the end of the file.
    """

    def read(self, size: int, /) -> bytes: ...  # noqa: D102 - the class says it

    def seek(self, offset: int, whence: int = 0, /) -> int: ...  # noqa: D102


class Sink(Protocol):
    """Where a file is written to. An OSError that it raises ends the file (EFNA 12), not the session."""

    def write(self, octets: Octets, /) -> object: ...  # noqa: D102 - the class says it


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """SFIDFMT and SFIDLRECL of a file. `record_length`: octets of the longest record; 0 for U and T."""

    format: str
    record_length: int = 0

    @property
    def counts_records(self) -> bool:
        """Whether EFIDRCNT and the restart positions count records."""
        return self.format in {"F", "V"}

    def records_in(self, piece: Piece) -> int:
        """Return how many records end in a piece, as EFIDRCNT counts them."""
        octets, ends = piece
        if self.format == "F":
            return len(octets) // self.record_length
        return int(ends and self.counts_records)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a file there is. `units`: restart units (records, or 1024-octet blocks); `octets`: of content."""

    units: int = 0
    records: int = 0
    octets: int = 0

    def local_octets(self, layout: RecordLayout) -> int:
        """Return the octets this takes in the local form: a V record has 2 more for its length."""
        return self.octets + (2 * self.records if layout.format == "V" else 0)


def pieces(source: Source, layout: RecordLayout, chunk: int = CHUNK) -> Iterator[Piece]:
    """Yield the rest of `source` as pieces of records; raise LocalError where it is not in its local form.

    `chunk`: octets per piece of a U or T file, which is one record and may be larger than any memory.
    """
    if layout.format == "F":
        return _fixed(source, layout.record_length)
    if layout.format == "V":
        return _variable(source, layout.record_length)
    return _stream(source, chunk)


def _stream(source: Source, chunk: int) -> Iterator[Piece]:
    ahead = source.read(chunk)
    while ahead:
        octets, ahead = ahead, source.read(chunk)
        yield octets, not ahead


def _fixed(source: Source, length: int) -> Iterator[Piece]:
    if length < 1:
        raise LocalError("a file of format F needs a record length")
    whole = length * max(1, CHUNK // length)
    while octets := source.read(whole):
        if len(octets) % length:
            raise LocalError(f"the file's end is not a whole record of {length} octets")
        yield octets, True


def _variable(source: Source, longest: int) -> Iterator[Piece]:
    held = b""
    while octets := source.read(CHUNK):
        held += octets
        view, at = memoryview(held), 0
        while (stop := _record_end(held, at)) <= len(held):
            if stop - at - 2 > longest:
                raise LocalError(f"a record of {stop - at - 2} octets is longer than the record length {longest}")
            yield view[at + 2 : stop], True
            at = stop
        held = held[at:]
    if held:
        raise LocalError("the file ends inside a record")


def _record_end(held: bytes, at: int) -> int:
    """Return where the V record at `at` ends; beyond what is held while its length is not whole."""
    if at + 2 > len(held):
        return len(held) + 1
    return at + 2 + int.from_bytes(held[at : at + 2], "big")


def extent(source: Source, layout: RecordLayout, most: int | None = None) -> Extent:
    """Return the whole restart units at the start of `source`, at most `most`. It moves the source's position."""
    return _EXTENTS[layout.format](source, layout, most)


def _blocks(source: Source, _layout: RecordLayout, most: int | None) -> Extent:
    units = _at_most(source.seek(0, os.SEEK_END) // BLOCK, most)
    return Extent(units, 0, units * BLOCK)


def _fixed_records(source: Source, layout: RecordLayout, most: int | None) -> Extent:
    units = _at_most(source.seek(0, os.SEEK_END) // layout.record_length, most)
    return Extent(units, units, units * layout.record_length)


def _variable_records(source: Source, _layout: RecordLayout, most: int | None) -> Extent:
    source.seek(0)
    records = octets = at = 0
    held = b""
    while most is None or records < most:
        stop = _record_end(held, at)
        if stop <= len(held):
            records, octets, at = records + 1, octets + stop - at - 2, stop
            continue
        more = source.read(CHUNK)
        if not more:
            break
        held, at = held[at:] + more, 0
    return Extent(records, records, octets)


def _at_most(units: int, most: int | None) -> int:
    return units if most is None else min(units, most)


_EXTENTS: dict[str, Callable[[Source, RecordLayout, int | None], Extent]] = {
    "F": _fixed_records,
    "V": _variable_records,
    "U": _blocks,
    "T": _blocks,
}


def wind(source: Source, layout: RecordLayout, units: int) -> Extent:
    """Place `source` behind its first `units` restart units and return them; raise LocalError if it has fewer."""
    passed = extent(source, layout, units)
    if passed.units < units:
        raise LocalError(f"the file has {passed.units} restart units, fewer than the {units} agreed")
    source.seek(passed.local_octets(layout))
    return passed
