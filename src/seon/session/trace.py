"""Session traces: what passed and what was refused, as a transcript that can be handed to a partner's support.

The format is that of `oftp2.transcript`, so `seon oftp2 check` reads it; what is said besides stands in comments, with
everything escaped that is not ours. What the proxy made itself is marked as its own, with the side that it went to.
Secrets and the contents of files are blanked (`oftp2.blanking`).
"""

import time
from collections.abc import Iterable

from seon.events import shown
from seon.oftp2.blanking import COMMAND, Blanked, blanked, blanked_offender, blanked_part, command_octet, stream_buffers
from seon.oftp2.framing import HEADER, VERSION_1
from seon.oftp2.layouts import DATA
from seon.oftp2.observer import Inspection, Side
from seon.session.trace_file import MAX_OCTETS, TraceFile

MAX_TRANSCRIPT = MAX_OCTETS - 64 * 1024
"""Octets of a trace that the session may fill; how it ended finds room behind them."""
MAX_CONTENT = MAX_OCTETS * 4 // 5
"""Octets of a trace that data buffers may fill, so that there is room for the commands of a long session."""
MAX_FILE_CONTENT = MAX_OCTETS // 5
"""The same for one file of the session, so that there is room for the beginnings of several."""

_START_FILE, _CREDIT = ord("H"), ord("C")
_EMPTY = (VERSION_1 | HEADER).to_bytes(HEADER, "big")
"""The stream buffer that is known to come after ESID."""


