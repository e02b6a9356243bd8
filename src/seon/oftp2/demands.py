"""What a company demands of a session beyond the protocol: level, authentication, and which files may pass.

RFC 5024 allows all of it; these rules have ids of their own (`POL-...` in rules.py) and apply where they are set.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cached_property

from seon.oftp2.commands import StartFile, StartSession
from seon.oftp2.errors import Flaw
from seon.oftp2.happenings import Side
from seon.oftp2.rules import RULES

BLOCK = 1024
"""Octets of the unit of SFIDFSIZ."""


_FIELDS = {
    "POL-LEVEL": "SSIDLEV",
    "POL-AUTH": "SSIDAUTH",
    "POL-SIZE": "SFIDFSIZ",
    "POL-NAME": "SFIDDSN",
    "POL-DEST": "SFIDDEST",
    "POL-ORIG": "SFIDORIG",
}


def _flaws(broken: Mapping[str, bool]) -> list[Flaw]:
    return [Flaw(rule, 0, _FIELDS[rule], RULES[rule].meaning) for rule, is_so in broken.items() if is_so]


@dataclass(frozen=True)
class FileDemands:
    """What is allowed of files in one direction. What is not set allows everything."""

    max_octets: int = 0
    """The greatest file, in octets as they cross the wire before buffer compression; 0 = no limit."""
    names: tuple[str, ...] = ()
    """Patterns of the virtual file name, `*` any characters, `?` one; upper and lower case are different."""
    destinations: tuple[str, ...] = ()
    """Identification codes that SFIDDEST may have, without trailing spaces."""
    originators: tuple[str, ...] = ()
    """The same for SFIDORIG."""

    def flaws(self, sfid: StartFile) -> list[Flaw]:
        """Return what an offered file breaks. Its size is an estimate: `Transfer` counts what really comes."""
        broken = {
            "POL-SIZE": 0 < self.max_octets <= (sfid.size_k - 1) * BLOCK,
            "POL-NAME": bool(self.names) and not self._names.fullmatch(sfid.name),
            "POL-DEST": bool(self.destinations) and sfid.destination not in self.destinations,
            "POL-ORIG": bool(self.originators) and sfid.originator not in self.originators,
        }
        return _flaws(broken)

    @cached_property
    def _names(self) -> re.Pattern[str]:
        return re.compile("|".join(map(translate, self.names)))


@dataclass(frozen=True)
class Demands:
    """What is demanded of one session."""

    level_5: bool = False
    """No session below level 5: no way back from OFTP2 to OFTP 1.x (RFC 5024 9.2 leaves the level to the stations)."""
    authentication: bool = False
    """Secure authentication (SSIDAUTH = Y)."""
    files: Mapping[Side, FileDemands] = field(default_factory=dict)
    """By the side that sends the file."""

    def flaws(self, ssid: StartSession) -> list[Flaw]:
        """Return what an SSID of either side breaks."""
        broken = {
            "POL-LEVEL": self.level_5 and ssid.level < 5,
            "POL-AUTH": self.authentication and not ssid.authentication,
        }
        return _flaws(broken)

    def of_files(self, sender: Side) -> FileDemands:
        """Return what is demanded of files that `sender` sends."""
        return self.files.get(sender, _NOTHING)


_NOTHING = FileDemands()
