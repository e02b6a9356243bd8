"""Identification codes are bound to the certificate: who came in as a partner speaks as that partner (mission A10).

The rules are ADM-CODE, ADM-ORIG and ADM-DEST. Codes are compared octet by octet, but for their trailing spaces: RFC
5024 5.2 knows capitals only, stations differ in whether "acme" is "ACME" to them, and what the station behind us takes
for somebody else must not pass as this partner. A partner that shows lower case gets its code in lower case.
"""

from collections.abc import Mapping

from seon.oftp2.commands import Command, StartFile, StartSession
from seon.oftp2.errors import Flaw
from seon.oftp2.happenings import Side
from seon.oftp2.rules import RULES


class Binding:
    """Which codes go with which side of a session; a side without any may show any."""

    def __init__(self, codes: Mapping[Side, frozenset[str]]) -> None:
        self._codes = {side: frozenset(map(_unpadded, allowed)) for side, allowed in codes.items()}

    def flaws(self, side: Side, command: Command) -> list[Flaw]:
        """Return which codes in a command of `side` are not of the side that they must be of."""
        if isinstance(command, StartSession):
            return self._foreign("ADM-CODE", "SSIDCODE", side, command.code)
        if isinstance(command, StartFile):
            return [
                *self._foreign("ADM-ORIG", "SFIDORIG", side, command.originator),
                *self._foreign("ADM-DEST", "SFIDDEST", side.other, command.destination),
            ]
        return []

    def _foreign(self, rule: str, field: str, owner: Side, code: str) -> list[Flaw]:
        allowed = self._codes.get(owner)
        return [Flaw(rule, 0, field, RULES[rule].meaning)] if allowed and code not in allowed else []


def _unpadded(code: str) -> str:
    return code.rstrip(" ")
