"""The order of commands as one table, in the words of RFC 5024 section 9, seen from between the two stations.

The protocol is half-duplex: a phase says who may speak and what. Speaker and Listener are roles; Initiator and
Responder are sides. A row that is not here is a violation; `violation` names its rule. ESID has its own rules (5.4 of
the reference; RFC 5024 3.4.2): any side may end a session abnormally at any time after SSRM.

A negotiation that cannot work has no phase here: the verifier ends the session at the Responder's SSID.
"""

from dataclasses import dataclass
from enum import Enum

from seon.oftp2.markdown import table


class Phase(Enum):
    """What a session waits for; RFC 5024's state of sender and receiver behind it."""

    READY = "SSRM of the Responder"  # I_WF_RM
    OFFER = "SSID of the Initiator"  # A_NC_ONLY
    ANSWER = "SSID of the Responder"  # I_WF_SSID / A_WF_CONRS
    INITIATOR_ASKS = "SECD of the Initiator"  # WF_SECD
    RESPONDER_CHALLENGES = "AUCH of the Responder"  # WF_AUCH
    INITIATOR_RESPONDS = "AURP of the Initiator"  # WF_AURP
    RESPONDER_ASKS = "SECD of the Responder"  # WF_SECD
    INITIATOR_CHALLENGES = "AUCH of the Initiator"  # WF_AUCH
    RESPONDER_RESPONDS = "AURP of the Responder"  # WF_AURP
    IDLE = "the Speaker's next request"  # IDLESP, IDLESPCD / IDLELI, IDLELICD
    OPENING = "the Listener's answer to SFID"  # OPOP / OPIP
    DATA = "DATA or EFID of the Speaker"  # OPO / OPI
    CREDIT = "CDT of the Listener"  # OPOWFC / OPI
    CLOSING = "the Listener's answer to EFID"  # CLOP / CLIP
    TURN = "the CD that the Listener asked for"  # - / WF_CD
    RECEIPT = "RTR of the Listener"  # WF_RTR / RTRP
    ENDED = "end of the connection"  # WF_NDISC / IDLE


class Role(Enum):
    """Who sends."""

    INITIATOR = "Initiator"
    RESPONDER = "Responder"
    SPEAKER = "Speaker"
    LISTENER = "Listener"


class When(Enum):
    """What a row's next phase depends on besides the command."""

    ALWAYS = ""
    AUTHENTICATION = "secure authentication agreed"
    LAST_CREDIT = "that was the last credit"
    TURN_WANTED = "the Listener asks for the turn"


@dataclass(frozen=True, slots=True)
class Row:
    """One legal move."""

    phase: Phase
    sender: Role
    command: str
    next: Phase
    when: When = When.ALWAYS


_I, _R, _S, _L = Role.INITIATOR, Role.RESPONDER, Role.SPEAKER, Role.LISTENER

TABLE = (
    Row(Phase.READY, _R, "SSRM", Phase.OFFER),
    Row(Phase.OFFER, _I, "SSID", Phase.ANSWER),
    Row(Phase.ANSWER, _R, "SSID", Phase.IDLE),
    Row(Phase.ANSWER, _R, "SSID", Phase.INITIATOR_ASKS, When.AUTHENTICATION),
    Row(Phase.INITIATOR_ASKS, _I, "SECD", Phase.RESPONDER_CHALLENGES),
    Row(Phase.RESPONDER_CHALLENGES, _R, "AUCH", Phase.INITIATOR_RESPONDS),
    Row(Phase.INITIATOR_RESPONDS, _I, "AURP", Phase.RESPONDER_ASKS),
    Row(Phase.RESPONDER_ASKS, _R, "SECD", Phase.INITIATOR_CHALLENGES),
    Row(Phase.INITIATOR_CHALLENGES, _I, "AUCH", Phase.RESPONDER_RESPONDS),
    Row(Phase.RESPONDER_RESPONDS, _R, "AURP", Phase.IDLE),
    Row(Phase.IDLE, _S, "SFID", Phase.OPENING),
    Row(Phase.IDLE, _S, "EERP", Phase.RECEIPT),
    Row(Phase.IDLE, _S, "NERP", Phase.RECEIPT),
    Row(Phase.IDLE, _S, "CD", Phase.IDLE),
    Row(Phase.OPENING, _L, "SFPA", Phase.DATA),
    Row(Phase.OPENING, _L, "SFNA", Phase.IDLE),
    Row(Phase.DATA, _S, "DATA", Phase.DATA),
    Row(Phase.DATA, _S, "DATA", Phase.CREDIT, When.LAST_CREDIT),
    Row(Phase.DATA, _S, "EFID", Phase.CLOSING),
    Row(Phase.CREDIT, _L, "CDT", Phase.DATA),
    Row(Phase.CLOSING, _L, "EFPA", Phase.IDLE),
    Row(Phase.CLOSING, _L, "EFPA", Phase.TURN, When.TURN_WANTED),
    Row(Phase.CLOSING, _L, "EFNA", Phase.IDLE),
    Row(Phase.TURN, _S, "CD", Phase.IDLE),
    Row(Phase.RECEIPT, _L, "RTR", Phase.IDLE),
    # Tolerated, see _TOLERATED: stations that do not wait for the credit before the end of a file.
    Row(Phase.CREDIT, _S, "EFID", Phase.CLOSING),
)

