"""What the main wants said to Seonapi and that may be lost: it is tried until Seonapi answers, and kept on no disk."""

import asyncio
from functools import partial

from seon.client.courier import messages as c
from seon.client.courier.api import Api, ApiRejectedError
from seon.client.courier.seonapi import Seonapi
from seon.client.courier.troubles import Say

MOST = 100
"""Calls that wait while Seonapi is away; more are left out."""


class Posting:
    """Makes the calls one after the other."""

    def __init__(self, api: Api, seonapi: Seonapi, say: Say) -> None:
        self._api = api
        self._seonapi = seonapi
        self._say = say
        self._waiting: asyncio.Queue[c.Post] = asyncio.Queue(MOST)

    def take(self, note: c.Post) -> None:
        """Take a call, if there is room."""
        if not self._waiting.full():
            self._waiting.put_nowait(note)

    async def post_forever(self) -> None:
        """Make the calls as they come."""
        await self._seonapi.enrolled.wait()
        while True:
            note = await self._waiting.get()
            await self._seonapi.insist("post", partial(self._post, note))
            if note.number:
                await self._say(c.Posted(note.number))

    async def _post(self, note: c.Post) -> None:
        """Make a call; what Seonapi does not take now it will never take. Raises ApiError."""
        try:
            await self._api.post(note.call, note.body)
        except ApiRejectedError:
            return
