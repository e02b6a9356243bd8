"""DATA exchange buffers into the local form of a file (RFC 5024 section 7; records.py says what that form is).

Full subrecords are unpacked by two calls that run at memory speed, whatever their number; the rest one by one.
"""

from collections.abc import Callable, Iterator

from seon.oftp2.fixed import END_OF_RECORD, FULL, fixed_records
from seon.oftp2.packing import COMPRESSED
from seon.oftp2.reasons import AnswerReason
from seon.oftp2.records import MAX_VARIABLE_RECORD, Extent, Octets, RecordLayout, Sink
from seon.oftp2.rules import broken

_STEP = FULL + 1
_FIELD = "DATABUF"


def subrecords(buffer: memoryview, at: int = 1, *, compression: bool) -> Iterator[tuple[Octets, bool, int]]:
    """Yield the content of one DATA buffer from `at` piece by piece: octets, whether a record ends, and the next `at`.

    Raise InvalidBufferError when the subrecords do not add up to the buffer (DAT-TRUNC) or one is compressed although
    compression was not agreed (DAT-CF). A compressed subrecord of count 0 yields nothing.
    """
    size = len(buffer)
    while at < size:
        header = buffer[at]
        if header == FULL and at + _STEP < size and buffer[at + _STEP] == FULL:
            start, at = at, at + full_rows(buffer, at) * _STEP
            yield without_headers(buffer[start:at]), False, at
            continue
        count = header & FULL
        if header & COMPRESSED:
            if not compression:
                raise broken("DAT-CF", at, _FIELD)
            stop = at + 2
            piece: Octets = bytes(buffer[at + 1 : stop]) * count
        else:
            stop = at + 1 + count
            piece = buffer[at + 1 : stop]
        if stop > size:
            raise broken("DAT-TRUNC", at, _FIELD)
        at = stop
        yield piece, header >= END_OF_RECORD, at


def full_rows(buffer: memoryview, at: int) -> int:
    """Return how many full subrecords, uncompressed and not the end of a record, follow each other from `at`."""
    rows = (len(buffer) - at) // _STEP
    headers = bytes(buffer[at : at + rows * _STEP : _STEP])
    return rows - len(headers.lstrip(bytes((FULL,))))


def without_headers(rows: memoryview) -> bytearray:
    """Return the content of full subrecords: every 64th octet, from the first on, is left out."""
    content = bytearray(rows)
    del content[::_STEP]
    return content


class Unpacker:
    """Writes the content of DATA buffers to a sink and counts it.

    A fault of the content or of the sink ends the file, not the session: the first one is kept in `fault` for the
    answer to EFID, and nothing is written after it.
    """

    def __init__(self, layout: RecordLayout, sink: Sink, *, compression: bool, start: Extent) -> None:
        self.layout = layout
        self.records = start.records
        self.octets = start.octets
        self.fault: AnswerReason | None = None
        self._sink = sink
        self._compression = compression
        self._open = 0
        """Octets of the record that has not ended yet."""
        self._record: list[Octets] = []
        self._ended = False
        self._take = _TAKE[layout.format]
        self._fixed = fixed_records(layout.record_length) if layout.format == "F" else None

    def unpack(self, buffer: memoryview) -> None:
        """Take one DATA buffer, its command octet included; raise InvalidBufferError when its form is wrong."""
        out: list[Octets] = []
        at = 1
        while at < len(buffer):
            at = self._whole_records(buffer, at, out)
            for piece, ends, stop in subrecords(buffer, at, compression=self._compression):
                at = stop
                self._count(piece, ends, out)
                if ends and self._fixed:
                    break  # whole records may follow
        if out and self.fault is None:
            self._write(out)

    def _whole_records(self, buffer: memoryview, at: int, out: list[Octets]) -> int:
        """Take the whole uncompressed F records that follow from `at`; return where the rest begins."""
        if self._fixed is None or self._open:
            return at
        count = self._fixed.count(buffer, at)
        stop = at + count * self._fixed.size
        if count:
            self.octets += count * self._fixed.length
            self.records += count
            out.append(self._fixed.unpack(buffer[at:stop]))
        return stop

    def _count(self, piece: Octets, ends: bool, out: list[Octets]) -> None:
        self.octets += len(piece)
        self._open += len(piece)
        self.fault = self.fault or self._take(self, piece, ends, out)
        if ends:
            self._open = 0
            self.records += self.layout.counts_records

    def _write(self, out: list[Octets]) -> None:
        try:
            self._sink.write(out[0] if len(out) == 1 else b"".join(out))
        except OSError:
            self.fault = AnswerReason.ACCESS_METHOD

    def _stream(self, piece: Octets, ends: bool, out: list[Octets]) -> AnswerReason | None:
        # The whole file is one record: octets after its end have no place in it (DAT-EOR).
        late = self._ended and len(piece) > 0
        self._ended = self._ended or ends
        out.append(piece)
        return AnswerReason.OCTET_COUNT if late else None

    def _fixed_piece(self, piece: Octets, ends: bool, out: list[Octets]) -> AnswerReason | None:
        out.append(piece)
        wrong = self._open > self.layout.record_length or (ends and self._open < self.layout.record_length)
        return AnswerReason.RECORD_LENGTH if wrong else None

    def _variable(self, piece: Octets, ends: bool, out: list[Octets]) -> AnswerReason | None:
        if self._open > min(self.layout.record_length, MAX_VARIABLE_RECORD):
            self._record.clear()
            return AnswerReason.RECORD_LENGTH
        # A record may go on in the next buffer, whose octets lie elsewhere: what is kept is a copy.
        self._record.append(piece if ends else bytes(piece))
        if ends:
            out.append(self._open.to_bytes(2, "big"))
            out.extend(self._record)
            self._record.clear()
        return None


_TAKE: dict[str, Callable[[Unpacker, Octets, bool, list[Octets]], AnswerReason | None]] = {
    "F": Unpacker._fixed_piece,
    "V": Unpacker._variable,
    "U": Unpacker._stream,
    "T": Unpacker._stream,
}
