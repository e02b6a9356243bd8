"""What a recorded session is worth, and that as an object for programs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from seon.oftp2.errors import LocalError
from seon.oftp2.happenings import FileOffered
from seon.oftp2.inspection import Finding, Refusal, Surplus
from seon.oftp2.rules import Severity
from seon.oftp2.transcript import Read, Step

_NO_ESID = {"STH-VER", "STH-FLG", "STH-MAX", "STH-EOF", "DAT-EOR", "SEM-RCNT", "SEM-UCNT"}
"""Rules whose breach a station does not answer with ESID: it just closes, or EFNA says it."""
_ESID_UNLESS_VARIABLE = "DAT-LRECL"
"""A record that is too long ends in EFNA 05; one of a wrong fixed length leaves no place to go on from."""

_ESID_UNLESS_EMPTY = "SEQ-END"
"""An empty stream buffer after ESID is not answered at all, a command there as one in a wrong state."""
_EMPTY = b"\x10\0\0\x04"


@dataclass(slots=True)
class Verdict:
    """What came of one session. The verifier bounds the number of findings and counts the others."""

    findings: list[Finding] = field(default_factory=list)
    refusal: Refusal | None = None
    surplus: tuple[Surplus, ...] = ()
    """Findings that were counted only."""
    reads: int = 0
    _is_empty_buffer: bool = False
    """Whether what was refused is a stream buffer without an exchange buffer."""
    _format: str = ""
    """SFIDFMT of the last file offered."""

    def add(self, step: Step) -> None:
        """Note what one look of the verifier says."""
        self.findings += step.seen.findings
        self.refusal = step.seen.refusal
        self._is_empty_buffer = step.left.startswith(_EMPTY)
        for event in step.seen.happenings:
            if isinstance(event, FileOffered):
                self._format = event.format

    def counting(self, reads: Iterable[Read]) -> Iterable[Read]:
        """Yield the events on; raises LocalError at the end if there were none."""
        for read in reads:
            self.reads += 1
            yield read
        if not self.reads:
            raise LocalError("there is no event of a transcript in it")

    @property
    def word(self) -> str:
        """Return accept, warn or refuse: the worst finding counts."""
        return "refuse" if self.refusal else "warn" if self.findings else "accept"

    @property
    def problem(self) -> Finding | Refusal | None:
        """The refusal, or else the first finding."""
        return self.refusal or next(iter(self.findings), None)

    @property
    def esid(self) -> str | None:
        """The ESIDREAS with which a station answers what was refused; None where it answers otherwise."""
        if self.refusal is None or self.refusal.rule in _NO_ESID:
            return None
        if self.refusal.rule == _ESID_UNLESS_VARIABLE and self._format == "V":
            return None
        if self.refusal.rule == _ESID_UNLESS_EMPTY and self._is_empty_buffer:
            return None
        return f"{self.refusal.reason:02d}"

    def as_object(self, file: str) -> dict[str, Any]:
        """Return the verdict as JSON has it; `file` as it was given."""
        problem = self.problem
        return {
            "file": file,
            "verdict": self.word,
            "rule": problem.rule if problem else None,
            "key": problem.key if problem else None,
            "side": problem.side.value if problem else None,
            "stb": problem.stb if problem else None,
            "esid": self.esid,
            "findings": [*map(_as_object, self._in_order())],
            "more": [
                {"rule": kind.rule, "key": kind.key, "side": kind.side.value, "count": kind.count}
                for kind in self.surplus
            ],
        }

    def _in_order(self) -> Iterable[Finding | Refusal]:
        """Yield what was tolerated, then the refusal, then what else is refused in the same stream buffer."""
        yield from (one for one in self.findings if one.severity is not Severity.REFUSE)
        if self.refusal:
            yield self.refusal
        yield from (one for one in self.findings if one.severity is Severity.REFUSE)


def _as_object(one: Finding | Refusal) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "key": one.key,
        "severity": "refuse" if isinstance(one, Refusal) else one.severity.value,
        "side": one.side.value,
        "stb": one.stb,
        "offset": one.offset,
        "text": one.text,
        "field": one.field,
        "seen": one.seen,
    }
