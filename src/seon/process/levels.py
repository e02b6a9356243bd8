"""The levels of log lines (mission D3)."""

from enum import IntEnum


class Level(IntEnum):
    """Signals 20 to 24 choose one of trace, debug, info, error and fatal for the process that gets them."""

    TRACE = 5
    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    FATAL = 50
