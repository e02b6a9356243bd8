"""`seon oftp2`: check recorded sessions, and explain octets field by field."""

from seon.cli.oftp2.command import oftp2

__all__ = ["oftp2"]
