"""The check of DATA exchange buffers (RFC 5024 7): subrecords and records are counted, no content is looked at.

Content is to cost next to nothing, so there are three ways, each for what the one before it leaves over: a buffer of
full subrecords is proved by one strided comparison, several alike at once; a buffer without anything to remark is
added up by tables; the careful walk finds what is wrong, and where. None makes an object for a subrecord.

A buffer starts with its command octet; counts are octets before buffer compression.
"""

from itertools import chain
from typing import NamedTuple

from seon.oftp2.errors import Flaw
from seon.oftp2.fixed import fixed_records
from seon.oftp2.framing import HEADER, MAX_OEB
from seon.oftp2.rules import RULES, broken

END_OF_RECORD, COMPRESSED, COUNT = 0x80, 0x40, 0x3F
_STEP = 64
"""Octets of a full subrecord: its header and 63 octets."""
_FOUR = 4 * _STEP
_FULL_HEADERS = bytes([COUNT]) * (MAX_OEB // _STEP)
_FIELD = "DATABUF"
_COUNTS = tuple(header & COUNT for header in range(256))
"""Octets of content by subrecord header."""
_LEAP = 1 << 30
"""A step out of any buffer: what the tables do not judge."""


def _steps(*, compression: bool, ends: bool) -> tuple[int, ...]:
    """Return octets to the next header by header; `ends` where records may end anywhere (F, V)."""
    literals = tuple(range(1, COMPRESSED + 1))
    runs = (_LEAP,) + (2,) * COUNT if compression else (_LEAP,) * COMPRESSED  # a run of nothing is a flaw
    others = literals + runs
    return others + (others if ends else (_LEAP,) * END_OF_RECORD)


_STREAM_STEPS = {compression: _steps(compression=compression, ends=False) for compression in (False, True)}
_RECORD_STEPS = {compression: _steps(compression=compression, ends=True) for compression in (False, True)}

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


def plain_run(view: memoryview, at: int, end: int, most: int) -> tuple[int, int]:
    """Count the stream buffers from the whole one `view[at:end]`, a DATA, that have its length and its headers.

    Return how many, at most `most`, and the octets in each; 0 and 0 if the first is not of plain_octets' form.
    """
    octets = plain_octets(view[at + HEADER : end])
    if not octets:
        return 0, 0
    length = end - at
    buffers = min(most, (len(view) - at) // length)
    first = at + HEADER + 1  # subrecord
    if 2 * buffers > length // _STEP:  # short ones: each header of all buffers at once
        for place in chain(range(at, first), range(first, end, _STEP)):
            column = view[place : place + buffers * length : length]
            expected = view[place : place + 1].tobytes()
            if column != expected * buffers:
                buffers -= len(column.tobytes().lstrip(expected))
        return buffers, octets
    for number in range(1, buffers):  # long ones: all headers of each buffer at once
        here = at + number * length
        if (
            view[here : here + HEADER + 1] != view[at:first]
            or plain_octets(view[here + HEADER : here + length]) != octets
        ):
            return number, octets
    return buffers, octets


def walk_stream(buffer: memoryview, open_record: int, *, compression: bool, text: bool) -> Walk:
    """Check a buffer of a file without records (U, T, or secured): one record that ends with the file.

    `open_record` is what the walk before returned, 0 at the start of a file. With `text` octets after an end of record
    are the softer flaw: a station sends lines as records. Raises InvalidBufferError (DAT-TRUNC).
    """
    raw, size, at = bytes(buffer), len(buffer), 1
    ended = open_record == ENDED
    octets = 0 if ended else _agreed_octets(raw) if compression else _literal_octets(raw)
    if octets:
        return Walk(octets, 0, open_record + octets)
    records = 0
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
    walk = _agreed_records(raw, open_record, _RECORD_STEPS[compression], limit, fixed=fixed)
    if walk:
        return walk
    least = limit if fixed else 0
    records, octets, length = 0, -open_record, open_record
    unagreed = empty_run = wrong = 0
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


def _literal_octets(raw: bytes) -> int:
    """Return the octets in a buffer of literals that end no record; 0 for the careful walk to say why.

    Four at a time, each one without a comparison: until _FOUR octets before the end they cannot leave the buffer.
    """
    at, headers, size, steps = 1, 0, len(raw), _STREAM_STEPS[False]
    last = size - _FOUR
    try:
        while at < last:
            at += steps[raw[at]]
            at += steps[raw[at]]
            at += steps[raw[at]]
            at += steps[raw[at]]
            headers += 4
    except IndexError:  # a leap
        return 0
    while at < size:
        at += steps[raw[at]]
        headers += 1
    return size - 1 - headers if at == size else 0


def _agreed_octets(raw: bytes) -> int:
    """Return the octets in a buffer of literals and runs that end no record; 0 for the careful walk to say why."""
    at, octets, size, steps, counts = 1, 0, len(raw), _STREAM_STEPS[True], _COUNTS
    last = size - _FOUR
    try:
        while at < last:
            first = raw[at]
            at += steps[first]
            second = raw[at]
            at += steps[second]
            third = raw[at]
            at += steps[third]
            fourth = raw[at]
            at += steps[fourth]
            octets += counts[first] + counts[second] + counts[third] + counts[fourth]
    except IndexError:  # a leap
        return 0
    while at < size:
        header = raw[at]
        at += steps[header]
        octets += counts[header]
    return octets if at == size else 0


def _agreed_records(raw: bytes, open_record: int, steps: tuple[int, ...], limit: int, *, fixed: bool) -> Walk | None:
    """Return what is in a buffer of records as they are to be; None for the careful walk to say why not."""
    at, length, size, counts = 1, open_record, len(raw), _COUNTS
    records, octets = 0, -open_record
    least, form = (limit, fixed_records(limit)) if fixed else (0, None)
    while at < size:
        header = raw[at]
        at += steps[header]
        length += counts[header]
        if header >= END_OF_RECORD:
            if not least <= length <= limit:
                return None
            records += 1
            octets += length
            length = 0
            if form and at < size:  # once in a buffer: those that follow mostly have one form
                alike = form.count(raw, at)
                at += alike * form.size
                records += alike
                octets += alike * limit
                form = None
    if at != size or size == 1 or length > limit:
        return None
    return Walk(octets + length, records, length)


def _flaws(at: int, size: int, marks: tuple[tuple[str, int], ...]) -> tuple[Flaw, ...]:
    """Raise DAT-TRUNC unless the walk ended with its buffer; return a flaw for each rule marked with an offset."""
    if at != size:
        raise broken("DAT-TRUNC", size, _FIELD, f"octets missing in the last subrecord: {at - size}")
    found = [Flaw(rule, offset, _FIELD, RULES[rule].meaning) for rule, offset in marks if offset]
    if size == 1:
        found.append(Flaw("DAT-EMPTY", 0, _FIELD, RULES["DAT-EMPTY"].meaning))
    return tuple(found)
