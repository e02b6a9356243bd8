"""What the verifier says of the octets that it was shown."""

from dataclasses import dataclass
from typing import NamedTuple

from seon.oftp2.happenings import Happening, Side
from seon.oftp2.phases import Phase
from seon.oftp2.reasons import EndReason
from seon.oftp2.rules import RULES, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that was broken and tolerated, or refused in a buffer that was refused for another rule already.

    `stb` counts the stream buffers of `side` from 1;
    `offset` is octets from the start of the exchange buffer.
    """

    key: str
    """The rule with its form, as it is set: `DAT-SIZE/one`."""
    severity: Severity
    side: Side
    stb: int
    offset: int
    text: str
    field: str = ""
    """The field's name in the RFC, empty for a whole buffer."""
    seen: str = ""
    """What stood there, quoted and capped; empty for a secret, and for a whole buffer that could be read."""

    @property
    def rule(self) -> str:
        """The rule's id: the key without its form."""
        return RULES[self.key].id


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the session ends: queue `wire_to(side)` to each peer, then close the connections."""

    key: str
    """The rule with its form, as it is set."""
    reason: EndReason
    """What an ESID says, if one is sent at all."""
    side: Side
    stb: int
    offset: int
    text: str
    wire: bytes
    """The ESID for a peer; empty where the connections are just to be closed."""
    field: str = ""
    seen: str = ""
    wire_back: bytes = b""
    """The ESID for the side that broke the rule, where that one is told more."""

    @property
    def rule(self) -> str:
        """The rule's id: the key without its form."""
        return RULES[self.key].id

    def wire_to(self, side: Side) -> bytes:
        """Return what is queued to a side."""
        return self.wire_back or self.wire if side is self.side else self.wire


@dataclass(frozen=True, slots=True)
class Closing:
    """The verifier ends the session in order: queue `wire` to both peers, then close the connections."""

    wire: bytes
    declined: int
    """Files that were declined, and nothing was left: the turn cannot be given back unseen."""
    text: str


@dataclass(frozen=True, slots=True)
class Surplus:
    """Findings that were counted only: more of one kind say nothing new, and a peer could flood the log with them."""

    key: str
    side: Side
    count: int

    @property
    def rule(self) -> str:
        """The rule's id: the key without its form."""
        return RULES[self.key].id


@dataclass(frozen=True, slots=True)
class FileUnderWay:
    """A file from SFID to the answer to EFID."""

    sender: Side
    name: str
    octets: int
    """Where it has come to, before buffer compression: a restart counts from its restart position on."""
    size: int
    """Octets by SFIDFSIZ, which says it in blocks of 1,024; 0: not said."""


class Standing(NamedTuple):
    """Where a session stands between two inspections."""

    phase: Phase
    file: FileUnderWay | None
    findings: int
    """Told one by one or only counted."""


class Inspection(NamedTuple):
    """Forward `view[:forward]`, discard the next `drop` octets, and show the rest again.

    At once if octets were discarded; else what is left is an incomplete stream buffer, due with what follows.
    """

    forward: int = 0
    drop: int = 0
    happenings: tuple[Happening, ...] = ()
    findings: tuple[Finding, ...] = ()
    refusal: Refusal | None = None
    reply: bytes = b""
    """For the side that sent what was inspected, behind what was forwarded to it: an SFNA for a file declined."""
    closing: Closing | None = None
