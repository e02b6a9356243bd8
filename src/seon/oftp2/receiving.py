"""One file on its way in: the Listener's side of SFID, DATA and EFID (RFC 5024 sections 5.3.3 to 5.3.9)."""

from seon.oftp2.commands import EndFile, EndToEndResponse, NegativeEndResponse, StartFile
from seon.oftp2.errors import LocalError
from seon.oftp2.reasons import AnswerReason, NegativeReason
from seon.oftp2.records import Extent, Sink
from seon.oftp2.rules import broken
from seon.oftp2.sending import layout_of
from seon.oftp2.session_start import Agreement
from seon.oftp2.unpacking import Unpacker


class Receiving:
    """The file that the Listener has accepted, from `kept` on. Raises LocalError if that is more than was offered."""

    def __init__(self, start: StartFile, sink: Sink, kept: Extent, agreement: Agreement) -> None:
        if kept.units > start.restart:
            raise LocalError(f"restart at {kept.units}, but only {start.restart} was offered")
        self.start = start
        self._kept = kept
        self._size = agreement.buffer_size
        self._window = self._credit = agreement.credit
        self._unpacker = Unpacker(layout_of(start), sink, compression=agreement.compression, start=kept)

    @property
    def kept_units(self) -> int:
        """The restart position to answer with: records (F, V) or 1024 octets."""
        return self._kept.units

    @property
    def records(self) -> int:
        """Records of the whole file so far."""
        return self._unpacker.records

    @property
    def octets(self) -> int:
        """Octets of the whole file so far."""
        return self._unpacker.octets

    def take(self, buffer: bytes) -> bool:
        """Take one DATA buffer; return whether the credit is used up. Raises InvalidBufferError."""
        if len(buffer) > self._size:
            raise broken("DAT-SIZE", 0, "DATA")
        self._unpacker.unpack(memoryview(buffer))
        self._credit = (self._credit - 1) or self._window
        return self._credit == self._window

    def verdict(self, end: EndFile) -> AnswerReason | None:
        """Return why the file cannot be taken (EFNAREAS), None if content and counts are right."""
        if self._unpacker.fault is not None:
            return self._unpacker.fault
        secured = self._unpacker.layout.format != self.start.format
        # Whether a secured F or V file counts its records is left open by the RFC: either is taken.
        if end.records != self.records and not secured:
            return AnswerReason.RECORD_COUNT
        # Some stations count only what they sent after a restart (seen in the field); the RFC asks for the whole file.
        if end.octets not in {self.octets, self.octets - self._kept.octets}:
            return AnswerReason.OCTET_COUNT
        return None


def receipt_for(start: StartFile) -> EndToEndResponse:
    """Return the EERP for a file: it travels back, so destination and originator change places."""
    return EndToEndResponse(
        name=start.name,
        date=start.date,
        time=start.time,
        user=start.user,
        destination=start.originator,
        originator=start.destination,
    )


def negative_receipt_for(start: StartFile, reason: NegativeReason, creator: str, text: str = "") -> NegativeEndResponse:
    """Return the NERP for a file that did not reach its end; `creator` is the code of the station that says so."""
    return NegativeEndResponse(
        name=start.name,
        date=start.date,
        time=start.time,
        destination=start.originator,
        originator=start.destination,
        creator=creator,
        reason=reason,
        text=text,
    )
