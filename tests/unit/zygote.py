"""Runs functions of test modules in processes of their own: started once, imports once, forks for each call.

A call is one JSON line on standard input: file, function, arguments, and a file for the output. The answer is a line
with the exit status. The process has one thread, as a main of ours has when it forks.
"""

import contextlib
import json
import os
import runpy
import sys
import traceback
from pathlib import Path

import pytest  # noqa: F401  # what every call would import otherwise

sys.path.append(str(Path(__file__).parents[1]))  # what all tests share lies there (conftest.py does the same)

import seon.client.main
import seon.server.main  # noqa: F401


def call(file: str, function: str, arguments: list[str], output: str) -> None:
    """Be the process of one call; never returns."""
    status = 1
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for number in (1, 2):
            os.dup2(descriptor, number)
        os.close(descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.closerange(3, 4)
        sys.argv = [file]
        sys.path.insert(0, os.path.dirname(file))  # noqa: PTH120  # a test's own helpers lie beside it
        runpy.run_path(file)[function](*arguments)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
        print(end.code)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def main() -> None:
    """Serve calls until standard input ends."""
    for line in iter(sys.stdin.readline, ""):
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            call(*request)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
