"""What a main says at DEBUG and TRACE about one subject: steps with what they took, and TLS handshakes."""

from seon.daemon.log import Log
from seon.net.handshakes import Tell
from seon.process.levels import Category, Level
from seon.process.pace import Pace

_TLS: dict[Category, Category] = {"gate": "gate.tls", "link": "link.tls"}
"""Where the handshakes of a subject are told."""


class Detail:
    """Writes lines of one subject that nobody wants every day; without a log there is nobody who wants them."""

    def __init__(self, log: Log | None = None, category: Category = "log") -> None:
        self._log, self._category = log, category

    def wanted(self) -> bool:
        """Whether lines at DEBUG would be written, now."""
        return self._log is not None and self._log.wants(self._category, Level.DEBUG)

    def say(self, text: str) -> None:
        """Write a line at DEBUG."""
        if self._log:
            self._log.write(self._category, Level.DEBUG, text)

    def pace(self, about: str) -> Pace:
        """Return what says the steps of something at DEBUG; `about` begins each line."""
        return Pace(self.wanted, lambda text: self.say(f"{about} {text}"))

    def handshake(self, peer: str) -> Tell | None:
        """Return what takes the steps of the TLS handshake with `peer` at TRACE, None if nobody wants them now."""
        log, category = self._log, _TLS.get(self._category, self._category)
        if log is None or not log.wants(category, Level.TRACE):
            return None
        return lambda text: log.write(category, Level.TRACE, f"{peer}: {text}")


UNHEARD = Detail()
"""For whoever has no log."""
