"""Which build this is: its version, the date of its commit, the commit. "unknown" where nobody can say.

A wheel carries what hatch_build.py wrote into it (`seon._build`). A checkout asks git, once in a process and only when
somebody wants to know: a host in the DMZ has a wheel, and starts no program for this.
"""

import importlib
import os
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

UNKNOWN = "unknown"
_GIT = ("git", "log", "-1", "--format=%cd %h", "--date=format:%Y%m%d", "--abbrev=12")
GIT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Build:
    """A build as it is shown: version as in 0.1.0, build as in 20261126, commit in hex."""

    version: str
    build: str = UNKNOWN
    commit: str = UNKNOWN

    @property
    def short(self) -> str:
        """Version and build, as the two ends of a link tell them each other."""
        return f"{self.version}, build {self.build}"

    def __str__(self) -> str:
        return f"{self.version}, build {self.build}, commit {self.commit}"


@lru_cache(maxsize=1)
def this_build() -> Build:
    """Return the build that runs. The first call may start git: make it before the event loop begins."""
    from seon import __version__  # noqa: PLC0415  # hatch_build.py runs this file where there is no package yet

    try:
        written = importlib.import_module("seon._build")
        return Build(__version__, written.BUILD, written.COMMIT)
    except ModuleNotFoundError:
        return Build(__version__, *from_git(Path(__file__).parents[2]))


def from_git(root: Path) -> tuple[str, str]:
    """Return date and commit of the checkout at `root`, each "unknown" where it is none or git does not answer."""
    if not (root / ".git").exists():  # a directory, or a file in a worktree; never one further up
        return UNKNOWN, UNKNOWN
    # In a hook of git its variables name another repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603  # fixed arguments
            _GIT, cwd=root, env=environment, capture_output=True, text=True, timeout=GIT_SECONDS, check=True
        )
        date, commit = done.stdout.split()
    except (OSError, subprocess.SubprocessError, ValueError):
        return UNKNOWN, UNKNOWN
    return date, commit
