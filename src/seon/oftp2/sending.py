"""One file on its way out: the Speaker's side of SFID, DATA and EFID (RFC 5024 sections 5.3.3 to 5.3.9)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from seon.oftp2.commands import EndFile, EndToEndResponse, NegativeEndResponse, StartFile
from seon.oftp2.errors import LocalError
from seon.oftp2.packing import best_chunk, pack
from seon.oftp2.records import Piece, RecordLayout, Source, pieces, wind
from seon.oftp2.session_start import Agreement

_MOST_K, _MOST_RESTART = 9_999_999, 999_999_999
"""All that SFIDFSIZ and SFIDREST can hold before level 5."""


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file to send: its SFID in the form of level 5, and where its octets come from.

    `start.restart` is the position to offer, in records (F, V) or 1024 octets (U, T). Raises LocalError for a file of
    format F without a record length.
    """

    start: StartFile
    source: Source

    def __post_init__(self) -> None:
        if self.start.format == "F" and not self.start.record_length:
            raise LocalError("a file of format F needs a record length")


def layout_of(start: StartFile) -> RecordLayout:
    """Return how a file's records stand on the wire: a secured or compressed one is a plain stream (section 6)."""
    if start.security or start.compression or start.envelope:
        return RecordLayout("U")
    return RecordLayout(start.format, start.record_length)


def start_at(start: StartFile, agreement: Agreement) -> StartFile:
    """Return an SFID as the session can carry it: older levels have shorter fields and fewer of them."""
    restart = start.restart if agreement.restart else 0
    if agreement.level == 5:
        return replace(start, restart=restart)
    if start.security or start.compression or start.envelope or start.signed_receipt:
        raise LocalError(f"file services need level 5, the session has {agreement.level}")
    date, time = _moment_at(agreement.level, start.date, start.time)
    return replace(
        start,
        date=date,
        time=time,
        size_k=min(start.size_k, _MOST_K),
        original_size_k=0,
        restart=min(restart, _MOST_RESTART),
        cipher=0,
        description="",
    )


def receipt_at(receipt: EndToEndResponse | NegativeEndResponse, level: int) -> EndToEndResponse | NegativeEndResponse:
    """Return a receipt as `level` can carry it, unsigned below level 5. Raises LocalError for a NERP below level 4."""
    if level == 5:
        return receipt
    date, time = _moment_at(level, receipt.date, receipt.time)
    plain = replace(receipt, date=date, time=time, hash=b"", signature=b"")
    if isinstance(plain, EndToEndResponse):
        return plain
    if level < 4:
        raise LocalError("NERP does not exist before level 4")
    return replace(plain, text="")


def _moment_at(level: int, date: str, time: str) -> tuple[str, str]:
    """Return CCYYMMDD and HHMMSScccc, or YYMMDD and HHMMSS before level 4."""
    return (date[-6:], time[:6]) if level < 4 else (date, time)


class Sending:
    """The file that the Speaker has offered."""

    def __init__(self, file: OutgoingFile, agreement: Agreement) -> None:
        self.file = file
        self.start = start_at(file.start, agreement)
        self.records = 0
        self.octets = 0
        self._layout = layout_of(self.start)
        self._agreement = agreement
        self._buffers: Iterator[bytes] = iter(())

    def begin(self, restart: int) -> None:
        """The other side has `restart` units already: go on behind them. Raises LocalError, OSError."""
        passed = wind(self.file.source, self._layout, restart)
        self.records, self.octets = passed.records, passed.octets
        size = self._agreement.buffer_size
        content = pieces(self.file.source, self._layout, best_chunk(size))
        record_length = self._layout.record_length if self._layout.format == "F" else 0
        compression = self._agreement.compression
        self._buffers = pack(self._counted(content), size, compression=compression, record_length=record_length)

    def _counted(self, content: Iterable[Piece]) -> Iterator[Piece]:
        for piece in content:
            self.octets += len(piece[0])
            self.records += self._layout.records_in(piece)
            yield piece

    def next_buffer(self) -> bytes | None:
        """Return the next DATA exchange buffer, None behind the last. Raises LocalError, OSError."""
        return next(self._buffers, None)

    def end(self) -> EndFile:
        """Return the EFID: counts are those of the whole file, also after a restart."""
        return EndFile(self.records, self.octets)
