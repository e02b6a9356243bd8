"""Recorded sessions: their text form, and a replay through the verifier as a proxy would show them to it.

One event a line: `I <hex>` and `R <hex>` are octets that Initiator or Responder sent, cut anywhere; `I EOF` and
`R EOF` the end of that side's stream; `#` starts a comment line.
"""

from binascii import unhexlify
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from seon.oftp2.errors import LocalError
from seon.oftp2.happenings import Happening
from seon.oftp2.observer import Finding, Inspection, Refusal, SessionObserver, Side


@dataclass(frozen=True, slots=True)
class Read:
    """Octets that one side sent; None is the end of its stream."""

    side: Side
    octets: bytes | None


@dataclass(slots=True)
class Replay:
    """What came of a session."""

    forwarded: dict[Side, bytearray] = field(default_factory=lambda: {side: bytearray() for side in Side})
    dropped: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    happenings: list[Happening] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    refusal: Refusal | None = None

    def add(self, seen: Inspection) -> None:
        """Note what an inspection says."""
        self.happenings += seen.happenings
        self.findings += seen.findings
        self.refusal = self.refusal or seen.refusal


@dataclass(frozen=True, slots=True)
class Step:
    """One look of the verifier at what a side has sent."""

    side: Side
    taken: bytes
    """What it settled: forwarded, then discarded. Whole stream buffers, or what came after the other side's ESID."""
    seen: Inspection
    left: bytes = b""
    """After a refusal: what was not forwarded, from the first octet of the offending stream buffer on."""
    is_end: bool = False
    """The side will send no more."""


def parse(text: str) -> Iterator[Read]:
    """Yield the events of a transcript; raises LocalError with the number of a line that is none."""
    return parse_pieces(text.encode("utf-8", "surrogatepass").splitlines(keepends=True))


def parse_pieces(pieces: Iterable[bytes]) -> Iterator[Read]:
    """Yield the events of a transcript of which a line may come in several pieces, the first of at least 6 octets.

    So a line of any length needs no more memory than a piece. It becomes several reads then: a cut means nothing.
    Raises LocalError with the number of a line that is no event.
    """
    line = _Line(1)
    for piece in pieces:
        read = line.take(piece.rstrip(b"\r\n"))
        if read:
            yield read
        if piece.endswith(b"\n"):
            line.end()
            line = _Line(line.number + 1)
    line.end()


class _Line:
    """A line under way."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._is_comment = self._is_eof = False
        self._side: Side | None = None
        self._digit = b""
        """The first digit of an octet whose second one is still to come."""

    def take(self, text: bytes) -> Read | None:
        """Return the event that a piece of the line holds, if any."""
        if self._is_comment or not text:
            return None
        try:
            if self._side is None:
                return self._begin(text)
            if self._is_eof:
                raise self._misfit()
            return Read(self._side, self._octets(text))
        except ValueError:
            raise self._misfit() from None

    def end(self) -> None:
        """Raise LocalError if the line must not end here."""
        if self._digit:
            raise self._misfit()

    def _begin(self, text: bytes) -> Read | None:
        if text.startswith(b"#"):
            self._is_comment = True
            return None
        name, _, rest = text.partition(b" ")
        self._side = Side(name.decode("ascii"))
        self._is_eof = rest == b"EOF"
        if not rest:
            raise self._misfit()
        return Read(self._side, None if self._is_eof else self._octets(rest))

    def _octets(self, digits: bytes) -> bytes:
        digits = self._digit + digits
        even = len(digits) & ~1
        self._digit = digits[even:]
        return unhexlify(digits[:even])

    def _misfit(self) -> LocalError:
        return LocalError(f"line {self.number} is no event of a transcript")


def play(reads: Iterable[Read], observer: SessionObserver) -> Iterator[Step]:
    """Show a session to `observer`, read by read, until it ends or is refused; yield each look that settled something.

    Holds what one side has sent of a stream buffer, and one read.
    """
    tails = {side: bytearray() for side in Side}
    for read in reads:
        tail = tails[read.side]
        if read.octets is None:
            seen = observer.end_of_stream(read.side, len(tail))
            yield Step(read.side, b"", seen, bytes(tail) if seen.refusal else b"", is_end=True)
            if seen.refusal:
                return
            continue
        tail += read.octets
        again = True
        while again:
            with memoryview(tail) as view:
                seen = observer.inspect(read.side, view)
            taken = seen.forward + seen.drop
            if taken or seen.refusal:
                yield Step(read.side, bytes(tail[:taken]), seen, bytes(tail[taken:]) if seen.refusal else b"")
            if seen.refusal:
                return
            del tail[:taken]
            again = bool(seen.drop and tail)


def replay(reads: Iterable[Read], observer: SessionObserver) -> Replay:
    """Show a session to `observer` until it ends or is refused; return all that came of it."""
    result = Replay()
    for step in play(reads, observer):
        result.add(step.seen)
        result.forwarded[step.side] += step.taken[: step.seen.forward]
        result.dropped[step.side] += step.seen.drop
    return result
