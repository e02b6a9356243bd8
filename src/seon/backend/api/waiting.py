"""The waiting call: many callers wait for a new version or an order, one reading of the database serves all."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import connection

from seon.backend.api.problems import log
from seon.backend.configuration.versioned import read_version
from seon.backend.live.orders import Place, places
from seon.backend.trust.own import switch_due

INTERVAL = 0.25
"""Seconds between two readings while somebody waits: a change is seen within 0.5 s."""
SWITCH_INTERVAL = 1.0
"""Seconds between two looks whether an own certificate is planned for now."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the database holds for those who wait."""

    version: int
    ordered: frozenset[Place] = frozenset()
    """For whom orders wait."""

    def is_news(self, known: int, place: Place | None) -> bool:
        """Whether there is something for a caller: another version than it knows, or an order if it asks for some."""
        return self.version != known or place in self.ordered


class VersionWatch:
    """Readings of version and orders, shared by everybody who waits in this process. Belongs to one event loop."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="version")
        self._reading: asyncio.Task[Reading] | None = None
        self._closing = asyncio.Event()
        self._switch_at = 0.0

    async def wait_for_news(self, known: int, seconds: float, place: Place | None = None) -> bool:
        """Wait at most so long until the version is not `known`, or an order waits for `place`; return whether so."""
        try:
            async with asyncio.timeout(seconds):
                while not self._closing.is_set():
                    if (await self._next_reading()).is_news(known, place):
                        return True
        except TimeoutError:
            pass
        return False

    def close(self) -> None:
        """Let everybody who waits go: the program ends."""
        self._closing.set()

    async def _next_reading(self) -> Reading:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.get_running_loop().create_task(self._read())
        return await asyncio.shield(self._reading)  # one caller that goes away must not take the others' reading along

    async def _read(self) -> Reading:
        await asyncio.sleep(INTERVAL)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._take)

    def _take(self) -> Reading:
        if time.monotonic() >= self._switch_at:
            self._switch_at = time.monotonic() + SWITCH_INTERVAL
            _switch_due()
        return take_reading()


def _switch_due() -> None:
    try:
        switch_due()
    except Exception:  # the next reading but three tries again, and the queue daemon in its next round
        log.exception("What is planned for now cannot be put in use")
        connection.close()


def take_reading() -> Reading:
    """Ask the database."""
    try:
        return Reading(read_version(), places())
    except Exception:
        connection.close()  # the database went away: begin the next reading afresh
        raise


watch = VersionWatch()
