"""Records of format F, many at a time: all have the same subrecords, so their headers stand at the same places.

This is a faster way to what packing.py and unpacking.py do record by record; it knows uncompressed records only.
"""

import struct
from functools import lru_cache

END_OF_RECORD = 0x80
FULL = 63
"""Octets of content that one subrecord can stand for: its count has 6 bits."""
MOST_SUBRECORDS = 16
"""Records with more are long enough for the ways of packing.py and unpacking.py: these go by whole subrecords."""
_MOST_FIELDS = 2048
"""Subrecords packed at once, which bounds what is kept per layout."""


class FixedRecords:
    """What records of `length` octets look like on the wire. `size`: octets of one with its subrecord headers."""

    def __init__(self, length: int) -> None:
        full, rest = divmod(length - 1, FULL)
        self.length = length
        self.headers = [bytes((FULL,))] * full + [bytes((END_OF_RECORD | (rest + 1),))]
        self.size = length + len(self.headers)
        self._offsets = [(FULL + 1) * row for row in range(full + 1)]
        self._fields = f"{FULL}s" * full + f"{rest + 1}s"

    @property
    def most(self) -> int:
        """How many records `pack` takes at most."""
        return _MOST_FIELDS // len(self.headers)

    def pack(self, octets: memoryview, count: int) -> bytes:
        """Return `count` records as subrecords."""
        parts: list[bytes] = [b""] * (2 * count * len(self.headers))
        parts[0::2] = self.headers * count
        parts[1::2] = _fields(self._fields, count).unpack(octets)
        return b"".join(parts)

    def count(self, buffer: bytes | memoryview, at: int) -> int:
        """Return how many whole records of this form follow each other in a DATA buffer from `at`."""
        count = (len(buffer) - at) // self.size
        for offset, header in zip(self._offsets, self.headers, strict=True):
            # The first record alone tells where records have another form.
            if count == 0 or buffer[at + offset] != header[0]:
                return 0
            found = bytes(buffer[at + offset : at + count * self.size : self.size])
            count = count - len(found.lstrip(header))
        return count

    def unpack(self, records: memoryview) -> bytearray:
        """Return the content of whole records of this form."""
        content = bytearray(records)
        for deleted, offset in enumerate(self._offsets):
            # Each header taken out of all records brings the next ones closer, and the records too.
            del content[offset - deleted :: self.size - deleted]
        return content


@lru_cache(maxsize=32)
def _fields(fields: str, count: int) -> struct.Struct:
    return struct.Struct(fields * count)


@lru_cache(maxsize=16)
def fixed_records(length: int) -> FixedRecords | None:
    """Return the form of records of `length` octets; None where records are none, empty, or better taken one by one."""
    return FixedRecords(length) if 0 < length <= FULL * MOST_SUBRECORDS else None
