"""What a check finds, and how checks are run."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from seon.backend.home import Home
from seon.events import shown

MOST_OF_A_KIND = 50
"""Findings that one check may report; an installation may have thousands of partners."""


class Level(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """Something does not work."""
    WARNING = "warning"
    """It works, and soon will not, or less safely than it could."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    level: Level
    check: str
    """Which check has found it: for programs, stable."""
    what: str
    """What is wrong, in a sentence without its full stop."""
    where: str
    """The file, the object or the setting."""
    advice: str
    """What to do."""


Found = tuple[Level, str, str, str]
"""What a check yields: level, what, where, advice."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at."""

    name: str
    meaning: str
    """What is fine where it finds nothing."""
    look: Callable[[Home], Iterable[Found]]


def error(what: str, where: object, advice: str) -> Found:
    """Return something that does not work."""
    return Level.ERROR, what, str(where), advice


def warning(what: str, where: object, advice: str) -> Found:
    """Return something that soon will not work."""
    return Level.WARNING, what, str(where), advice


def run(checks: Sequence[Check], home: Home) -> Iterator[Finding]:
    """Yield what these checks find. One that fails itself is a finding, and stops no other."""
    for check in checks:
        try:
            found = list(check.look(home))
        except Exception as trouble:  # a check meets broken things, whatever they are
            reason = shown((str(trouble).splitlines() or [type(trouble).__name__])[0])
            found = [error(f"it cannot be checked whether {check.meaning}: {reason}", check.name, "see the reason")]
        for level, what, where, advice in found[:MOST_OF_A_KIND]:
            yield Finding(level, check.name, what, where, advice)
        more = len(found) - MOST_OF_A_KIND
        if more > 0:
            yield Finding(found[-1][0], check.name, f"{more} more of this kind", found[-1][2], "mend those above first")
