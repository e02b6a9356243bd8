"""How far the session is, said to the main: at most once a second, and only if something has changed.

It looks at counters that verifier and pump keep anyway, when the pump looks at its clock, so the octets cost nothing
more. A session in which nothing moves is not looked at.
"""

from seon.oftp2.happenings import Side
from seon.oftp2.inspection import FileUnderWay
from seon.oftp2.observer import SessionObserver
from seon.oftp2.phases import Phase
from seon.process import line
from seon.session.main_line import MainLine
from seon.session.reporter import SessionReporter

_OF_A_FILE = frozenset({Phase.OPENING, Phase.DATA, Phase.CREDIT, Phase.CLOSING})
_OTHERS: dict[Phase, line.Phase] = {
    Phase.IDLE: "idle",
    Phase.TURN: "idle",
    Phase.ENDED: "idle",
    Phase.RECEIPT: "receipt",
}


class Progress:
    """Looks at one session; `partner_side` is the side of the protocol on which the partner is."""

    def __init__(
        self, main: MainLine, observer: SessionObserver, reporter: SessionReporter, partner_side: Side
    ) -> None:
        self._main, self._observer, self._reporter = main, observer, reporter
        self._partner_side = partner_side
        self._said: line.Progress | None = None

    def look(self, octets: tuple[int, int]) -> bool:
        """Say how far the session is; `octets`: from the Initiator, and from the Responder.

        False if the main does not keep up; then it is to be said a little later.
        """
        now = self._now(octets if self._partner_side is Side.INITIATOR else octets[::-1])
        if now == self._said:
            return True
        if not self._main.progress(now):
            return False
        self._said = now
        return True

    def _now(self, octets: tuple[int, int]) -> line.Progress:
        phase, file, findings = self._observer.standing()
        incoming = file is not None and file.sender is self._partner_side
        told = _told(file)
        return line.Progress(
            phase=_phase(phase, incoming=incoming),
            octets_in=octets[0],
            octets_out=octets[1],
            file_in=told if incoming else None,
            file_out=None if incoming else told,
            files=self._reporter.files,
            findings=findings,
        )


def _phase(phase: Phase, *, incoming: bool) -> line.Phase:
    if phase in _OF_A_FILE:
        return "receiving" if incoming else "sending"
    return _OTHERS.get(phase, "negotiating")


def _told(file: FileUnderWay | None) -> line.File | None:
    return line.File(line.fitting_line(file.name)[: line.MAX_NAME], file.octets, file.size) if file else None
