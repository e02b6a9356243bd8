"""What can go wrong, by who erred.

    ProtocolError
    ├── PeerError        the other side broke the protocol; `reason` is what an ESID says
    │   └── InvalidBufferError    a stream or exchange buffer that has no reading; names rule, field and offset
    └── LocalError       our own misuse: a value that does not fit its field, an unknown rule name

A deviation that can still be read is no error but a `Flaw`: the policy decides what it is worth.
"""

from dataclasses import dataclass

from seon.oftp2.reasons import EndReason


class ProtocolError(Exception):
    """Root of this package's errors."""


class PeerError(ProtocolError):
    """The other side broke the protocol."""

    reason = EndReason.UNSPECIFIED
    """What to say in ESIDREAS."""
    for_the_log = ""
    """What our own log may say instead of the text, and the other side must never hear."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """A rule that a buffer broke, and where. `text` is made of our own words, but for numbers that the peer sent."""

    rule: str
    """Key of `rules.RULES`, such as `FLD-X` or its softer form `FLD-X/case`."""
    offset: int
    field: str
    text: str
    seen: bytes = b""
    """The field's octets as the peer sent them; never those of a secret."""


class InvalidBufferError(PeerError):
    """A buffer that cannot be read, or that is not to be."""

    def __init__(self, flaw: Flaw, reason: EndReason) -> None:
        super().__init__(f"{flaw.rule} {flaw.field} at {flaw.offset}: {flaw.text}")
        self.flaw = flaw
        self.reason = reason
        self.before: list[Flaw] = []
        """Flaws found in the same buffer before this one."""

    @property
    def rule(self) -> str:
        """The broken rule's key."""
        return self.flaw.rule

    @property
    def field(self) -> str:
        """The field's name in the RFC, empty for a whole buffer."""
        return self.flaw.field

    @property
    def offset(self) -> int:
        """Octets from the start of the exchange buffer."""
        return self.flaw.offset

    @property
    def text(self) -> str:
        """What is wrong, in our own words."""
        return self.flaw.text


class LocalError(ProtocolError):
    """We were asked for something that the protocol does not allow. Never shown to a peer."""
