"""Calls and logins without valid authentication: the first ones of a source are lines of the API log, others counted.

SECURITY: everybody can call. What is kept of it is bounded: `MOST_SOURCES` counts, and `TOLD` lines of each in a
minute. Sources beyond that share one count.
"""

import asyncio
import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from seon.addresses import AddressError, neighbourhood
from seon.backend.api.problems import log
from seon.backend.api.sources import Source
from seon.backend.logs import write_always
from seon.events import Event, Value, describe

TOLD = 20
"""Refusals of a source that are told one by one, in a minute that begins with the first of them."""
MINUTE = 60.0
MOST_SOURCES = 10_000
"""Sources that are counted at once."""
OTHERS = "other sources"
"""What stands for all sources beyond them."""
LOOK_SECONDS = 1.0
"""Between two looks whether the minute of a source is over."""


@dataclass(slots=True)
class _Count:
    since: float
    reason: str
    number: int = 0


class Refusals:
    """Writes refusals, and what it holds back as a number. Any thread may use it."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write, self._clock = write, clock
        self._lock = threading.Lock()
        self._counts: dict[str, _Count] = {}
        """By neighbourhood; the one whose minute ends first stands first."""

    def refused(self, source: Source, reason: str, path: str, code: str = "AUD-TOKEN") -> None:
        """Write a refusal, or count it. `code`: AUD-TOKEN for a call of the API, AUD-LOGIN for a login."""
        self.tell()
        with self._lock:
            key = _neighbourhood(source.address)
            if key not in self._counts and len(self._counts) >= MOST_SOURCES:
                key = OTHERS
            count = self._counts.setdefault(key, _Count(self._clock(), reason))
            count.number, count.reason = count.number + 1, reason
            is_told = count.number <= TOLD
        if is_told:
            fields: dict[str, Value] = {"source": source.address, "reason": reason, "path": path[:2_000]}
            if source.proxy:
                fields["proxy"] = source.proxy
            self._write(_line(code, fields))

    def tell(self, *, everything: bool = False) -> None:
        """Say of each source whose minute is over how many refusals were not told; at the end, of every one."""
        with self._lock:
            over: list[tuple[str, _Count]] = []
            until = self._clock() - MINUTE
            for key, count in self._counts.items():
                if count.since > until and not everything:
                    break
                over.append((key, count))
            for key, _ in over:
                del self._counts[key]
        for key, count in over:
            if (more := count.number - TOLD) > 0:
                self._write(_line("AUD-TOKENS", {"count": more, "source": key, "reason": count.reason}))

    async def keep_telling(self) -> None:
        """Say it again and again. To be cancelled at the end of the process, and `tell` called then."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.tell()


def _neighbourhood(address: str) -> str:
    try:
        return neighbourhood(address)
    except AddressError:  # no address: counted by what it is
        return address[:100]


def _line(code: str, fields: dict[str, Value]) -> str:
    """One line, by the catalogue: stable code for an intrusion detection system, all that a stranger chose escaped."""
    event = Event(id=uuid.uuid4().hex, code=code, time=time.time(), hop="inside", fields=fields)
    return f"{code} {describe(event)}"


refusals = Refusals(lambda line: write_always(log, logging.WARNING, line))
"""Those of this process."""
