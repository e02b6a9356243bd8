"""The session process's end of the line to its main: reports go out, orders and acknowledgements come in."""

import contextlib
import os
import select
import socket
import time
from collections.abc import Callable, Sequence

from seon.endings import SessionEnd
from seon.events import Value, fitting
from seon.net.legs import octets_not_taken
from seon.net.pump import Order
from seon.oftp2.reasons import EndReason
from seon.process import line
from seon.process.levels import Category, Level
from seon.process.signals import handle_ending, handle_levels

LAST_WORDS_SECONDS = 5.0
"""How long an ended session waits for its main to acknowledge the last events."""
ORDERED_LAST_WORDS_SECONDS = 1.0
"""The same after an order to end: the main that gave it does not wait longer."""
_ORDERS: dict[line.Order, EndReason] = {
    "barred": EndReason.UNSPECIFIED,
    "withdrawn": EndReason.EMERGENCY_CLOSE,
    "shutdown": EndReason.EMERGENCY_CLOSE,
    "unlinked": EndReason.EMERGENCY_CLOSE,
    "ended": EndReason.UNSPECIFIED,
}
"""The ESID of what a main may order, unless the order names another."""


class MainLine:
    """Everything that a session process says to anybody but its two peers. It writes no log of its own."""

    def __init__(
        self, sock: socket.socket, *, tracing: bool, drain_seconds: float, verbosity: Level = Level.INFO
    ) -> None:
        self.tracing = tracing
        """Whether the session is to write a trace, as the main has it now."""
        self.far_end: SessionEnd | None = None
        """What the other host says of the end, once it has said so."""
        self.order: line.Order | None = None
        """Why the main wants the session to end, once it does."""
        self.signal = 0
        """The signal that this process was sent to end it, 0 for none."""
        self.orphaned = False
        """The main is gone, and the time that the session was given then is over."""
        self._reason = EndReason.UNSPECIFIED
        """Of the ESID of that order."""
        self._sock = sock
        self._drain_seconds = drain_seconds
        self._said = self._taken = 0
        self._verbosity = verbosity
        self._chosen: Level | None = None
        """What a signal has set here."""
        self._orphan_deadline: float | None = None
        self._waking = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        handle_ending(self._note_signal)
        handle_levels(self._choose_level)

    # --- what the session says --------------------------------------------------------------------------------------

    def report(self, code: str, /, **fields: Value) -> None:
        """Report an event."""
        self._said += 1
        self._say(line.Reported(self._said, code, {name: fitting(value) for name, value in fields.items()}))

    def wants(self, level: Level) -> bool:
        """Whether a line of this level may be written somewhere: asked before one is made that costs something."""
        return level >= self._verbosity

    def log(self, category: Category, level: Level, text: str) -> None:
        """Write a line that is no event. It waits while the main does not keep up: no line is lost."""
        if self.wants(level):
            self._say(line.LogLine(category, level, line.fitting_line(text)))

    def shown(self, certificates: Sequence[bytes]) -> None:
        """Say what a partner that was dialled has shown, in DER, its own certificate first."""
        for number, der in enumerate(certificates[: line.MAX_SHOWN + 1]):
            for at in range(0, len(der), line.SHOWN_OCTETS):
                self._say(line.Shown(number, der[at : at + line.SHOWN_OCTETS]))

    def running(self, fingerprint: str) -> None:
        """Say that the start is over; `fingerprint`: the certificate of a partner that was dialled, else ""."""
        self._say(line.Stage("running", fingerprint))

    def progress(self, how_far: line.Progress) -> bool:
        """Say how far the session is; False if the main has not read yet what was said before: then it is not said.

        So nothing waits for a main that is slow, and what it has to know finds the line empty.
        """
        if self._sock.fileno() >= 0 and octets_not_taken(self._sock):
            return False
        self._say(how_far, wait=False)
        return True

    def ending(self, end: SessionEnd) -> None:
        """Say what ends the session."""
        self._say(line.Ending(end))

    # --- net.pump.Control -------------------------------------------------------------------------------------------

    def filenos(self) -> list[int]:
        """Return what makes `poll` worth while: the line, and a signal."""
        return [self._waking, self._sock.fileno()] if self._sock.fileno() >= 0 else [self._waking]

    def deadline(self) -> float | None:
        """Return when an orphan must end."""
        return self._orphan_deadline

    def poll(self) -> Order | None:
        """Read what the main says, and look at signals and at the time that an orphan is given."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._waking)
        self._hear()
        if self.signal:
            return Order(EndReason.EMERGENCY_CLOSE, "signal")
        if self._orphan_deadline is not None and time.monotonic() >= self._orphan_deadline:
            self.orphaned = True
            return Order(EndReason.EMERGENCY_CLOSE, "orphaned")
        return Order(self._reason, self.order) if self.order else None

    # --- the end ----------------------------------------------------------------------------------------------------

    def wait_for_far_end(self, seconds: float) -> None:
        """Wait until the other host has said what ended the session, at most so long."""
        self._wait(time.monotonic() + seconds, lambda: self.far_end is not None)

    def say_goodbye(self) -> None:
        """Wait until the main has acknowledged everything, but not for ever."""
        seconds = ORDERED_LAST_WORDS_SECONDS if self.order else LAST_WORDS_SECONDS
        self._wait(time.monotonic() + seconds, lambda: self._taken >= self._said)

    def _wait(self, until: float, done: Callable[[], bool]) -> None:
        while not done() and self._sock.fileno() >= 0 and (left := until - time.monotonic()) > 0:
            poll = select.poll()
            poll.register(self._sock, select.POLLIN)
            if poll.poll(left * 1_000):
                self._hear()

    def _hear(self) -> None:
        if self._sock.fileno() < 0:
            return
        try:  # the socket stays one that waits: a signal may come here, and what it has to say must not be lost
            while (message := line.hear_main(self._sock, wait=False)) is not None:
                self._take(message)
        except BlockingIOError:
            return
        self._orphan_deadline = time.monotonic() + self._drain_seconds
        self._sock.close()

    def _take(self, message: line.FromMain) -> None:
        match message:
            case line.Taken():
                self._taken = max(self._taken, message.number)
            case line.Trace():
                self.tracing = message.on
            case line.Verbosity():
                self._verbosity = self._chosen or message.level
            case line.End():
                self.order = message.why
                self._reason = EndReason(message.reason) if message.reason else _ORDERS[message.why]
            case line.Ending():
                self.far_end = self.far_end or message.end

    def _say(self, message: line.Said, *, wait: bool = True) -> None:
        with contextlib.suppress(OSError):  # the main is gone, and the log with it
            line.say(self._sock, message, wait=wait)

    def _choose_level(self, level: Level) -> None:
        self._chosen = self._verbosity = level
        self._say(line.LogLevel(level))

    def _note_signal(self, number: int) -> None:
        if self.signal:  # the second one: at once
            os._exit(128 + number)
        self.signal = number
        os.eventfd_write(self._waking, 1)
