"""Who ended a session: found out where it was decided, told to the other host, and the same on both.

The first thing that ends a session counts, and what follows is its consequence: after an ESID it says nothing who
closes its connection first. What this host decides or sees at its own side, it knows. What it sees on the link is known
by the other host, which is waited for, but not for long.
"""

from collections.abc import Callable

from seon.endings import SessionEnd, near_party
from seon.net.pump import Cause, Ending
from seon.oftp2.happenings import SessionEnded
from seon.oftp2.observer import Side
from seon.session.assignment import Hop

FAR_WORD_SECONDS = 1.0
"""How long the other host's word is waited for."""


class Truth:
    """What ended one session. `near_side` is the side of the protocol that this host is next to."""

    def __init__(self, hop: Hop, near_side: Side, say: Callable[[SessionEnd], None]) -> None:
        self._hop = hop
        self._near_side = near_side
        self._say = say
        self._known: SessionEnd | None = None
        self._guessed: SessionEnd | None = None

    def esid_passed(self, event: SessionEnded) -> None:
        """An ESID went through: it names its sender."""
        if event.side is self._near_side:
            self._know(SessionEnd(near_party(self._hop), "esid", self._hop, number=event.reason))
        else:
            self._guess(SessionEnd("link", "unsaid", self._hop, number=event.reason))

    def ended(self, ending: Ending, number: int) -> None:
        """The pump ends the session, before its ESID is queued; `number` belongs to what ends it (`SessionEnd`)."""
        match ending.cause:
            case Cause.VERIFIER:
                rule = ending.detail if ending.how == "rule" else ""
                self._know(
                    SessionEnd("verifier", "rule" if rule else "declined", self._hop, rule, 0 if rule else number)
                )
            case Cause.IDLE:
                self._know(SessionEnd("idle", "idle", self._hop, number=number))
            case Cause.ORDER:
                by = "crash" if ending.detail == "orphaned" else "administrator"
                self._know(SessionEnd(by, ending.detail, self._hop, number=number))  # type: ignore[arg-type]
            case _:
                self._connection_ended(ending)

    def _connection_ended(self, ending: Ending) -> None:
        near = (ending.cause is Cause.INITIATOR) == (self._near_side is Side.INITIATOR)
        if near:
            self._know(SessionEnd(near_party(self._hop), ending.how, self._hop))  # type: ignore[arg-type]
        else:
            self._guess(SessionEnd("link", "lost", self._hop))

    @property
    def is_known(self) -> bool:
        """Whether the other host need not be waited for."""
        return self._known is not None

    def end(self, told: SessionEnd | None) -> SessionEnd:
        """Return what ended the session; `told` is the other host's word, which counts where ours would be a guess."""
        end = self._known or told or self._guessed
        assert end is not None, "a session that ends has a reason"
        return end

    def _know(self, end: SessionEnd) -> None:
        if self._known is None and self._guessed is None:
            self._known = end
            self._say(end)

    def _guess(self, end: SessionEnd) -> None:
        if self._known is None and self._guessed is None:
            self._guessed = end
