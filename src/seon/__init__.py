"""Seon SmartProxy: a security proxy for OFTP2. Where things live: docs/design.md."""

__version__ = "0.1.0"
