"""Refusals of one source, told in full for the first few and counted after that: no stranger writes our log for us."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from seon.addresses import neighbourhood
from seon.events import Value
from seon.net.ends import Caller
from seon.process.events import Report

TOLD = 10
"""Refusals of one kind and source a minute that are told one by one."""
MINUTE = 60.0
MOST_SOURCES = 10_000
"""Sources that are counted at once; beyond that all others share one count."""


@dataclass(slots=True)
class _Count:
    last: Caller
    number: int = 0


class Quieter:
    """Reports refusals. What it holds back is told as a number when the minute is over."""

    def __init__(self, report: Report, clock: Callable[[], float] = time.monotonic) -> None:
        self._report = report
        self._clock = clock
        self._counts: dict[tuple[str, str], _Count] = {}
        """By neighbourhood and code."""
        self._since = clock()
        self._timer: asyncio.TimerHandle | None = None

    def refused(self, caller: Caller, code: str, **fields: Value) -> None:
        """Report a refusal of this caller, or count it."""
        if self._clock() - self._since >= MINUTE:
            self.summarise()
        key = (neighbourhood(caller.address), code)
        if key not in self._counts and len(self._counts) >= MOST_SOURCES:
            key = ("other sources", code)
        count = self._counts.setdefault(key, _Count(caller))
        count.number, count.last = count.number + 1, caller
        if count.number <= TOLD:
            self._report(code, source=caller.source, target=caller.target, **fields)
        elif count.number == TOLD + 1 and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(MINUTE, self.summarise)

    def summarise(self) -> None:
        """Say how many were not told one by one, and begin a new minute."""
        counts, self._counts, self._since = self._counts, {}, self._clock()
        if self._timer:
            self._timer.cancel()
            self._timer = None
        for (network, code), count in counts.items():
            if (more := count.number - TOLD) > 0:
                last = count.last
                self._report("ADM-MORE", count=more, kind=code, network=network, source=last.source, target=last.target)
