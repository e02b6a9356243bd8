"""How a session ended: one value for both hosts and the journal, and its words, which are always our own.

Who decides that a session ends says so to the other host. What is said consists of choices from fixed lists and of one
number, so nothing of it can be a stranger's text.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from seon.oftp2.reasons import EndReason, reason_words
from seon.oftp2.rules import RULES

Host = Literal["dmz", "inside"]
By = Literal["partner", "station", "verifier", "idle", "administrator", "link", "crash"]
Why = Literal[
    "esid", "closed", "cut", "broken", "rule", "declined", "idle", "barred", "shutdown", "signal", "orphaned", "lost",
    "unsaid", "unlinked", "killed", "exit", "deaf", "withdrawn", "ended",
]  # fmt: skip
RuleKey = Annotated[str, Meta(max_length=40, pattern=r"^([A-Z][A-Z0-9-]*(/[a-z-]+)?)?\Z")]
EndNumber = Annotated[int, Meta(ge=0, le=86_400)]


class SessionEnd(msgspec.Struct, frozen=True):
    """Who ended a session and why, as one host has seen or decided it."""

    by: By
    why: Why
    host: Host = "dmz"
    """The host that knows it at first hand. Never believed: whoever receives it sets it."""
    rule: RuleKey = ""
    """The key of the rule that was broken."""
    number: EndNumber = 0
    """An ESID's reason, seconds without progress, files, a signal's number, or an exit status: what `why` speaks of."""

    @property
    def ended_by(self) -> str:
        """Who it was, as events name it."""
        return f"{_PROGRAM[self.host]} verifier" if self.by == "verifier" else self.by

    @property
    def is_guess(self) -> bool:
        """Whether it is only what can be seen of it on the link: the other host knows more, or nobody does."""
        return self.why in _SEEN_ON_THE_LINK

    @property
    def reason(self) -> str:
        """Why it was, in words."""
        program = _PROGRAM[self.host]
        rule = RULES.get(self.rule)
        return _WORDS[self.why].format(
            number=self.number,
            program=program,
            files=f"{self.number} declined {'file' if self.number == 1 else 'files'}",
            esid=reason_words(EndReason, self.number, ""),
            rule=f"rule {self.rule}: {rule.meaning}" if rule else "a rule that this program does not know",
        )


_PROGRAM: dict[Host, str] = {"dmz": "server", "inside": "client"}
_WORDS: dict[Why, str] = {
    "esid": "ESID {esid}",
    "closed": "connection closed without ESID",
    "cut": "connection closed without ESID and without the end of TLS (close_notify)",
    "broken": "connection broken",
    "rule": "{rule}",
    "declined": "nothing was left after {files}",
    "idle": "no progress for {number} s at the {program}",
    "barred": "the partner may not have sessions any more",
    "withdrawn": "the client of this session may not be linked any more",
    "ended": "ended by the administrator",
    "shutdown": "the {program} is ending",
    "signal": "signal {number} to the session process of the {program}",
    "orphaned": "the main process of the {program} is gone",
    "lost": "the connection between server and client was lost",
    "unsaid": "ESID {esid} came over the link, and the other host did not say whose it is",
    "unlinked": "the {program} is ending, since there is no link between server and client any more",
    "killed": "the session process of the {program} was ended by signal {number}",
    "exit": "the session process of the {program} ended by itself with status {number}",
    "deaf": "the session process of the {program} did not obey and was ended",
}
_SEEN_ON_THE_LINK: frozenset[Why] = frozenset({"lost", "unsaid"})
_PEER: frozenset[Why] = frozenset({"esid", "closed", "cut", "broken"})
_CLAIMS: dict[By, frozenset[Why]] = {
    "partner": _PEER,
    "station": _PEER,
    "verifier": frozenset({"rule", "declined"}),
    "idle": frozenset({"idle"}),
    "administrator": frozenset({"barred", "withdrawn", "shutdown", "signal", "deaf", "ended"}),
    "link": frozenset({"lost", "unsaid", "unlinked"}),
    "crash": frozenset({"orphaned", "killed", "exit"}),
}
"""What each can have done."""


def credible(end: SessionEnd) -> bool:
    """Whether the host that `end` names can know this: the rest is a mistake or a lie."""
    at_its_side = end.by != far_party(end.host)
    rule_is_right = end.rule in RULES if end.why == "rule" else not end.rule
    return at_its_side and end.why in _CLAIMS[end.by] and rule_is_right


def ordered(
    why: Literal["barred", "withdrawn", "shutdown", "unlinked", "signal", "orphaned", "deaf", "ended"], host: Host
) -> SessionEnd:
    """Return the end of a session that had to end, whatever its peers wanted."""
    by: dict[str, By] = {"unlinked": "link", "orphaned": "crash"}
    return SessionEnd(by.get(why, "administrator"), why, host)


def agreed(host: Host, own: SessionEnd, told: SessionEnd | None) -> SessionEnd:
    """Return what both hosts say: `own` is what this one has found out, `told` the other's word, if there was one.

    Each may have seen another end at the same time. What the inside knows counts on both hosts, then what the DMZ
    knows; a guess counts where nobody knows anything.
    """
    inside, dmz = (own, told) if host == "inside" else (told, own)
    return next((end for end in (inside, dmz) if end and not end.is_guess), own)


def near_party(host: Host) -> By:
    """Return who stands at a host's own side of the session."""
    return "partner" if host == "dmz" else "station"


def far_party(host: Host) -> By:
    """Return who stands behind the other host."""
    return "station" if host == "dmz" else "partner"
