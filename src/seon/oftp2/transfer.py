"""One file under way, from SFPA to the answer to EFID: what was offered, and the running counts to check EFID with."""

from seon.oftp2.commands import EndFile, StartFile
from seon.oftp2.data import Walk, plain_run, walk_records, walk_stream
from seon.oftp2.errors import Flaw
from seon.oftp2.rules import RULES

BLOCK = 1024
"""Octets of a restart position's unit where a file has no records (RFC 5024 5.3.3)."""

NO_LIMIT = 10**17
"""More octets than EFID can count."""
VOID_BUFFERS = 16
"""The data buffer without content that is one too many, counted from the last one that had some (DAT-VOID)."""
VOID_OCTETS = 65_536
"""Octets that such buffers may have together: exchange buffers, without stream headers."""


class Transfer:
    """Counts of one file. `start` is the position that SFPA answered: records, or blocks of 1024 octets.

    `most` is how many octets the company allows (POL-SIZE), 0 for any number.
    """

    __slots__ = (
        "_compression",
        "_fixed",
        "_limit",
        "_most",
        "_open",
        "_text",
        "_void_buffers",
        "_void_octets",
        "as_lines",
        "has_records",
        "octets",
        "offer",
        "records",
        "start",
    )

    def __init__(self, offer: StartFile, *, compression: bool, start: int = 0, most: int = 0) -> None:
        self.offer = offer
        self.start = start
        self.octets = 0
        """Seen in this transfer, before buffer compression."""
        self.records = 0
        """Ended in this transfer."""
        serviced = offer.security or offer.compression or offer.envelope
        # The content of a CMS object is a stream whatever the file was (RFC 5024 section 6).
        self.has_records = offer.format in "FV" and not serviced
        self._text = offer.format == "T" and not serviced
        self._fixed = offer.format == "F" and offer.record_length > 0
        # F with a record length of 0 is a flaw of its own (XF-LRECL0); nothing can be said of its records then.
        self._limit = offer.record_length if offer.record_length or offer.format == "V" else NO_LIMIT
        self._compression = compression
        self._open = 0
        self.as_lines = False
        """Whether a text file was sent as records: its lines."""
        self._void_buffers = self._void_octets = 0
        """Data buffers without content since the last one that had some, and their octets."""
        self._most = most - self._before if most else NO_LIMIT

    @property
    def _before(self) -> int:
        """Octets before `start`, as far as they are known: those of variable records are not."""
        if not self.has_records:
            return self.start * BLOCK
        return self.start * self._limit if self._fixed else 0

    @property
    def reached(self) -> int:
        """Where in the file this transfer is, in octets: from its restart position on."""
        return self._before + self.octets

    def take_run(self, view: memoryview, at: int, end: int, most: int) -> int:
        """Count the data buffers alike, from the stream buffer `view[at:end]` on, that need no walk; at most `most`.

        Return how many: 0 for `take` to look at the first.
        """
        if self.has_records or self._open < 0:
            return 0
        buffers, each = plain_run(view, at, end, most)
        if not buffers:
            return 0
        octets = buffers * each
        if self.octets + octets > self._most:
            return 0  # one of them passes the limit, and it is to be known which
        self.octets += octets
        self._open += octets
        self._void_buffers = self._void_octets = 0
        return buffers

    def take(self, buffer: memoryview) -> tuple[Flaw, ...]:
        """Check and count one data buffer (its command octet first); return its flaws. Raises InvalidBufferError."""
        walk = self._walk(buffer)
        self.octets += walk.octets
        self.records += walk.records
        self._open = walk.open_record
        flaws = walk.flaws
        if self._text and flaws:
            self.as_lines = self.as_lines or any(flaw.rule == "DAT-EOR/text" for flaw in flaws)
        if walk.octets or (walk.records and (self.has_records or self._text)):
            self._void_buffers = self._void_octets = 0
        else:
            flaws = self._void(flaws, len(buffer))
        return flaws if self.octets <= self._most else self._too_big(flaws)

    def _void(self, flaws: tuple[Flaw, ...], octets: int) -> tuple[Flaw, ...]:
        """Count a buffer without content. A few do no harm, but a broken station sends them without end."""
        self._void_buffers += 1
        self._void_octets += octets
        if self._void_buffers < VOID_BUFFERS and self._void_octets <= VOID_OCTETS:
            return flaws
        return (*flaws, _flaw("DAT-VOID", "DATABUF", f"{self._void_buffers} of {self._void_octets} octets together"))

    def _too_big(self, flaws: tuple[Flaw, ...]) -> tuple[Flaw, ...]:
        """The announced size is an estimate: what comes is counted. Said once."""
        self._most = NO_LIMIT
        return (*flaws, _flaw("POL-SIZE/grown", "DATABUF"))

    def _walk(self, buffer: memoryview) -> Walk:
        if self.has_records:
            return walk_records(buffer, self._open, compression=self._compression, limit=self._limit, fixed=self._fixed)
        return walk_stream(buffer, self._open, compression=self._compression, text=self._text)

    def end(self, efid: EndFile) -> list[Flaw]:
        """Return what EFID says wrongly of the file (RFC 5024 5.3.8)."""
        flaws = []
        if self._open > 0:
            flaws.append(_flaw("DAT-END", ""))
        if not self._right_records(efid.records):
            seen = self.start + self.records if self.has_records else 0
            flaws.append(_flaw("SEM-RCNT", "EFIDRCNT", f"{efid.records}, must be {seen}"))
        if not self._right_octets(efid.octets):
            flaws.append(_flaw("SEM-UCNT", "EFIDUCNT", f"{efid.octets}, must be {self.reached}"))
        return flaws

    def _right_records(self, count: int) -> bool:
        if self.has_records:
            # A last record without its end (DAT-END) is one all the same, or none.
            return count - self.start in {self.records, self.records + (self._open > 0)}
        if self.offer.format in "FV":
            return True  # Secured: 0, or the count of the original, which nothing on the wire shows.
        return count == 0 or self.as_lines

    def _right_octets(self, count: int) -> bool:
        seen = self.reached
        if not self.has_records:
            return count == seen
        # Of the records before a restart only those of fixed length are known in octets.
        return bool(self.start and not self._fixed) or count in {seen, seen - self._open}


def _flaw(rule: str, field: str, more: str = "") -> Flaw:
    meaning = RULES[rule].meaning
    return Flaw(rule, 0, field, f"{meaning}: {more}" if more else meaning)
