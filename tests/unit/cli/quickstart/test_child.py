"""A program that ends when the quick start does."""

import os
import select
import subprocess
import sys
from pathlib import Path

from seon.cli.quickstart import child

CHILD = Path(child.__file__)
STARTS_ONE = """
import os, subprocess, sys, time
process = subprocess.Popen([sys.executable, sys.argv[1], str(os.getpid()), sys.executable, "-c",
                            "import time; print('running', flush=True); time.sleep(60)"], stdout=subprocess.PIPE)
assert process.stdout.readline() == b"running\\n"
print(process.pid, flush=True)
time.sleep(60)
"""


def become(parent: int, *program: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-I", "-S", str(CHILD), str(parent), *program], capture_output=True, text=True, check=False
    )


def test_it_becomes_the_program_with_its_arguments() -> None:
    done = become(os.getpid(), sys.executable, "-c", "import sys; print(sys.argv[1:]); sys.exit(3)", "a b", "-x")
    assert (done.returncode, done.stdout) == (3, "['a b', '-x']\n")


def test_the_program_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", STARTS_ONE, str(CHILD)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        pidfd = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    try:
        assert select.select([pidfd], [], [], 10)[0], "a pidfd is readable once its process has ended"
    finally:
        os.close(pidfd)


def test_it_does_not_begin_when_its_parent_has_ended_already() -> None:
    done = become(1, sys.executable, "-c", "print('begun')")
    assert (done.returncode, done.stdout) == (child.ENDED, "")


def test_a_program_that_is_not_there_is_named() -> None:
    done = become(os.getpid(), "/nowhere/program")
    assert done.returncode == child.NOT_RUN
    assert "/nowhere/program: No such file" in done.stderr
