"""`seon quickstart`: a whole installation on one machine, every program in a process of its own."""

from seon.cli.quickstart.command import quickstart

__all__ = ["quickstart"]
