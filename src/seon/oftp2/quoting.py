"""What a stranger sent, shown to people: nothing in it can look like something else, and nothing is escaped twice."""

import re

MAX_SEEN = 48
"""Octets of a field that are shown."""

_PARTS = re.compile(rb"([ !#-\[\]-~]+)|[^ !#-\[\]-~]+")
"""Runs of printable ASCII without quotation mark and backslash, and runs of all else."""


def quoted(octets: bytes) -> str:
    """Return printable ASCII in quotation marks and all other octets in hex: `"ST" fc "CK"`; empty for none.

    At most MAX_SEEN octets, then `...`. There is no backslash in it, so that a log has nothing to escape.
    """
    shown = octets[:MAX_SEEN]
    parts = [f'"{found[0].decode("ascii")}"' if found[1] else found[0].hex(" ") for found in _PARTS.finditer(shown)]
    return " ".join([*parts, "..."] if len(octets) > MAX_SEEN else parts)
