"""Becomes a program that ends when the quick start does, however that ends: `child.py PARENT PROGRAM [ARGUMENT ...]`.

A step of its own between fork and exec, since code of Python's that runs in a forked process is not safe. The quick
start runs this file by its path with an interpreter that loads nothing else, so it may import nothing of ours.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
NOT_RUN, ENDED = 127, 128 + signal.SIGTERM
"""Exit statuses as shells have them: a program that cannot be run, and one that SIGTERM has ended."""


def main(arguments: list[str]) -> int:
    """Become the program. Returns only if it cannot be run, or its parent has ended meanwhile."""
    parent, program = int(arguments[0]), arguments[1:]
    # Asked for by this process, it holds through exec, but not in what the program forks: that sees to itself.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the request: no signal will come
        return ENDED
    try:
        os.execvp(program[0], program)  # noqa: S606  # a program of ours, without a shell
    except OSError as error:
        sys.stderr.write(f"{program[0]}: {error.strerror}\n")
    return NOT_RUN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
