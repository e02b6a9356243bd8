"""Refusals of one source, told in full for the first few and counted after that: no stranger writes our log for us.

Many strangers together do not either: there is a limit for all sources, and of those counted only so many are named.
"""

import asyncio
import heapq
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from seon.addresses import neighbourhood
from seon.events import Value
from seon.net.ends import Caller
from seon.process.events import Report

TOLD = 10
"""Refusals of one kind and source a minute that are told one by one."""
TOLD_IN_ALL = 1_000
"""Refusals of one kind a minute that are told one by one, of all sources together."""
NAMED = 100
"""Sources that are named with their number when the minute is over, those with most refusals; the others share one."""
MINUTE = 60.0
MOST_SOURCES = 10_000
"""Sources that are counted at once; beyond that all others share one count."""


_OTHERS = "other sources"


@dataclass(slots=True)
class _Count:
    last: Caller
    number: int = 0
    told: int = 0

    @property
    def more(self) -> int:
        """How many were not told one by one."""
        return self.number - self.told


class Quieter:
    """Reports refusals. What it holds back is told as a number when the minute is over."""

    def __init__(self, report: Report, clock: Callable[[], float] = time.monotonic) -> None:
        self._report = report
        self._clock = clock
        self._counts: dict[tuple[str, str], _Count] = {}
        """By neighbourhood and code."""
        self._told: Counter[str] = Counter()
        """By code, since when the minute began."""
        self._since = clock()
        self._timer: asyncio.TimerHandle | None = None

    def refused(self, caller: Caller, code: str, **fields: Value) -> None:
        """Report a refusal of this caller, or count it."""
        if self._clock() - self._since >= MINUTE:
            self.summarise()
        key = (neighbourhood(caller.address), code)
        if key not in self._counts and len(self._counts) >= MOST_SOURCES:
            key = (_OTHERS, code)
        count = self._counts.setdefault(key, _Count(caller))
        count.number, count.last = count.number + 1, caller
        if count.told < TOLD and self._told[code] < TOLD_IN_ALL:
            count.told += 1
            self._told[code] += 1
            self._report(code, source=caller.source, target=caller.target, **fields)
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(MINUTE, self.summarise)

    def summarise(self) -> None:
        """Say how many were not told one by one, and begin a new minute."""
        counts, self._counts, self._since = self._counts, {}, self._clock()
        self._told.clear()
        if self._timer:
            self._timer.cancel()
            self._timer = None
        untold = {key: count for key, count in counts.items() if count.more}
        named = heapq.nlargest(NAMED, (key for key in untold if key[0] != _OTHERS), key=lambda key: untold[key].more)
        for network, code in named:
            self._sum_up(network, code, [untold.pop((network, code))])
        for code in dict.fromkeys(code for _, code in untold):
            self._sum_up(_OTHERS, code, [count for key, count in untold.items() if key[1] == code])

    def _sum_up(self, network: str, code: str, counts: list[_Count]) -> None:
        more, last = sum(count.more for count in counts), counts[-1].last
        self._report("ADM-MORE", count=more, kind=code, network=network, source=last.source, target=last.target)
