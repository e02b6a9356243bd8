"""Signals set a flag or a level; the loop acts. 20 to 24 choose the log level of this one process (mission D3)."""

import signal
from collections.abc import Callable, Iterable

from seon.process.levels import Level

ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
LEVELS = {20: Level.TRACE, 21: Level.DEBUG, 22: Level.INFO, 23: Level.ERROR, 24: Level.FATAL}
"""SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGXCPU. Unhandled, the first three would stop the process."""


def handle_levels(change: Callable[[Level], None]) -> None:
    """Call `change` with the level that each of the signals 20 to 24 chooses, also of those that were held."""
    for number in LEVELS:
        signal.signal(number, lambda got, _frame: change(LEVELS[got]))
    let_through(LEVELS)


OTHERS = (*LEVELS, signal.SIGUSR1, signal.SIGUSR2)
"""What a running process obeys. Unhandled, these would stop or end it."""


def hold_signals() -> None:
    """Let what ends the process, and what it will obey once it runs, wait from here on, also over an exec.

    A handler that raises would not do: a second signal would come into the clean-up of the first, and where C code
    calls Python back (a destructor, for example) the exception would be printed and forgotten (measured).
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, (*ENDING, *OTHERS))


def let_through(numbers: Iterable[int]) -> None:
    """Let these signals come to their handlers from here on, those that were held at once."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)


def after_the_loop() -> None:
    """At the end: let all signals wait, for ever. The loop lets go of them before the last things are done."""
    hold_signals()


def take_held() -> int:
    """Take the signals that were held, and let all later ones through to their handlers; return the first, 0 if none.

    Whoever has started the program may have held some, too.
    """
    first = 0
    while found := signal.sigtimedwait(ENDING, 0):
        first = first or int(found.si_signo)
    let_through((*ENDING, *OTHERS))
    return first


def handle_ending(flag: Callable[[int], None], numbers: Iterable[signal.Signals] = ENDING) -> None:
    """Call `flag(number)` for each signal that ends the process; it may only note it."""
    for number in numbers:
        signal.signal(number, lambda got, _frame: flag(got))
