"""Room for the process title: it is written over the command line and the environment that the process began with.

With an empty environment, as some schedulers give, no title can be set at all. Then the command line would stay
visible to every user of the host, and a token or password in it too. So a program with too little room begins again.
"""

import os
import sys
from pathlib import Path

VARIABLE = "SEON_TITLE_ROOM"
_OCTETS = 256
"""Room that is enough for every title."""
ROOM = "." * _OCTETS


def make_room() -> None:
    """Begin this program again with a longer environment, if a title would not fit; else return.

    Call it before anything else: what was read or opened until then is lost. Raises OSError.
    """
    if VARIABLE in os.environ or len(Path("/proc/self/environ").read_bytes()) >= _OCTETS:
        return
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, VARIABLE: ROOM})  # noqa: S606