class Trace:
    """One transcript. Its methods raise OSError when it cannot be written."""

    def __init__(self, file: TraceFile) -> None:
        self.file = file
        self.left_out = 0
        """Octets of data buffers, and of the credit between them, that are not in the trace."""
        self._began = time.monotonic()
        self._stamp = ""
        self._batch: list[str] = []
        self._batch_size = 0
        self._content = self._file_content = 0
        self._skipped = [0, 0]
        """Buffers and their octets that were left out since the last line."""
        self._limit = MAX_TRANSCRIPT
        self._full = False
        self._incomplete: dict[Side, tuple[bytes, int]] = {}
        """First octets, and octets in all, of what a side has sent of its next buffer."""

    def begin(self, heading: Iterable[str]) -> None:
        """Write the first lines."""
        self.file.write("".join(map(_comment, heading)))

    def inspected(self, side: Side, view: memoryview, seen: Inspection, level: int, *, over: bool) -> None:
        """Write what was shown to the verifier and what it said; `over`: the session has ended, only rests come."""
        at = seen.forward
        for stb in stream_buffers(view[:at]):
            self._take(side, stb)
        if seen.drop:
            self._take_dropped(side, view[at : at + seen.drop], over=over and seen.closing is None)
        if seen.reply:
            self._comment(f"the proxy's own, to {side.value}, and never sent by {side.other.value}:")
            self._line(side.other, seen.reply)
        self._take_words(seen)
        if seen.refusal:
            self._take_offender(side, blanked_offender(view[at:], level), len(view) - at)
            self._incomplete.clear()
        else:
            rest = view[at + seen.drop :]
            self._incomplete[side] = bytes(rest[:COMMAND]), len(rest)
        self._take_refusal(seen)
        if seen.closing:
            self._comment(f"the proxy ends the session: {seen.closing.text}")
        self._flush()

    def own(self, side: Side, octets: bytes) -> None:
        """Write what the proxy has made itself and queued for a side, to end the session.

        It stands in a comment: no side has sent it.
        """
        self._full, self._limit = False, MAX_OCTETS
        self._comment(f"the proxy's own, to {side.value}: {octets.hex()}")
        self._flush()

    def stream_ended(self, side: Side, tail: int, seen: Inspection) -> None:
        """Write that a side sends no more, after `tail` octets of an incomplete buffer."""
        beginning, _ = self._incomplete.pop(side, (b"", 0))
        if tail:
            self._take_offender(side, blanked_part(beginning, tail), tail)
        self._add(f"{side.value} EOF\n")
        self._take_words(seen)
        self._take_refusal(seen)
        self._flush()

    def ended(self, why: str) -> None:
        """Write the last words."""
        self._full, self._limit = False, MAX_OCTETS
        self._tell_skipped()
        for side, (_, octets) in self._incomplete.items():
            if octets:
                self._comment(f"{side.value} has sent {octets} octets of a buffer that is not complete")
        if self.left_out:
            self._comment("what was left out is missing in the counts, so a verifier must find them wrong")
        self._comment(f"end: {why}")
        self._flush()

    # --- what came --------------------------------------------------------------------------------------------------

    def _take(self, side: Side, stb: memoryview) -> None:
        code = command_octet(stb)
        if code == DATA:
            room = 2 * len(stb) + 3
            if not self._has_room(room):
                self._skip(stb)
                return
            self._content += room
            self._file_content += room
        elif code == _CREDIT and self._skipped[0]:
            self._skip(stb)  # credit for data that is not there would be a violation
            return
        elif code == _START_FILE:
            self._file_content = 0
        self._line(side, blanked(stb))

    def _has_room(self, octets: int) -> bool:
        """Whether so much of a file's data may be written; where some is left out, all that follows is."""
        within = self._content + octets <= MAX_CONTENT and self._file_content + octets <= MAX_FILE_CONTENT
        return within and not self._skipped[0] and not self._full

    def _skip(self, stb: memoryview) -> None:
        self.left_out += len(stb)
        self._skipped[0] += 1
        self._skipped[1] += len(stb)

    def _take_offender(self, side: Side, copy: Blanked, came: int) -> None:
        """Write a buffer that has no reading, and say what of it is made up; `came`: octets that there were."""
        self._line(side, copy.octets)
        size = len(copy.octets)
        if size > copy.kept:
            self._comment(
                f"blanked: only the first {copy.kept} of these {size} octets are as {side.value} has sent them, "
                "for the buffer cannot be read"
            )
        if came > size:
            self._comment(f"{side.value} has sent {came - size} octets more, which are not here")

    def _take_dropped(self, side: Side, octets: memoryview, *, over: bool) -> None:
        """Before the end the verifier drops whole buffers, after it whatever comes."""
        if not over or octets == _EMPTY:
            self._line(side, blanked(octets))
        else:
            self._comment(f"{side.value} has sent {len(octets)} octets after the end")

    def _take_words(self, seen: Inspection) -> None:
        for found in seen.findings:
            place = f"{found.side.value} buffer {found.stb}, offset {found.offset}"
            self._comment(f"{found.severity.value}: {found.key}, {place}: {found.text}")

    def _take_refusal(self, seen: Inspection) -> None:
        if seen.refusal:
            refused = seen.refusal
            place = f"{refused.side.value} buffer {refused.stb}, offset {refused.offset}"
            self._comment(f"refused: {refused.key}, {place}: {refused.text}; ESID {refused.reason:02d}")

    # --- lines ------------------------------------------------------------------------------------------------------

    def _line(self, side: Side, octets: bytes) -> None:
        self._tell_skipped()
        self._add(f"{side.value} {octets.hex()}\n")

    def _tell_skipped(self) -> None:
        buffers, octets = self._skipped
        if buffers:
            self._skipped = [0, 0]
            self._comment(f"... {buffers} buffers of data and credit, {octets} octets, left out")

    def _comment(self, text: str) -> None:
        self._add(_comment(text))

    def _add(self, line: str) -> None:
        """Add a line to what is written next, with the time before the first."""
        if self._full:
            return
        if self.file.size + self._batch_size + len(line) > self._limit:
            self._full = True
            line = "# the trace is full; what follows is not in it\n"
        stamp = f"# +{time.monotonic() - self._began:.3f} s\n"
        if not self._batch and stamp != self._stamp:
            self._stamp = stamp
            line = stamp + line
        self._batch.append(line)
        self._batch_size += len(line)

    def _flush(self) -> None:
        if self._batch:
            text = "".join(self._batch)
            self._batch, self._batch_size = [], 0
            self.file.write(text)


def _comment(text: str) -> str:
    """Return a line of ASCII: what a stranger chose in it cannot begin another."""
    return f"# {shown(text)}\n".encode("ascii", "backslashreplace").decode("ascii")
