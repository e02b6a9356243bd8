"""The standard streams are always there: descriptors 0, 1 and 2 are nobody else's.

A program may be started with some of them closed. Then the next file that it opens gets that number: its log, its PID
file, a socket. Whatever prints would write there, and session processes, which keep 0, 1 and 2, would hold it, too.
"""

import io
import os
import sys

_LAST = 2


def hold_standard_streams() -> None:
    """Open /dev/null in the place of each closed standard stream; called before any other file is opened.

    Output then goes nowhere. `sys.stdin` stays None where it was closed, so that who needs input can say so.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= _LAST:
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()


def _nowhere() -> io.TextIOWrapper:
    """Return a stream for output that nobody sees, with a descriptor of its own."""
    return open(os.devnull, "w", encoding="utf-8", errors="backslashreplace")  # noqa: PTH123  # a special file
