"""The command line of Seonapi: one file per subject."""

from seon.cli.seonapi.program import main

__all__ = ["main"]
