"""Names between OFTP2 and the file system: virtual file names are a stranger's words, paths are ours."""

import re
import time
from pathlib import Path

from seon.oftp2.commands import StartFile

_NOT_X = re.compile(r"[^0-9A-Z/\-.&() ]")
_NOT_PLAIN = re.compile(r"[^0-9A-Za-z._-]")
MAX_NAME = 26
"""Octets of SFIDDSN (RFC 5024 section 5.3.3)."""


def virtual_name(path: Path) -> str:
    """Return the virtual file name for a local file: upper case, other characters outside the X set become `-`."""
    return _NOT_X.sub("-", path.name.upper())[:MAX_NAME].strip()


def plain(text: str) -> str:
    """Return `text` as one plain part of a path: no separator, never hidden, and no two texts become the same."""
    escaped = _NOT_PLAIN.sub(lambda match: "".join(f"%{octet:02X}" for octet in match[0].encode()), text)
    return "%2E" + escaped[1:] if escaped.startswith(".") else escaped or "%"


def local_name(start: StartFile) -> str:
    """Return the file name under which an incoming file is kept; name, moment and originator make it unique."""
    return f"{plain(start.name)}.{plain(start.date + start.time)}.{plain(start.originator)}"


def moment(seconds: float, counter: int) -> str:
    """Return CCYYMMDDHHMMSScccc for a Unix time, local as the RFC asks; `counter` tells files of one second apart."""
    return time.strftime("%Y%m%d%H%M%S", time.localtime(seconds)) + f"{counter % 9999 + 1:04d}"
