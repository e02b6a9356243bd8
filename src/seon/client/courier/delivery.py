"""The way of events: from the main to the disk, and from there to Seonapi."""

import asyncio
import time
from functools import partial

from seon.api_messages import EVENTS_PER_BATCH, EventBatch
from seon.client.courier import messages as c
from seon.client.courier.api import Api, ApiError, ApiRejectedError
from seon.client.courier.seonapi import Seonapi
from seon.client.courier.spool import Spool, SpoolError
from seon.client.courier.troubles import Patience, Say, Trouble, words
from seon.events import Event
from seon.link.messages import LinkError
from seon.process.backoff import Backoff, Reminder
from seon.process.outbox import Intake
from seon.wording import fill

EACH = 10
"""So many times what was set aside is told at once, and after that at growing intervals: each telling is an event,
which may be one that Seonapi does not take either."""


class Delivery:
    """Keeps events on disk until Seonapi has stored them."""

    def __init__(self, api: Api, seonapi: Seonapi, spool: Spool, say: Say, patience: Patience) -> None:
        self._api = api
        self._seonapi = seonapi
        self._spool = spool
        self._say = say
        self._patience = patience
        self._trouble = Trouble("spooled", say, patience)
        self._to_keep: asyncio.Queue[c.Keep] = asyncio.Queue()
        self._intake = Intake()
        self._spooled = asyncio.Event()
        self._spooled.set()  # what the last start has left
        self._aside: dict[c.State, int] = {"rejected": 0, "unreadable": 0}
        steps = (0,) * (EACH - 1) + tuple(patience.reminders)
        self._reminders = {state: Reminder(steps) for state in self._aside}

    # --- to the disk --------------------------------------------------------------------------------------------------

    def keep(self, note: c.Keep) -> None:
        """Take events; `keep_forever` writes and acknowledges them."""
        self._to_keep.put_nowait(note)  # one at a time: the main waits for its acknowledgement

    async def keep_forever(self) -> None:
        """Write events to the spool, acknowledge them then. While that fails, the hops before keep theirs.

        Raises LinkError if the main has left events out.
        """
        while True:
            note = await self._to_keep.get()
            try:
                fresh = self._intake.fresh(note.first_number, note.events)
            except ValueError as error:
                raise LinkError(str(error)) from None
            pauses = Backoff(self._patience.pauses)
            while fresh and not await self._kept(fresh, pauses):
                pass
            await self._say(c.Kept(self._intake.safe(note.first_number, len(note.events))))
            self._spooled.set()

    async def _kept(self, events: tuple[Event, ...], pauses: Backoff) -> bool:
        try:
            self._spool.keep(events)
        except SpoolError as error:
            seconds = pauses.next()
            await self._trouble.found("keep", "spool", str(error), seconds)
            await asyncio.sleep(seconds)
            return False
        await self._trouble.mended("keep")
        return True

    def state(self) -> str:
        """Return in words what waits here."""
        try:
            return fill("{count:# event|# events|no event} in the spool", {"count": self._spool.count()})
        except SpoolError as error:
            return f"the spool cannot be used: {error}"

    def waiting(self) -> int:
        """Return how many events wait in the spool; -1 if it cannot be used."""
        try:
            return self._spool.count()
        except SpoolError:
            return -1

    # --- to Seonapi ---------------------------------------------------------------------------------------------------

    async def deliver_forever(self) -> None:
        """Bring the spool to Seonapi, oldest first; forget only what it has stored."""
        await self._seonapi.enrolled.wait()
        pauses = Backoff(self._patience.pauses)
        while True:
            await self._spooled.wait()
            self._spooled.clear()
            try:
                while await self._deliver_oldest():
                    pass
            except SpoolError as error:
                seconds = pauses.next()
                await self._trouble.found("deliver", "spool", str(error), seconds)
                await asyncio.sleep(seconds)
                self._spooled.set()
            else:
                pauses.reset()
                await self._trouble.mended("deliver")

    async def _deliver_oldest(self) -> bool:
        """Deliver the oldest events, or set those aside that cannot be; return whether there were any."""
        most = EVENTS_PER_BATCH
        while (found := self._spool.oldest(most)).events and not found.unreadable:
            rejected = await self._seonapi.insist("events", partial(self._store, EventBatch(found.events)))
            if rejected is None:
                self._spool.taken(found)
                return True
            if len(found.events) == 1:
                name = f"{found.events[0].id} {found.events[0].code}"
                await self._set_aside("rejected", {found.number: (name, str(rejected))})
                return True
            most = len(found.events) // 2
        if found.unreadable:
            await self._set_aside("unreadable", found.unreadable)
        return bool(found.unreadable)

    async def _store(self, batch: EventBatch) -> ApiRejectedError | None:
        """Return None once all of the batch is stored, or how Seonapi has rejected it. Raises ApiError."""
        try:
            stored = await self._api.store(batch)
        except ApiRejectedError as error:
            return error
        if stored != len(batch.events):
            raise ApiError(f"it stored {stored} of {len(batch.events)} events")
        return None

    async def _set_aside(self, state: c.State, rows: dict[int, tuple[str, str]]) -> None:
        """Set events aside, number to (name, why), and tell the main, but not of each without end."""
        self._spool.set_aside({number: why for number, (_, why) in rows.items()})
        self._aside[state] += len(rows)
        if self._reminders[state].due(time.monotonic()):
            name, why = list(rows.values())[-1]
            count = f"{self._aside[state]} since the start, the last: " if self._aside[state] > 1 else ""
            await self._say(c.ApiState(state, words(f"{count}{name}: {why}")))
