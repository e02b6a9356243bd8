"""The levels of log lines (mission D3), and the subjects that have settings of their own in the log settings."""

from enum import IntEnum
from typing import Literal, get_args


class Level(IntEnum):
    """Signals 20 to 24 choose one of trace, debug, info, error and fatal for the process that gets them."""

    TRACE = 5
    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    FATAL = 50


Category = Literal[
    "server",
    "client",
    "link",
    "link.tls",
    "gate",
    "gate.tls",
    "session",
    "session.oftp2",
    "session.tls",
    "file",
    "license",
    "configuration",
    "audit",
    "api",
    "courier",
    "log",
]
"""What a line is about. A dot makes a part of a subject: what is set for the subject holds for its parts."""
CATEGORIES: tuple[Category, ...] = get_args(Category)
_BY_CODE: dict[str, Category] = {
    "SRV": "server",
    "CLI": "client",
    "LNK": "link",
    "ADM": "gate",
    "SES": "session",
    "FIL": "file",
    "LIC": "license",
    "CFG": "configuration",
    "AUD": "audit",
    "QUE": "api",
    "EXP": "api",
    "SCR": "api",
}


def category_of(code: str) -> Category:
    """Return what an event of this code is about; `log` for a code of no kind that this build knows."""
    return _BY_CODE.get(code.partition("-")[0], "log")
