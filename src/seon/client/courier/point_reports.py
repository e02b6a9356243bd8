"""Where revocation lists are, said to Seonapi (mission B5): kept in memory, since the server says it again.

That Seonapi is away is said by those calls that matter more. This one is only tried until it works.
"""

import asyncio
import hashlib

from seon.api_messages import CrlSource, CrlSources
from seon.client.courier import messages as c
from seon.client.courier.api import Api, ApiError, ApiRejectedError
from seon.client.courier.lines import Lines
from seon.client.courier.seonapi import Seonapi
from seon.client.courier.troubles import Patience
from seon.process.backoff import Backoff
from seon.process.levels import Level

AT_ONCE = 20
"""In one call."""
MOST = 1_000
"""Kept until they are said; what comes beyond that is let go."""


class PointReports:
    """Says each distribution point once, those that came first before the others."""

    def __init__(self, api: Api, seonapi: Seonapi, lines: Lines, patience: Patience) -> None:
        self._api = api
        self._seonapi = seonapi
        self._lines = lines
        self._patience = patience
        self._waiting: dict[tuple[str, bytes], CrlSource] = {}
        self._come = asyncio.Event()

    def take(self, note: c.CrlsFound) -> None:
        """Take distribution points; those that wait already do so once."""
        for source in note.sources:
            key = (source.url, hashlib.sha256(source.issuer).digest())
            if len(self._waiting) < MOST or key in self._waiting:
                self._waiting[key] = source
        self._come.set()

    async def report_forever(self) -> None:
        """Say what waits."""
        await self._seonapi.enrolled.wait()
        pauses = Backoff(self._patience.pauses)
        while True:
            await self._come.wait()
            self._come.clear()
            while batch := dict(list(self._waiting.items())[:AT_ONCE]):
                try:
                    await self._api.report_crls(CrlSources(tuple(batch.values())))
                except ApiRejectedError as error:
                    await self._lines.write(
                        "api",
                        Level.WARNING,
                        f"Seonapi does not take {len(batch)} addresses of revocation lists: {error}",
                    )
                except ApiError:
                    await asyncio.sleep(pauses.next())
                    continue
                pauses.reset()
                for key in batch:
                    del self._waiting[key]
