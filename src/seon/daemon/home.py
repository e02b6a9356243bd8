"""The program's directory: identity key, log, PID file, spool. SEON_HOME replaces it."""

import os
import sys
from pathlib import Path


class StartError(Exception):
    """The program cannot start; the text says why and what to do."""


def home() -> Path:
    """Return SEON_HOME, or the directory of the program itself. Raises StartError if it is no directory."""
    named = os.environ.get("SEON_HOME")
    path = Path(named) if named else Path(sys.argv[0]).resolve().parent
    if not path.is_dir():
        raise StartError(f"SEON_HOME is {path}, which is not a directory; make it or name another")
    return path
