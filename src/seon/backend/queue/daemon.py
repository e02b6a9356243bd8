"""The loop of the queue daemon."""

import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from types import FrameType

from django.db import connection

from seon.backend import logs
from seon.backend.configuration.models import Settings
from seon.backend.queue.cleanup import TASKS

RETRY_SECONDS = 30
"""How soon the next round comes when the database could not even be asked for the time slice."""

log = logging.getLogger("seon.queue")


def run(say: Callable[[str], None]) -> None:
    """Do a round of tasks in every time slice until SIGTERM or SIGINT; `say` gets the ready line.

    SIGHUP reopens the log, signals 20 to 24 set its level: within a round between two of its tasks, else at once.
    """
    signals = Signals()
    log.info("Queue daemon started")
    say("ready")
    while not signals.ending:
        run_round(signals)
        signals.wait(_time_slice())
    log.info("Queue daemon ended")


class Signals:
    """What signals ask for. A handler only notes it: the code that it interrupts may be writing to the log."""

    def __init__(self) -> None:
        self.ending = False
        self._wanted: deque[Callable[[], None]] = deque(maxlen=100)
        self._came = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._noting(self._end))
        signal.signal(signal.SIGHUP, self._noting(logs.reopen_log))
        for level_signal, level in logs.SIGNALS.items():
            signal.signal(level_signal, self._noting(partial(logs.set_level, level)))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, logs.OBEYED)

    def _noting(self, act: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
        def note(_: int, __: FrameType | None) -> None:
            self._wanted.append(act)
            self._came.set()

        return note

    def _end(self) -> None:
        self.ending = True

    def act(self) -> None:
        """Do what was asked for until now."""
        while self._wanted:
            self._wanted.popleft()()

    def wait(self, seconds: float) -> None:
        """Do what is asked for, for so long or until the end is."""
        until = time.monotonic() + seconds
        while not self.ending and (left := until - time.monotonic()) > 0:
            if self._came.wait(left):
                self._came.clear()
                self.act()


def run_round(signals: Signals | None = None) -> None:
    """Do every task once; one that fails is logged and tried again in the next round."""
    for task in TASKS:
        if signals is not None:
            signals.act()
        began = time.monotonic()
        try:
            told = task()
        except Exception:
            log.exception("%s failed", task.__name__)
            connection.close()
        else:
            if told:
                log.info("%s", told)
            log.debug("%s took %.1f ms", task.__name__, (time.monotonic() - began) * 1_000)


def _time_slice() -> float:
    """Seconds until the next round; asked each time, so that a change counts at once."""
    try:
        return Settings.load().queue_seconds
    except Exception:
        log.exception("The time slice cannot be read")
        connection.close()
        return RETRY_SECONDS
