"""What a session process says is a claim: its main decides what of it becomes an event, and whose.

The main stamps session, hop, time and id; partner, direction and addresses are those of the assignment. A process may
report only what sessions report, some of it once, and each in its time: that it failed only before it has started, all
else after that, and nothing after its end.
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
EARLY = {"SES-FAILED", "ADM-DIAL"}
"""What may be reported before a session has started, and not after that."""
LAST = {"SES-FAILED", "SES-END"}
"""After these nothing is reported."""
OURS = ("partner", "direction", "source", "target")
"""Values that the assignment decides, whatever the process says. Not of files: they go both ways in a session."""


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

    def runs(self) -> None:
        """The process says that the session has got past its start."""
        if not self.has("SES-START"):
            raise line.NonsenseError("it runs and has not started")
        self.running = True

    def has(self, code: str) -> bool:
        """Whether an event of this code was reported."""
        return code in self._said

    def event(self, claim: line.Happened) -> Event:
        """Return the event that a claim becomes."""
        code = claim.code
        if why := self._why_not(code):
            raise line.NonsenseError(why)
        self._said.add(code)
        known = CATALOGUE[code].fields
        fields: dict[str, Value] = {name: value for name, value in claim.fields.items() if name in known}
        if not code.startswith("FIL-"):
            fields |= {name: getattr(self._assignment, name) for name in OURS if name in known}
        return self._maker.make(code, **fields)

    def _why_not(self, code: str) -> str:
        """Say why an event of this code cannot be reported now, "" if it can."""
        if code not in CODES[self._assignment.hop]:
            return "it reported what no session reports"
        if code in ONCE and code in self._said:
            return f"it reported {code} twice"
        if self._said & LAST:
            return f"it reported {code} after its end"
        if code in EARLY and (self.running or self.has("SES-START")):
            return "it reported that it failed to start, and was running"
        if code not in {*EARLY, "SES-START"} and not self.has("SES-START"):
            return f"it reported {code} before its start"
        return ""

    def ending(self, claim: line.Ending) -> SessionEnd | None:
        """Return what ends the session, if that is news."""
        end = SessionEnd(claim.end.by, claim.end.why, self._assignment.hop, claim.end.rule, claim.end.number)
        if not credible(end):
            raise line.NonsenseError("it said what it cannot know")
        if self.end:
            return None
        self.end = end
        return end
