"""Who ended a session: found out where it was decided, told to the other host, and the same on both.

The first thing that ends a session counts, and what follows is its consequence: after an ESID it says nothing who
closes its connection first. What this host decides or sees at its own side, it knows. What it sees on the link is known
by the other host, which is waited for, but not for long. A guess is said, too: it tells the other host that nothing
else happened here at the same time.
"""

from collections.abc import Callable

import msgspec

from seon.endings import SessionEnd, Why, agreed, near_party, ordered
from seon.net.pump import Cause, Ending
from seon.oftp2.happenings import SessionEnded
from seon.oftp2.inspection import Refusal
from seon.oftp2.observer import Side
from seon.session.assignment import Hop

FAR_WORD_SECONDS = 1.0
"""How long the other host's word is waited for."""
ORDERED_FAR_WORD_SECONDS = 0.5
"""The same after an order to end: the main that gave it does not wait longer."""

CUT = "STH-EOF"
"""The rule that a stream that ends inside a buffer breaks."""


class Truth:
    """What ended one session. `near_side` is the side of the protocol that this host is next to."""

    def __init__(self, hop: Hop, near_side: Side, say: Callable[[SessionEnd], None]) -> None:
        self._hop = hop
        self._near_side = near_side
        self._say = say
        self._end: SessionEnd | None = None

    def esid_passed(self, event: SessionEnded) -> None:
        """An ESID went through: it names its sender."""
        if event.side is self._near_side:
            self._found(SessionEnd(near_party(self._hop), "esid", self._hop, number=event.reason))
        else:
            self._found(SessionEnd("link", "unsaid", self._hop, number=event.reason))

    def refused(self, refusal: Refusal) -> None:
        """The verifier refuses; `ended` follows. A buffer cut on the link is the link's fault.

        The other host lets out whole buffers only.
        """
        if refusal.rule == CUT and refusal.side is not self._near_side:
            self._found(SessionEnd("link", "lost", self._hop))

    def ended(self, ending: Ending, number: int) -> None:
        """The pump ends the session, before its ESID is queued; `number` belongs to what ends it (`SessionEnd`)."""
        match ending.cause:
            case Cause.VERIFIER:
                rule = ending.detail if ending.how == "rule" else ""
                why: Why = "rule" if rule else "declined"
                self._found(SessionEnd("verifier", why, self._hop, rule, 0 if rule else number))
            case Cause.IDLE:
                self._found(SessionEnd("idle", "idle", self._hop, number=number))
            case Cause.ORDER:
                end = ordered(ending.detail, self._hop)  # type: ignore[arg-type]
                self._found(msgspec.structs.replace(end, number=number))
            case _:
                self._connection_ended(ending)

    def _connection_ended(self, ending: Ending) -> None:
        near = (ending.cause is Cause.INITIATOR) == (self._near_side is Side.INITIATOR)
        if near:
            self._found(SessionEnd(near_party(self._hop), ending.how, self._hop))  # type: ignore[arg-type]
        else:
            self._found(SessionEnd("link", "lost", self._hop))

    @property
    def needs_far_word(self) -> bool:
        """Whether the other host's word may change what is said here; see `agreed`."""
        return self._hop == "dmz" or self._end is None or self._end.is_guess

    def end(self, told: SessionEnd | None) -> SessionEnd:
        """Return what ended the session; `told` is the other host's word."""
        assert self._end is not None, "a session that ends has a reason"
        return agreed(self._hop, self._end, told)

    def _found(self, end: SessionEnd) -> None:
        if self._end is None:
            self._end = end
            self._say(end)
