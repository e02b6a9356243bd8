"""The server's events on their way to the disk inside: stamped as the DMZ's, and acknowledged once they are there."""

import asyncio
from collections.abc import Callable

import msgspec

from seon.client.courier_line import CourierLine
from seon.events import MAX_ID, Event, may_come_from_dmz
from seon.link import messages as m

ROOM_SECONDS = 1.0
"""When there was no room for an event, after so long it is looked for again."""


class DmzEvents:
    """The batches of one control link. A new link has a new one: the server sends again what was not acknowledged."""

    def __init__(self, courier: CourierLine, acknowledge: Callable[[int], None]) -> None:
        self._courier = courier
        self._acknowledge = acknowledge
        """Called with the number of the last event of a batch once all of it is on disk."""
        self._waiting: list[Event] = []
        """Events of the batch that there was no room for yet: so long the server keeps them too."""
        self._left = self._last = 0
        """Events of the batch that are not on disk yet, and the number of its last one."""

    def take(self, message: m.Events) -> None:
        """Keep a batch. Raises LinkError for one before the last was acknowledged, and for what a server cannot say."""
        if self._left:
            raise m.LinkError("events came before the last ones were acknowledged")
        if not all(may_come_from_dmz(event) for event in message.events):
            raise m.LinkError("an event came that a server has no reason to send")
        self._waiting = [stamped(event) for event in message.events]
        self._left = len(self._waiting)
        self._last = message.first_number + self._left - 1
        self._keep_waiting()

    def _keep_waiting(self) -> None:
        while self._waiting and self._courier.has_room():
            self._courier.keep(self._waiting.pop(0), self._kept)
        if self._waiting:
            asyncio.get_running_loop().call_later(ROOM_SECONDS, self._keep_waiting)

    def _kept(self) -> None:
        self._left -= 1
        if not self._left:
            self._acknowledge(self._last)


def stamped(event: Event) -> Event:
    """Return an event of the DMZ marked as such: no id of the inside begins so, whatever the server calls its own."""
    return msgspec.structs.replace(event, hop="dmz", id=f"dmz.{event.id}"[:MAX_ID])
