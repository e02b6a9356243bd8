"""The loop of the Seon send queue daemon: of several that run on one database, one works."""

import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from types import FrameType

from django.db import connection
from django.utils import timezone

from seon.backend import logs
from seon.backend.configuration.models import Settings
from seon.backend.errors import OperatorError
from seon.backend.queue.jobs import JOBS, do, is_asked_for, is_due, reason_of
from seon.backend.queue.locks import QUEUE, Lock, active, became_active, lock_of, seen
from seon.backend.queue.models import Job
from seon.backend.queue.pausing import resting_by

RETRY_SECONDS = 30
"""How soon the next round comes when the database could not even be asked for the time slice."""
ASK_SECONDS = 2.0
"""How often the active daemon looks whether somebody wants a job now."""
TAKE_SECONDS = 30.0
"""How often a waiting one tries to become the active one at least; more often where half a time slice is less."""

log = logging.getLogger("seon.queue")


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

    def wait(self, seconds: float) -> bool:
        """Do what is asked for, for so long or until the end is; whether that has not come."""
        until = time.monotonic() + seconds
        while not self.ending and (left := until - time.monotonic()) > 0:
            if self._came.wait(left):
                self._came.clear()
                self.act()
        return not self.ending


def run(say: Callable[[str], None]) -> None:
    """Do a round of jobs in every time slice until SIGTERM or SIGINT; `say` gets the ready line.

    SIGHUP reopens the log, signals 20 to 24 set its level: within a round between two of its jobs, else at once.
    """
    signals = Signals()
    log.info("Seon send queue daemon started")
    say("ready")
    worker = Worker(signals)
    while not signals.ending:
        signals.wait(worker.turn())
    worker.lock.release()


def say_ended() -> None:
    """Write the last line of the log: after the events service beside the daemon has ended, too."""
    log.info("Seon send queue daemon ended")


class Worker:
    """Does rounds while it is the active one, and tries to become it while it is not."""

    def __init__(self, signals: Signals) -> None:
        self.lock: Lock = lock_of(QUEUE)
        self._signals = signals
        self._is_active = False
        self._waits_for = ""
        self._round_at = 0.0
        """When the next round is due, by the monotonic clock."""

    def turn(self) -> float:
        """Do what is to be done now; returns after how many seconds to call again."""
        try:
            seconds = Settings.load().queue_seconds
            if not self._take():
                return min(seconds / 2, TAKE_SECONDS)
            if time.monotonic() >= self._round_at or is_asked_for():
                with resting_by(self._signals.wait):
                    run_round(self.lock, self._signals)
                self._round_at = time.monotonic() + seconds
            # The time slice may have been made shorter while we wait.
            self._round_at = min(self._round_at, time.monotonic() + seconds)
            return min(ASK_SECONDS, max(self._round_at - time.monotonic(), 0.0))
        except Exception as error:  # whatever it is: the daemon goes on, and says what is in the way
            log.exception("The queue daemon cannot work (%s); it tries again", reason_of(error))
            connection.close()
            return RETRY_SECONDS

    def _take(self) -> bool:
        """Whether this is the active one; what changes in that is logged."""
        if not self.lock.take():
            self._is_active = False
            other = active(QUEUE)
            if other != self._waits_for:
                log.info("Another queue daemon is active, this one waits: %s", other)
                self._waits_for = other
            return False
        if not self._is_active:
            became_active(QUEUE)
            log.info("This is the active queue daemon now")
            self._is_active, self._waits_for, self._round_at = True, "", 0.0
        return True


def run_round(lock: Lock, signals: Signals | None = None) -> bool:
    """Do every job that is due; whether all were done that are, as far as they can: another may have the lock now."""
    for work in JOBS:
        if signals is not None:
            signals.act()
            if signals.ending:
                return False
        if not lock.held():
            return False
        seen(QUEUE)
        if is_due(work):
            do(work)
    seen(QUEUE)
    return True


def run_once() -> list[Job]:
    """Do one round, by whoever types it; return how the jobs went that were due.

    Raises OperatorError where a queue daemon is active already.
    """
    began = timezone.now()
    lock = lock_of(QUEUE)
    if not lock.take():
        raise OperatorError(f"A queue daemon is active and does that round anyway: {active(QUEUE)}")
    try:
        became_active(QUEUE)
        run_round(lock)
    finally:
        lock.release()
    return list(Job.objects.filter(last_run__gte=began).order_by("last_run"))
