"""The commands of a session, read one after the other for people: names and fields in words, runs of data summed up.

No secret and nothing of what files contain is in the words; of a buffer without a reading they tell its size only.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from seon.oftp2.codec import decode
from seon.oftp2.errors import InvalidBufferError
from seon.oftp2.framing import HEADER, LENGTH_MASK
from seon.oftp2.happenings import Side
from seon.oftp2.layouts import DATA, ESID, FORMS, LEVELS, esid_level
from seon.session import words

CREDIT = ord("C")
"""The command octet of CDT."""
_SSID = ord("X")


class Reading:
    """Reads exchange buffers in the order in which they were sent; `level`: that of the SSIDs seen before."""

    def __init__(self, level: int = max(LEVELS)) -> None:
        self._level = level

    def read(self, oeb: bytes) -> tuple[str, str]:
        """Return a command's name and fields, as far as it can be read."""
        if not oeb:
            return "", "stream buffer without an exchange buffer"
        if oeb[0] == DATA:
            return "DATA", f"{len(oeb):,} octets"
        form = FORMS.get(oeb[0])
        if form is None:
            return "?", f"unknown command, {len(oeb):,} octets"
        level = esid_level(len(oeb)) if oeb[0] == ESID else self._level
        try:
            command, _ = decode(oeb, level)
        except InvalidBufferError:
            return form.name, f"{len(oeb):,} octets that cannot be read"
        if oeb[0] == _SSID:
            self._level = min(self._level, getattr(command, "level", self._level))
        return form.name, words.of_command(command)


@dataclass(slots=True)
class DataRun:
    """Data buffers of one side, with only credits between them."""

    side: Side
    first: int
    """The number of its first buffer among the stream buffers of its side."""
    number: int = 0
    """The same among those of both sides."""
    last: int = 0
    octets: int = 0
    credits: int = 0

    def add(self, stb: int, octets: int) -> None:
        """One more buffer: its number, and the octets of its exchange buffer."""
        self.last = stb
        self.octets += octets

    def words(self) -> str:
        """Return how much it was."""
        buffers = self.last - self.first + 1
        count = "" if buffers == 1 else f"{buffers:,} buffers, "
        credit = f", {self.credits:,} CDT" if self.credits else ""
        return f"{count}{self.octets:,} octets{credit}"


def stream_buffers(view: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield place and octets of each of several whole stream buffers."""
    at = 0
    while at < len(view):
        size = max(int.from_bytes(view[at : at + HEADER], "big") & LENGTH_MASK, HEADER)
        yield at, view[at : at + size]
        at += size
