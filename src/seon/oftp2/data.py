"""The check of DATA exchange buffers (RFC 5024 7): subrecords and records are counted, no content is looked at.

A buffer of full subrecords is proved by one strided comparison; others are walked header by header, without an object
for each. A buffer starts with its command octet; counts are octets before buffer compression.
"""

from typing import NamedTuple

from seon.oftp2.errors import Flaw
from seon.oftp2.framing import MAX_OEB
from seon.oftp2.rules import RULES, broken

END_OF_RECORD, COMPRESSED, COUNT = 0x80, 0x40, 0x3F
_STEP = 64
"""Octets of a full subrecord: its header and 63 octets."""
_FULL_HEADERS = bytes([COUNT]) * (MAX_OEB // _STEP)
_FIELD = "DATABUF"

ENDED = -1
"""Instead of the octets of the open record: the file's only record has ended."""


class Walk(NamedTuple):
    """What one data buffer holds."""

    octets: int
    records: int
    """Records that end in this buffer."""
    open_record: int
    """Octets so far of the record that goes on in the next buffer; 0 if none does; ENDED where none may follow."""
    flaws: tuple[Flaw, ...] = ()


def plain_octets(buffer: memoryview) -> int:
    """Return the octets in a buffer of full subrecords and perhaps a last one, literal and not a record's end.

    0 if it is not of this form, which best fill gives to nearly all buffers of a file without records.
    """
    size = len(buffer)
    rows = (size - 1) // _STEP
    at = rows * _STEP + 1
    if buffer[1:at:_STEP] != _FULL_HEADERS[:rows]:
        return 0
    if at == size:
        return rows * COUNT
    last = buffer[at]
    return rows * COUNT + last if last < COMPRESSED and at + last + 1 == size else 0


def walk_stream(buffer: memoryview, open_record: int, *, compression: bool, text: bool = False) -> Walk:
    """Check a buffer of a file without records (U, T, or secured): one record that ends with the file.

    `open_record` is what the walk before returned, 0 at the start of a file. With `text` octets after an end of record
    are the softer flaw: a station sends lines as records. Raises InvalidBufferError (DAT-TRUNC).
    """
    raw, size, at = bytes(buffer), len(buffer), 1
    octets = records = 0
    ended = open_record == ENDED
    unagreed = empty_run = late = 0
    while at < size:
        header = raw[at]
        if header < COMPRESSED and not ended:  # most subrecords: literal, and the file goes on
            octets += header
            at += header + 1
            continue
        count = header & COUNT
        if ended and count:
            late = late or at
            ended = not text
        if header & COMPRESSED:
            unagreed = unagreed or (0 if compression else at)
            empty_run = empty_run or (0 if count else at)
            at += 2
        else:
            at += count + 1
        octets += count
        if header >= END_OF_RECORD:
            ended = True
            records += 1
    late_rule = "DAT-EOR/text" if text else "DAT-EOR"
    flaws = _flaws(at, size, (("DAT-CF", unagreed), ("DAT-CF0", empty_run), (late_rule, late)))
    still_open = max(open_record, 0) + octets or int(size > 1)
    return Walk(octets, records, ENDED if ended else still_open, flaws)


def walk_records(buffer: memoryview, open_record: int, *, compression: bool, limit: int, fixed: bool) -> Walk:
    """Check a buffer of a file with records (F, V): each of at most `limit` octets, exactly as many if `fixed`.

    `open_record` is what the walk before returned, 0 at the start. Raises InvalidBufferError (DAT-TRUNC).
    """
    raw, size, at = bytes(buffer), len(buffer), 1
    records, octets, length = 0, -open_record, open_record
    unagreed = empty_run = wrong = 0
    least = limit if fixed else 0
    while at < size:
        header = raw[at]
        if header < COMPRESSED:  # most subrecords: literal, and the record goes on
            length += header
            at += header + 1
            continue
        start, count = at, header & COUNT
        length += count
        if header & COMPRESSED:
            unagreed = unagreed or (0 if compression else at)
            empty_run = empty_run or (0 if count else at)
            at += 2
        else:
            at += count + 1
        if header >= END_OF_RECORD:
            if length > limit or length < least:
                wrong = wrong or start
            records += 1
            octets += length
            length = 0
    if length > limit:
        wrong = wrong or size
    flaws = _flaws(at, size, (("DAT-CF", unagreed), ("DAT-CF0", empty_run), ("DAT-LRECL", wrong)))
    return Walk(octets + length, records, length, flaws)


def _flaws(at: int, size: int, marks: tuple[tuple[str, int], ...]) -> tuple[Flaw, ...]:
    """Raise DAT-TRUNC unless the walk ended with its buffer; return a flaw for each rule marked with an offset."""
    if at != size:
        raise broken("DAT-TRUNC", size, _FIELD, f"the last subrecord lacks {at - size} octets")
    found = [Flaw(rule, offset, _FIELD, RULES[rule].meaning) for rule, offset in marks if offset]
    if size == 1:
        found.append(Flaw("DAT-EMPTY", 0, _FIELD, RULES["DAT-EMPTY"].meaning))
    return tuple(found)
