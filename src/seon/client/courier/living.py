"""What runs, said to Seonapi: the newest only, never queued, kept on no disk.

It goes on while Seonapi is away: each thing that the main says is one try. That Seonapi is away is said by other calls.
"""

import asyncio
import uuid
from collections.abc import Callable

import msgspec

from seon.api_messages import LiveState, LiveUnchanged
from seon.client.courier import messages as c
from seon.client.courier.api import Api, ApiError
from seon.client.courier.seonapi import Seonapi


class Living:
    """Posts what the main says. `waiting` returns how many events wait in the spool; -1: that cannot be known."""

    def __init__(self, api: Api, seonapi: Seonapi, waiting: Callable[[], int]) -> None:
        self._api = api
        self._seonapi = seonapi
        self._waiting = waiting
        self._run = uuid.uuid4().hex
        self._number = 0
        self._state: LiveState | None = None
        """The newest that the main has said, with the number of events that wait now."""
        self._known: LiveState | None = None
        """What Seonapi has taken."""
        self._said = asyncio.Event()

    def take(self, note: c.Live | c.LiveStill) -> None:
        """Take what runs, or that it still does."""
        state = note.state if isinstance(note, c.Live) else self._state
        if state is None:
            return
        self._state = msgspec.structs.replace(state, events_waiting=max(self._waiting(), 0))
        self._said.set()

    async def post_forever(self) -> None:
        """Post what is newest whenever the main has said something."""
        await self._seonapi.enrolled.wait()
        while True:
            await self._said.wait()
            self._said.clear()
            try:
                await self._post()
            except ApiError:
                self._known = None  # whether it was taken is not known

    async def _post(self) -> None:
        """Say what runs, or that nothing has changed, as far as Seonapi knows it. Raises ApiError."""
        state = self._state
        assert state
        if state == self._known and await self._api.live(LiveUnchanged(self._run, self._number)):
            return
        self._number += 1
        whole = msgspec.structs.replace(state, run=self._run, number=self._number)
        self._known = state if await self._api.live(whole) else None
