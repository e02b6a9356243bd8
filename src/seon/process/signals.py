"""Signals set a flag or a level; the loop acts. 20 to 24 choose the log level of this one process (mission D3)."""

import signal
from collections.abc import Callable, Iterable

from seon.process.levels import Level

ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
LEVELS = {20: Level.TRACE, 21: Level.DEBUG, 22: Level.INFO, 23: Level.ERROR, 24: Level.FATAL}
"""SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGXCPU. Unhandled, the first three would stop the process."""


def handle_levels(change: Callable[[Level], None]) -> None:
    """Call `change` with the level that each of the signals 20 to 24 chooses."""
    for number in LEVELS:
        signal.signal(number, lambda got, _frame: change(LEVELS[got]))


def handle_ending(flag: Callable[[int], None], numbers: Iterable[signal.Signals] = ENDING) -> None:
    """Call `flag(number)` for each signal that ends the process; it may only note it."""
    for number in numbers:
        signal.signal(number, lambda got, _frame: flag(got))