NEXT = {(row.phase, row.sender, row.command, row.when): row.next for row in TABLE}
_LEGAL = {(row.phase, row.sender, row.command) for row in TABLE}
_TOLERATED = {(Phase.CREDIT, _S, "EFID"): "SEQ-EFID"}
"""Moves that RFC 5024 has not, with the rule that they break: who makes them has not the floor."""
_FLOOR = {(row.phase, row.sender) for row in TABLE if (row.phase, row.sender, row.command) not in _TOLERATED}

_NAMED = {
    (Phase.CREDIT, _S, "DATA"): "SEQ-CRED",
    (Phase.DATA, _L, "CDT"): "SEQ-CDT",
}
_NAMED_BY_FLOOR = {
    (Phase.READY, _I): "SEQ-FIRST",
    (Phase.TURN, _S): "SEQ-CDREQ",
}


def legal(phase: Phase, sender: Role, command: str) -> bool:
    """Return whether `sender` may send `command` in `phase`."""
    return (phase, sender, command) in _LEGAL


def violation(phase: Phase, sender: Role, command: str) -> str:
    """Return the key of the rule that a command without a row breaks."""
    named = _NAMED.get((phase, sender, command)) or _NAMED_BY_FLOOR.get((phase, sender))
    return named or ("SEQ-CMD" if (phase, sender) in _FLOOR else "SEQ-TURN")


_PAGE = """# The order of commands

`make docs` makes this page from `src/seon/oftp2/phases.py`.

A session is in one of these phases. The Speaker is the side that has the turn, and the Listener is
the other one. The Initiator, which opened the connection, is the first Speaker.

{phases}

## Moves

A command that has no row here for its phase and sender breaks a rule. ESID has no row: either side
may end a session abnormally in any phase after READY. Only one may end it normally (reason 00): the
Speaker, if it has just got the turn by a CD for which it had not asked.

{moves}

## What other commands break

They break `SEQ-CMD` if the sender has the floor, and `SEQ-TURN` if it has not. These have a rule of
their own:

{named}
"""


def as_markdown() -> str:
    """Return the table for people: docs/state-table.md is this, and a test compares them."""
    floors = {phase: next((role.value for at, role in _FLOOR if at is phase), "") for phase in Phase}
    named = _NAMED | {(phase, role, "anything else"): rule for (phase, role), rule in _NAMED_BY_FLOOR.items()}
    breaks = [_TOLERATED.get((row.phase, row.sender, row.command), "") for row in TABLE]
    return _PAGE.format(
        phases=table(
            ("Phase", "What is due", "Who has the floor"),
            *((phase.name, phase.value, floors[phase]) for phase in Phase),
        ),
        moves=table(
            ("Phase", "Sender", "Command", "If", "Next phase", "Breaks"),
            *(
                (row.phase.name, row.sender.value, row.command, row.when.value, row.next.name, rule)
                for row, rule in zip(TABLE, breaks, strict=True)
            ),
        ),
        named=table(
            ("Phase", "Sender", "Command", "Rule"),
            *((phase.name, role.value, command, rule) for (phase, role, command), rule in named.items()),
        ),
    )
