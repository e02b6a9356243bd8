"""A session as a table on the screen: a row for each command, what was found in place, runs of data in one row."""

from collections.abc import Iterable, Iterator

from seon.cli.oftp2.screen import Screen
from seon.events import shown
from seon.oftp2.framing import HEADER, LENGTH_MASK
from seon.oftp2.happenings import FileBrokenOff, FileEnded, SessionAgreed, SessionEnded, Side
from seon.oftp2.inspection import Finding, Refusal, Surplus
from seon.oftp2.layouts import DATA
from seon.oftp2.transcript import Step
from seon.session import words
from seon.session.reading import CREDIT, DataRun, Reading, stream_buffers

_ARROWS = {Side.INITIATOR: "I ->", Side.RESPONDER: "<- R"}
_INDENT = " " * 28
_NOTE = " " * 34
MARKS = {"refuse": "X", "decline": "X", "warn": "!", "ignore": "."}


class Narrator:
    """Tells a session as it is looked at. It holds one run of data buffers, not what they hold."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._number = 0
        self._stbs = dict.fromkeys(Side, 0)
        self._reading = Reading()
        self._ended: Side | None = None
        self._run: DataRun | None = None
        self._notes: list[str] = []
        screen.row(f"{'No':>6}  Side {'Buffer':>13}  ", "What  Fields", "faint")

    def tell(self, step: Step) -> None:
        """Show what one look settled."""
        self._notes = [*_notes(step)]
        if step.is_end:
            self._flush()
            self._row(step.side, "", "end of the stream", "faint")
        elif self._ended is step.side.other:
            self._row(step.side, "", f"{len(step.taken):,} octets after the other side's ESID, not passed on", "faint")
        else:
            self._buffers(step)
        if step.seen.refusal:
            if not step.is_end:
                self._refused(step)
            self._problems([*self._findings_at(step, step.seen.refusal.stb), step.seen.refusal])
        self._ended = next((e.side for e in step.seen.happenings if isinstance(e, SessionEnded)), self._ended)

    def finish(self, broken_off: FileBrokenOff | None, surplus: Iterable[Surplus]) -> None:
        """The session has been seen to its end."""
        self._flush()
        for kind in surplus:
            self._screen.row(_NOTE, words.of_surplus(kind), "faint")
        if broken_off:
            self._screen.row(_NOTE, words.of_file_end(broken_off), "faint")

    # --- stream buffers ---------------------------------------------------------------------------------------------

    def _buffers(self, step: Step) -> None:
        side = step.side
        for at, stb in stream_buffers(memoryview(step.taken)):
            self._stbs[side] += 1
            findings = self._findings_at(step, self._stbs[side]) if step.seen.findings else []
            dropped = at >= step.seen.forward
            code = stb[HEADER] if len(stb) > HEADER else -1
            if code == DATA and not findings:
                self._add_data(side, len(stb) - HEADER)
            elif code == CREDIT and not (findings or dropped) and self._run and self._run.side is side.other:
                self._number += 1
                self._run.credits += 1
            else:
                self._command(side, bytes(stb[HEADER:]), "not passed on: " if dropped else "")
                self._problems(findings)

    def _add_data(self, side: Side, octets: int) -> None:
        self._number += 1
        stb = self._stbs[side]
        if not self._run:  # the other side's data cannot follow without a command between
            self._run = DataRun(side, stb, self._number)
        self._run.add(stb, octets)

    def _command(self, side: Side, oeb: bytes, remark: str = "") -> None:
        self._flush()
        self._number += 1
        name, text = self._reading.read(oeb)
        self._row(side, str(self._stbs[side]), remark + text, name=name)
        if self._notes and name in _NOTED:
            self._screen.row(_NOTE, self._notes.pop(0), "faint")

    def _refused(self, step: Step) -> None:
        """Show the stream buffer that was refused, of which perhaps only a part is there."""
        self._stbs[step.side] += 1
        header = int.from_bytes(step.left[:HEADER], "big")
        whole = (header & LENGTH_MASK) > HEADER and step.seen.refusal and not step.seen.refusal.rule.startswith("STH")
        oeb = step.left[HEADER : header & LENGTH_MASK]
        if whole and oeb:
            self._command(step.side, oeb)
        else:
            self._flush()
            self._number += 1
            self._row(step.side, str(self._stbs[step.side]), f"stream header {step.left[:HEADER].hex()}")

    # --- rows -------------------------------------------------------------------------------------------------------

    def _row(self, side: Side, stb: str, text: str, style: str = "", name: str = "") -> None:
        self._flush()
        self._screen.row(_head(self._number if stb else "", side, stb) + f"{name:<4}  ", text, style)

    def _flush(self) -> None:
        """Show the run of data buffers, if there is one."""
        run, self._run = self._run, None
        if run is None:
            return
        span = str(run.first) if run.first == run.last else f"{run.first}..{run.last}"
        self._screen.row(_head(run.number, run.side, span) + "DATA  ", run.words(), "faint")

    def _problems(self, problems: list[Finding | Refusal]) -> None:
        for one in problems:
            severity = "refuse" if isinstance(one, Refusal) else one.severity.value
            seen = f"; it holds {one.seen}" if one.seen else ""
            text = f"{MARKS[severity]} {severity} {one.key}, offset {one.offset}: {shown(one.text)}{seen}"
            self._screen.row(_INDENT, text, severity)

    @staticmethod
    def _findings_at(step: Step, stb: int) -> list[Finding | Refusal]:
        return [finding for finding in step.seen.findings if finding.stb == stb]


_NOTED = {"SSID", "EFPA", "EFNA"}
"""The commands behind which a note of what they brought about stands."""


def _head(number: int | str, side: Side, stb: str) -> str:
    return f"{number:>6}  {_ARROWS[side]} {stb:>13}  "


def _notes(step: Step) -> Iterator[str]:
    for event in step.seen.happenings:
        if isinstance(event, SessionAgreed):
            yield words.of_agreement(event)
        elif isinstance(event, FileEnded):
            yield words.of_file_end(event)
