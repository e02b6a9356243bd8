"""Files that the company does not allow, answered in place of the station that would have got them (mission A12).

Only the hop inside does so. It keeps two views: the sender has offered a file and got an SFNA; for the other side
nothing has happened (`Conversation.decline`).
"""

from seon.oftp2.codec import encode
from seon.oftp2.commands import StartFileRefused
from seon.oftp2.errors import Flaw
from seon.oftp2.framing import frame
from seon.oftp2.layouts import LEVELS
from seon.oftp2.rules import MAX_DECLINES, RULES, Rule


class Declines:
    """Counts the files declined since anything passed."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def passed(self) -> None:
        """Something was forwarded."""
        self._in_a_row = 0

    def add(self) -> Flaw | None:
        """Count a file; return the flaw if it is one too many: its sender offers files for ever."""
        self._in_a_row += 1
        if self._in_a_row <= MAX_DECLINES:
            return None
        return Flaw("POL-DECLINES", 0, "", f"{RULES['POL-DECLINES'].meaning}: more than {MAX_DECLINES}")


def answer(rule: Rule, level: int) -> bytes:
    """Return the stream buffer with the SFNA for a file that `rule` does not allow (RFC 5024 5.3.5)."""
    assert rule.answer is not None
    text = rule.meaning if level >= LEVELS[-1] else ""
    return frame(encode(StartFileRefused(rule.answer, retry=False, text=text), level))


def nothing_left(files: int) -> str:
    """Say why a session ends in which a turn was given, and all files of it were declined."""
    return f"nothing was left after {files} declined file{'s' if files > 1 else ''}"
