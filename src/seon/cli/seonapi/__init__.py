"""The command line of Seonapi: one file per subject."""

from seon.cli.seonapi.program import main
from seon.cli.seonapi.queue import send_queue

__all__ = ["main", "send_queue"]
