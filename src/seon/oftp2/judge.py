"""What the flaws of a buffer are worth by the policy, and what is told of those that are tolerated."""

from collections.abc import Sequence

from seon.oftp2.errors import Flaw
from seon.oftp2.happenings import Side
from seon.oftp2.inspection import Finding, Surplus
from seon.oftp2.quoting import quoted
from seon.oftp2.rules import Policy, Severity

MAX_FINDINGS = 20
"""Findings of one kind on one side of a session that are told one by one; the others are counted."""


class Judge:
    """Judges the flaws of one session. `declines`: whether a file is declined here, or its SFID let pass."""

    def __init__(self, policy: Policy, *, declines: bool) -> None:
        self._policy = policy
        self._declines = declines
        self._counts: dict[tuple[Side, str], int] = {}
        self.findings: list[Finding] = []
        """Those that the caller has not taken yet."""

    def refused(self, flaws: Sequence[Flaw]) -> Flaw | None:
        """Return the first flaw that the policy refuses."""
        return next((flaw for flaw in flaws if self._policy.severity(flaw.rule) is Severity.REFUSE), None)

    def declined(self, flaws: Sequence[Flaw]) -> Flaw | None:
        """Return the first flaw for which a file is declined, none of them being refused."""
        wanted = (flaw for flaw in flaws if self._declines and self._policy.severity(flaw.rule) is Severity.DECLINE)
        return next(wanted, None)

    def sort_out(self, side: Side, stb: int, flaws: Sequence[Flaw]) -> Flaw | None:
        """Return the first flaw that the policy refuses; note all others that are to be told."""
        refused = self.refused(flaws)
        for flaw in flaws:
            if flaw is not refused:
                self._note(side, stb, flaw)
        return refused

    @property
    def noted(self) -> int:
        """How many findings there were, told or counted."""
        return sum(self._counts.values())

    def surplus(self) -> tuple[Surplus, ...]:
        """Return what was counted and not told."""
        return tuple(
            Surplus(key, side, count - MAX_FINDINGS)
            for (side, key), count in self._counts.items()
            if count > MAX_FINDINGS
        )

    def _note(self, side: Side, stb: int, flaw: Flaw) -> None:
        severity = self._policy.severity(flaw.rule)
        if severity in (Severity.IGNORE, Severity.DECLINE):
            return
        count = self._counts[side, flaw.rule] = self._counts.get((side, flaw.rule), 0) + 1
        if count <= MAX_FINDINGS:
            text, seen = words(flaw), quoted(flaw.seen)
            self.findings.append(Finding(flaw.rule, severity, side, stb, flaw.offset, text, flaw.field, seen))


def words(flaw: Flaw) -> str:
    """Return a flaw in words: they are our own, so nothing in them needs to be escaped."""
    return f"{flaw.field}: {flaw.text}" if flaw.field else flaw.text
