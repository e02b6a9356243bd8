"""The log of a session at TRACE: each OFTP2 command in words, with who sent it to whom.

Off, it costs one question for each read of the session, and makes nothing. It is switched on and off at any moment.
"""

from collections.abc import Callable

from seon.oftp2.framing import HEADER
from seon.oftp2.inspection import Inspection
from seon.oftp2.layouts import DATA, FORMS
from seon.oftp2.observer import Side
from seon.session.reading import CREDIT, DataRun, Reading, stream_buffers


class CommandLog:
    """Says what passes between partner and station.

    `wanted`: whether anybody reads it, now; `say` takes a line; `partner_side`: on which side the partner is.
    """

    def __init__(self, wanted: Callable[[], bool], say: Callable[[str], None], partner_side: Side) -> None:
        self._wanted, self._say = wanted, say
        self._names = {partner_side: "partner", partner_side.other: "station"}
        self._reading: Reading | None = None
        self._run: DataRun | None = None

    def inspected(self, side: Side, view: memoryview, seen: Inspection, level: int, *, over: bool) -> None:
        """Say what was shown to the verifier and passed; `level` is in force, `over`: the session has ended."""
        if not self._wanted():
            self._reading = self._run = None
            return
        reading = self._reading = self._reading or Reading(level)
        at = seen.forward
        for _, stb in stream_buffers(view[:at]):
            self._take(reading, side, stb)
        if seen.drop and over and seen.closing is None:
            self._line(side, "", f"{seen.drop:,} octets after the end, not passed on")
        elif seen.drop:
            for _, stb in stream_buffers(view[at : at + seen.drop]):
                self._command(reading, side, stb, "not passed on: ")
        if seen.reply:
            self._own(side, seen.reply)
        if seen.refusal:
            self._refused(side, view[at:], seen.refusal.key)

    def own(self, side: Side, octets: bytes) -> None:
        """Say what the proxy has made itself for a side, to end the session."""
        if self._wanted():
            self._own(side, octets)

    def stream_ended(self, side: Side) -> None:
        """Say that a side sends no more."""
        if self._wanted():
            self._line(side, "", "end of the stream")

    def end(self) -> None:
        """The session is over: say what was not said yet."""
        self._tell_run()

    # --- one stream buffer ------------------------------------------------------------------------------------------

    def _take(self, reading: Reading, side: Side, stb: memoryview) -> None:
        code, run = stb[HEADER] if len(stb) > HEADER else -1, self._run
        if code == DATA:
            if run is None:
                run = self._run = DataRun(side, 1)
            run.add(run.last + 1, len(stb) - HEADER)
        elif code == CREDIT and run and run.side is side.other:
            run.credits += 1
        else:
            self._command(reading, side, stb, "")

    def _command(self, reading: Reading, side: Side, stb: memoryview, remark: str) -> None:
        name, text = reading.read(bytes(stb[HEADER:]))
        self._line(side, name, remark + text)

    def _own(self, side: Side, octets: bytes) -> None:
        self._tell_run()
        name, text = (self._reading or Reading()).read(octets[HEADER:])
        self._say(f"proxy -> {self._names[side]}: {name} {text}")

    def _refused(self, side: Side, left: memoryview, rule: str) -> None:
        """Of a refused buffer its name only: fields may stand where others belong, a password among them."""
        form = FORMS.get(left[HEADER]) if len(left) > HEADER else None
        self._line(side, form.name if form else "", f"refused by rule {rule}; {len(left):,} octets are here")

    # --- lines ------------------------------------------------------------------------------------------------------

    def _line(self, side: Side, name: str, text: str) -> None:
        self._tell_run()
        self._say(f"{self._names[side]} -> {self._names[side.other]}: {name}{name and ' '}{text}")

    def _tell_run(self) -> None:
        run, self._run = self._run, None
        if run:
            self._line(run.side, "DATA", run.words())
