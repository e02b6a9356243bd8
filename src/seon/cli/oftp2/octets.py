"""Octets as people have them at hand: hex of many kinds, or the octets themselves."""

import re

MAX_INPUT = 8 * 1024 * 1024
"""Octets of input that `decode` takes."""

_BETWEEN = re.compile(r"[\s,;:\-]+")
_PREFIX = re.compile(r"\A(?:0x|\\x)", re.IGNORECASE)
_INNER_PREFIX = re.compile(r"\\x", re.IGNORECASE)
_NO_DIGIT = re.compile(r"[^0-9A-Fa-f]")
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e]*\Z")


class NoOctetsError(Exception):
    """What was given is neither hex nor octets."""


def from_hex(text: str) -> bytes:
    """Return the octets of hex with spaces, new lines, commas, colons, hyphens, `0x` or `\\x` between or before them.

    Raises NoOctetsError, which names the line.
    """
    digits = []
    for number, line in enumerate(text.split("\n"), 1):
        for word in _BETWEEN.split(line):
            bare = _INNER_PREFIX.sub("", _PREFIX.sub("", word))
            wrong = _NO_DIGIT.search(bare)
            if wrong:
                raise NoOctetsError(f"line {number}: {wrong[0]!a} is no hex digit")
            digits.append("0" + bare if len(bare) == 1 and bare != word else bare)
    joined = "".join(digits)
    if len(joined) % 2:
        raise NoOctetsError(f"{len(joined)} hex digits: an octet has two")
    return bytes.fromhex(joined)


def from_input(raw: bytes, *, binary: bool) -> bytes:
    """Return the octets that a file holds, in hex or as they are: anything that is no text is binary."""
    if binary or not _TEXT.match(raw):
        return raw
    try:
        return from_hex(raw.decode("ascii"))
    except NoOctetsError as error:
        raise NoOctetsError(f"{error}; --binary takes a text as octets") from None
