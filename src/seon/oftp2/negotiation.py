"""What two SSIDs agree on (RFC 5024 5.3.2 and 4.2)."""

from dataclasses import dataclass

from seon.oftp2.commands import StartSession
from seon.oftp2.errors import Flaw
from seon.oftp2.layouts import LEVELS
from seon.oftp2.rules import RULES


@dataclass(frozen=True, slots=True)
class Agreement:
    """The values in force after both SSIDs."""

    level: int
    buffer_size: int
    """The longest data exchange buffer: octets, command octet included."""
    credit: int
    compression: bool
    restart: bool
    authentication: bool
    initiator_sends: bool
    responder_sends: bool


def agree(offer: StartSession, answer: StartSession) -> tuple[Agreement, list[Flaw]]:
    """Return what the Initiator's `offer` and the Responder's `answer` come to, and what the answer does wrongly.

    With a flaw of NEG-CRED, NEG-SR, NEG-SPEC or NEG-AUTH there is no agreement that works.
    """
    agreement = Agreement(
        level=min(offer.level, answer.level, max(LEVELS)),
        buffer_size=min(offer.buffer_size, answer.buffer_size),
        credit=answer.credit,
        compression=offer.compression and answer.compression,
        restart=offer.restart and answer.restart,
        authentication=offer.authentication and answer.authentication,
        initiator_sends=offer.direction in "SB" and answer.direction in "RB",
        responder_sends=answer.direction in "SB" and offer.direction in "RB",
    )
    wrong = {
        "NEG-AUTH": ("SSIDAUTH", offer.authentication != answer.authentication),
        "NEG-SR": ("SSIDSR", not (agreement.initiator_sends or agreement.responder_sends)),
        "NEG-CRED": ("SSIDCRED", answer.credit > offer.credit),
        "NEG-SPEC": ("SSIDSPEC", answer.special_logic),
        "NEG-LEV": ("SSIDLEV", answer.level > offer.level),
        "NEG-SDEB": ("SSIDSDEB", answer.buffer_size > offer.buffer_size),
        "NEG-SR2": ("SSIDSR", answer.direction == "B" != offer.direction),
        "NEG-CMPR": ("SSIDCMPR", answer.compression and not offer.compression),
        "NEG-REST": ("SSIDREST", answer.restart and not offer.restart),
    }
    return agreement, [Flaw(rule, 0, name, RULES[rule].meaning) for rule, (name, is_so) in wrong.items() if is_so]
