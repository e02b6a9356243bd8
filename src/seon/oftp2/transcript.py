"""Recorded sessions: their text form, and a replay through the verifier as a proxy would show them to it.

One event a line: `I <hex>` and `R <hex>` are octets that Initiator or Responder sent, cut anywhere; `I EOF` and
`R EOF` the end of that side's stream; `#` starts a comment line.
"""

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
    events: list[Happening] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    refusal: Refusal | None = None

    def add(self, seen: Inspection) -> None:
        """Note what an inspection says."""
        self.events += seen.events
        self.findings += seen.findings
        self.refusal = self.refusal or seen.refusal


def parse(text: str) -> Iterator[Read]:
    """Yield the events of a transcript; raises LocalError with the number of a line that is none."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        try:
            name, rest = line.split(" ", 1)
            yield Read(Side(name), None if rest == "EOF" else bytes.fromhex(rest))
        except ValueError:
            raise LocalError(f"line {number} is no event of a transcript") from None


def replay(reads: Iterable[Read], observer: SessionObserver) -> Replay:
    """Show a session to `observer`, read by read, until it ends or is refused."""
    result = Replay()
    tails = dict.fromkeys(Side, b"")
    for read in reads:
        if read.octets is None:
            result.add(observer.end_of_stream(read.side, len(tails[read.side])))
        else:
            tails[read.side] = _show(read.side, tails[read.side] + read.octets, observer, result)
        if result.refusal:
            break
    return result


def _show(side: Side, octets: bytes, observer: SessionObserver, result: Replay) -> bytes:
    """Show octets until no more can be forwarded or discarded; return the rest."""
    view, at = memoryview(octets), 0
    while True:
        seen = observer.inspect(side, view[at:])
        result.add(seen)
        result.forwarded[side] += view[at : at + seen.forward]
        result.dropped[side] += seen.drop
        at += seen.forward + seen.drop
        if seen.refusal or not (seen.forward or seen.drop):
            return octets[at:]
