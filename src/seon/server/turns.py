"""Turns: steps that cost computing time wait here for the loop, so that no flood of handshakes keeps it from others.

One step at a time, and everything else that the loop has to do comes between two: heartbeats, messages, events. Known
sources come first. Strangers get at most half of the time. Within each kind the sources take turns.
"""

import asyncio
import time
from collections.abc import Callable

SHARE = 0.5
"""Of the loop's time, for strangers."""
SAVED_SECONDS = 0.05
"""What strangers may save up of it while they do not use it: a quiet server lets nobody wait."""
LEAST_PAUSE = 0.001
KNOWN_IN_A_ROW = 3
"""Steps of known sources before one of a stranger that waits: a known source must not shut out all others either."""

_Waiter = asyncio.Future[None]


class Turns:
    """Gives the turns of one port. `clock` counts seconds and does not jump."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._known, self._strangers = _Queue(), _Queue()
        self._giving = False
        """Whether turns are being given: one follows the other until nobody waits who may go on."""
        self._pause: asyncio.TimerHandle | None = None
        """Ends when strangers may go on."""
        self._saved, self._since = SAVED_SECONDS, clock()
        self._began = 0.0
        self._in_a_row = 0

    async def turn(self, neighbourhood: str, *, known: bool) -> None:
        """Wait until the caller may compute its next step: what it does until it awaits something is that step."""
        waiter = asyncio.get_running_loop().create_future()
        queue = self._known if known else self._strangers
        queue.add(neighbourhood, waiter)
        if known or not self._pause:
            self._go_on()
        try:
            await waiter
        finally:
            queue.remove(neighbourhood, waiter)

    def _go_on(self) -> None:
        if self._pause:
            self._pause.cancel()
            self._pause = None
        if not self._giving:
            self._giving = True
            asyncio.get_running_loop().call_soon(self._give)

    def _give(self) -> None:
        """Give the next turn, with a look at the clock before and after: the loop runs these three in a row."""
        loop = asyncio.get_running_loop()
        waiter, known = self._next()
        if waiter:
            loop.call_soon(self._begin)
            waiter.set_result(None)
            loop.call_soon(self._give if known else self._count)
            return
        self._giving = False
        if self._strangers:
            self._pause = loop.call_later(max(-self._saved / SHARE, LEAST_PAUSE), self._go_on)

    def _next(self) -> tuple[_Waiter | None, bool]:
        """Return whose turn it is, and whether it comes from a known source."""
        for known in (False, True) if self._in_a_row >= KNOWN_IN_A_ROW else (True, False):
            if not known and not self._strangers_may():
                continue
            if waiter := (self._known if known else self._strangers).take():
                self._in_a_row = self._in_a_row + 1 if known else 0
                return waiter, known
        return None, False

    def _begin(self) -> None:
        self._began = self._clock()

    def _count(self) -> None:
        """A stranger's step is over."""
        self._saved -= self._clock() - self._began
        self._give()

    def _strangers_may(self) -> bool:
        """Whether strangers have time left, now."""
        now = self._clock()
        self._saved = min(SAVED_SECONDS, self._saved + (now - self._since) * SHARE)
        self._since = now
        return self._saved > 0


class _Queue:
    """Who waits, by neighbourhood; these take turns, and in each the first comes first."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[_Waiter, None]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, neighbourhood: str, waiter: _Waiter) -> None:
        self._waiting.setdefault(neighbourhood, {})[waiter] = None

    def remove(self, neighbourhood: str, waiter: _Waiter) -> None:
        """Take somebody out who may have got its turn already, or have given up."""
        waiters = self._waiting.get(neighbourhood)
        if waiters and waiters.pop(waiter, self) is None and not waiters:
            del self._waiting[neighbourhood]

    def take(self) -> _Waiter | None:
        """Return the next one, and let its neighbourhood wait for all others."""
        while self._waiting:
            neighbourhood, waiters = next(iter(self._waiting.items()))
            waiter = next(iter(waiters))
            del self._waiting[neighbourhood], waiters[waiter]
            if waiters:
                self._waiting[neighbourhood] = waiters
            if not waiter.done():  # it has been cancelled, and its task has not run since
                return waiter
        return None
