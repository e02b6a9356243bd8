"""Which numbers two programs of different versions have in common: of the link's protocol, of configuration formats.

Pure. Compatibility begins with number 3 of both. The highest number that both know is chosen. If there is none, the
older of the two has to be upgraded, and everybody who notices says so in the same words.
"""

from typing import NamedTuple


class Side(NamedTuple):
    """A program with the range of numbers that its build knows."""

    name: str
    """As it stands in a sentence: "the server"."""
    build: str
    """Empty: it has not said."""
    oldest: int
    """0: it has not said."""
    newest: int

    @property
    def known(self) -> str:
        """The range in words."""
        if not self.oldest:
            return f"up to {self.newest}"
        return f"{self.oldest}" if self.oldest == self.newest else f"{self.oldest} to {self.newest}"

    def __str__(self) -> str:
        return f"{self.name} ({self.build})" if self.build else self.name


class VersionError(Exception):
    """Two versions do not fit; the text names both, and the host to upgrade."""


def agreed(what: str, one: Side, other: Side) -> int:
    """Return the highest number that both sides know. Raises VersionError. `what` is counted: "link protocol"."""
    for side in (one, other):
        if side.oldest > side.newest:
            raise VersionError(f"{side} says that it knows {what} {side.known}, which is no range")
    number = min(one.newest, other.newest)
    if number >= max(one.oldest, other.oldest):
        return number
    older, newer = sorted((one, other), key=lambda side: side.newest)
    raise VersionError(
        f"{newer} knows {what} {newer.known}, {older} knows {older.known}: upgrade the host of {older.name}"
    )
