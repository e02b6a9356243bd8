"""The waiting call: many callers wait for a new configuration version, one reading of the database serves all."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from seon.backend.api.problems import log
from seon.backend.configuration.versioned import read_version
from seon.backend.trust.own import switch_due

INTERVAL = 0.25
"""Seconds between two readings while somebody waits: a change is seen within 0.5 s."""
SWITCH_INTERVAL = 1.0
"""Seconds between two looks whether an own certificate is planned for now."""


class VersionWatch:
    """Readings of the version, shared by everybody who waits in this process. Belongs to one event loop."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="version")
        self._reading: asyncio.Task[int] | None = None
        self._closing = asyncio.Event()
        self._switch_at = 0.0

    async def wait_for_other(self, known: int, seconds: float) -> bool:
        """Wait until the version is not `known`, at most so long; return whether it is another one now."""
        try:
            async with asyncio.timeout(seconds):
                while not self._closing.is_set():
                    if await self._next_reading() != known:
                        return True
        except TimeoutError:
            pass
        return False

    def close(self) -> None:
        """Let everybody who waits go: the program ends."""
        self._closing.set()

    async def _next_reading(self) -> int:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.get_running_loop().create_task(self._read())
        return await asyncio.shield(self._reading)  # one caller that goes away must not take the others' reading along

    async def _read(self) -> int:
        await asyncio.sleep(INTERVAL)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read_version)

    def _read_version(self) -> int:
        if time.monotonic() >= self._switch_at:
            self._switch_at = time.monotonic() + SWITCH_INTERVAL
            _switch_due()
        return _read_version()


def _switch_due() -> None:
    try:
        switch_due()
    except Exception:  # the next reading but three tries again, and the queue daemon in its next round
        log.exception("What is planned for now cannot be put in use")
        connection.close()


def _read_version() -> int:
    try:
        return read_version()
    except Exception:
        connection.close()  # the database went away: begin the next reading afresh
        raise


watch = VersionWatch()
