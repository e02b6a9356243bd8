"""How a job waits: it goes on doing what signals ask for, and hears at once that the end has come."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return True


_wait: ContextVar[Callable[[float], bool]] = ContextVar("seon_queue_wait", default=_sleep)


def rest(seconds: float) -> bool:
    """Wait so long; whether the job may go on then. Outside the daemon it always may."""
    return _wait.get()(seconds)


@contextmanager
def resting_by(wait: Callable[[float], bool]) -> Iterator[None]:
    """Let jobs in here wait by this function: it waits so many seconds at most, and says whether they may go on."""
    token = _wait.set(wait)
    try:
        yield
    finally:
        _wait.reset(token)
