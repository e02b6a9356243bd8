"""What a session process says of its start at DEBUG, step by step, and of its TLS handshakes at TRACE."""

from collections.abc import Callable

from seon.process.levels import Level
from seon.process.pace import Pace
from seon.session.assignment import Assignment
from seon.session.main_line import MainLine


class Steps(Pace):
    """The steps of one session."""

    def __init__(self, main: MainLine, session: str) -> None:
        super().__init__(
            lambda: main.wants(Level.DEBUG), lambda text: main.log("session", Level.DEBUG, f"[{session}] {text}")
        )
        self._main, self._session = main, session

    @classmethod
    def of(cls, main: MainLine, assignment: Assignment) -> "Steps":
        """Return those of a session that begins now."""
        return cls(main, assignment.session)

    def handshake(self, peer: str) -> Callable[[str], None] | None:
        """Return what takes the steps of the TLS handshake with `peer`, None if nobody wants them."""
        main, session = self._main, self._session
        if not main.wants(Level.TRACE):
            return None
        return lambda text: main.log("session.tls", Level.TRACE, f"[{session}] {peer}: {text}")
