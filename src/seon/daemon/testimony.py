"""What a session process says is a claim: its main decides what of it becomes an event, and whose.

The main stamps session, hop, time and id; partner, direction and addresses are those of the assignment. What ended a
session is said in the words of what the process said when it was decided, and of the other host's. A process may
report only what sessions report, some of it once, and each in its time: that it failed only before it has started, all
else after that, and nothing after its end.
"""

from seon import addresses
from seon.daemon.progress import Progress
from seon.endings import SessionEnd, agreed, credible
from seon.events import CATALOGUE, Event, Value
from seon.pki import MAX_DER
from seon.process import line
from seon.process.events import EventMaker
from seon.process.levels import Level
from seon.session.assignment import Assignment

_BOTH = {"SES-START", "SES-FAILED", "SES-REFUSED", "SES-FINDING", "SES-MORE", "SES-END", "SES-TRACE", "SES-TRACED",
         "SES-NOTRACE"}  # fmt: skip
CODES = {
    "dmz": _BOTH | {"ADM-DIAL", "ADM-WARNING"},
    "inside": _BOTH | {"SES-AGREED", "SES-NOCONTENT", "FIL-START", "FIL-END", "FIL-RECEIPT"},
}
"""What a session process may report, by its host."""
ONCE = {"SES-START", "SES-FAILED", "SES-AGREED", "SES-END", "ADM-DIAL", "ADM-WARNING"}
EARLY = {"SES-FAILED", "ADM-DIAL", "ADM-WARNING"}
"""What may be reported before a session has started, and not after that."""
LAST = {"SES-FAILED", "SES-END"}
"""After these nothing is reported."""
OURS = ("partner", "direction", "source", "target")
"""Values that the assignment decides, whatever the process says. Not of files: they go both ways in a session."""

MAX_LEVELS = 1_000
"""How often the log level of one session process may be changed: an administrator does it a few times."""


class Testimony:
    """What one session process has said so far. Raises line.NonsenseError for what none says."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._maker = EventMaker(assignment.hop, assignment.session)
        self._said: set[str] = set()
        self._levels = 0
        self._shown: list[bytes] = []
        self.progress = Progress()
        """How far it says it is."""
        self.running = False
        """The session has got past its start."""
        self.end: SessionEnd | None = None
        """What ends it, once it has said so."""

    def shows(self, part: line.Shown) -> None:
        """Take a part of a certificate that a dialled partner has shown, in order. Raises line.NonsenseError."""
        if (self._assignment.hop, self._assignment.direction) != ("dmz", "outgoing") or self.running:
            raise line.NonsenseError("it showed a certificate, and dials nobody")
        if part.number > len(self._shown):
            raise line.NonsenseError("it left out a certificate")
        if part.number == len(self._shown):
            self._shown.append(b"")
        self._shown[part.number] += part.octets
        if len(self._shown[part.number]) > MAX_DER:
            raise line.NonsenseError("it showed a certificate that is too long")

    @property
    def shown(self) -> tuple[bytes, ...]:
        """The certificates that a dialled partner has shown, in DER, its own first."""
        return tuple(self._shown)

    def runs(self) -> None:
        """The process says that the session has got past its start."""
        if not self.has("SES-START"):
            raise line.NonsenseError("it runs and has not started")
        self.running = True

    def says_how_far(self, claim: line.Progress) -> None:
        """Take how far the session is. Raises line.NonsenseError: the server's sessions do not say it."""
        if self._assignment.hop != "inside" or not self.running or self.has("SES-END"):
            raise line.NonsenseError("it says how far it is, and is not under way")
        self.progress.take(claim)

    def has(self, code: str) -> bool:
        """Whether an event of this code was reported."""
        return code in self._said

    def event(self, claim: line.Reported, told: SessionEnd | None = None) -> Event:
        """Return the event that a claim becomes; `told`: the other host's word of what ends the session."""
        code = claim.code
        if why := self._why_not(code):
            raise line.NonsenseError(why)
        self._said.add(code)
        known = CATALOGUE[code].fields
        fields: dict[str, Value] = {name: value for name, value in claim.fields.items() if name in known}
        if not code.startswith("FIL-"):
            fields |= {name: getattr(self._assignment, name) for name in OURS if name in known}
        if CATALOGUE[code].group == "refused" or code == "ADM-WARNING":
            fields |= self._ends(claim)
        if code == "SES-END":
            assert self.end
            end = agreed(self._assignment.hop, self.end, told)
            fields |= {"ended_by": end.ended_by, "reason": end.reason}
        return self._maker.make(code, **fields)

    def _ends(self, claim: line.Reported) -> dict[str, Value]:
        """Return who called whom, for what was refused: as the main knows it, else as the process says, by form.

        The main has accepted the calls of its ports itself. What a session process has dialled only that knows.
        """
        given = self._assignment
        if claim.code == "ADM-DIAL" or (given.hop, given.direction) == ("dmz", "outgoing"):
            known = {"host": given.target} if claim.code == "ADM-DIAL" else {}
            return {**known, "source": _end_of(claim, "source"), "target": _end_of(claim, "target")}
        return {"source": given.source, "target": given.arrival or _end_of(claim, "target")}

    def _why_not(self, code: str) -> str:
        """Say why an event of this code cannot be reported now, "" if it can."""
        started = self.has("SES-START")
        checks = (
            (code not in CODES[self._assignment.hop], "it reported what no session reports"),
            (code in ONCE and code in self._said, f"it reported {code} twice"),
            (bool(self._said & LAST), f"it reported {code} after its end"),
            (code in EARLY and (self.running or started), "it reported that it failed to start, and was running"),
            (code not in {*EARLY, "SES-START"} and not started, f"it reported {code} before its start"),
            (code == "SES-END" and self.end is None, "it reported its end without saying what ends it"),
        )
        return next((why for wrong, why in checks if wrong), "")

    def log_line(self, claim: line.LogLine) -> line.LogLine:
        """Return a line as it may be written: it names its session first, so it cannot pass for an event of any kind.

        Nor is any FATAL: those are written beyond every limit of the log. Raises line.NonsenseError.
        """
        if claim.category.partition(".")[0] != "session":
            raise line.NonsenseError(f"it wrote a line about {claim.category}")
        mark = f"[{self._assignment.session}] "
        text = mark + claim.text.removeprefix(mark)
        return line.LogLine(claim.category, min(claim.level, Level.ERROR), text)

    def chooses_level(self) -> None:
        """Note that a signal has chosen its level: said at any level, so not without end. Raises line.NonsenseError."""
        self._levels += 1
        if self._levels > MAX_LEVELS:
            raise line.NonsenseError("its log level was changed again and again")

    def ending(self, claim: line.Ending) -> SessionEnd | None:
        """Return what ends the session, if that is news."""
        end = SessionEnd(claim.end.by, claim.end.why, self._assignment.hop, claim.end.rule, claim.end.number)
        if not credible(end):
            raise line.NonsenseError("it said what it cannot know")
        if self.end:
            return None
        self.end = end
        return end


def _end_of(claim: line.Reported, name: str) -> str:
    """Return an address and port that a process names, "" if it knows none. Raises line.NonsenseError."""
    value = claim.fields.get(name, "")
    host, _, port = str(value).rpartition(":")
    try:
        good = value in ("", addresses.shown(str(addresses.canonical(host.strip("[]"))), int(port)))
    except ValueError:
        good = value == ""
    if not good:
        raise line.NonsenseError(f"it reported {claim.code} with a {name} that is no address and port")
    return str(value)
