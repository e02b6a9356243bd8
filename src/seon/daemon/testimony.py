"""What a session process says is a claim: its main decides what of it becomes an event, and whose.

The main stamps session, hop, time and id; partner, direction and addresses are those of the assignment. A process may
report only what sessions report, some of it once; that it failed only before it runs.
"""

from seon.endings import SessionEnd, credible
from seon.events import CATALOGUE, Event, Value
from seon.process import line
from seon.process.events import EventMaker
from seon.session.assignment import Assignment

_BOTH = {"SES-START", "SES-FAILED", "SES-REFUSED", "SES-FINDING", "SES-MORE", "SES-END", "SES-TRACE", "SES-TRACED",
         "SES-NOTRACE"}  # fmt: skip
CODES = {
    "dmz": _BOTH | {"ADM-DIAL"},
    "inside": _BOTH | {"SES-AGREED", "SES-NOCONTENT", "FIL-START", "FIL-END", "FIL-RECEIPT"},
}
"""What a session process may report, by its host."""
ONCE = {"SES-START", "SES-FAILED", "SES-AGREED", "SES-END", "ADM-DIAL"}
OURS = ("partner", "direction", "source", "target")
"""Values that the assignment decides, whatever the process says."""


class Testimony:
    """What one session process has said so far. Raises line.NonsenseError for what none says."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._maker = EventMaker(assignment.hop, assignment.session)
        self._said: set[str] = set()
        self.running = False
        """The session has got past its start."""
        self.end: SessionEnd | None = None
        """What ends it, once it has said so."""

    def has(self, code: str) -> bool:
        """Whether an event of this code was reported."""
        return code in self._said

    def event(self, claim: line.Happened) -> Event:
        """Return the event that a claim becomes."""
        code, assignment = claim.code, self._assignment
        if code not in CODES[assignment.hop]:
            raise line.NonsenseError("it reported what no session reports")
        if code in ONCE and code in self._said:
            raise line.NonsenseError(f"it reported {code} twice")
        if code == "SES-FAILED" and self.running:
            raise line.NonsenseError("it reported that it failed to start, and was running")
        self._said.add(code)
        known = CATALOGUE[code].fields
        fields: dict[str, Value] = {name: value for name, value in claim.fields.items() if name in known}
        if not code.startswith("FIL-"):  # a file's direction is its own
            fields |= {name: getattr(assignment, name) for name in OURS if name in fields}
        return self._maker.make(code, **fields)

    def ending(self, claim: line.Ending) -> SessionEnd | None:
        """Return what ends the session, if that is news."""
        end = SessionEnd(claim.end.by, claim.end.why, self._assignment.hop, claim.end.rule, claim.end.number)
        if not credible(end):
            raise line.NonsenseError("it said what it cannot know")
        if self.end:
            return None
        self.end = end
        return end
