"""log4c's priorities, and how it matches and inherits them."""

from seon.process.levels import Level

PRIORITIES: dict[str, Level | None] = {
    "FATAL": Level.FATAL,
    "ALERT": Level.FATAL,
    "CRIT": Level.FATAL,
    "ERROR": Level.ERROR,
    "WARN": Level.WARNING,
    "NOTICE": Level.WARNING,
    "INFO": Level.INFO,
    "DEBUG": Level.DEBUG,
    "TRACE": Level.TRACE,
    "NOTSET": None,
    "UNKNOWN": Level.TRACE,
}
"""The lines that a category of a priority writes: those of this level and worse; None: as its parent.

We have no lines of the priorities ALERT, CRIT and NOTICE: such a category writes what is worse. UNKNOWN is above all
others in log4c, and so writes everything.
"""


def priority(name: str) -> Level | None:
    """Return the level of a priority; any case, and what follows the name does not count, as in log4c ("warning").

    Raises LookupError if `name` begins with no priority.
    """
    spoken = name.upper()
    for known, level in PRIORITIES.items():
        if spoken.startswith(known):
            return level
    raise LookupError(name)
