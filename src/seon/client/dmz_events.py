"""The server's events on their way to the disk inside: stamped as the DMZ's, and acknowledged once they are there."""

from collections.abc import Callable

import msgspec

from seon.client.courier_line import CourierLine
from seon.events import MAX_ID, Event, may_come_from_dmz
from seon.link import messages as m


class DmzEvents:
    """The batches of one control link. A new link has a new one: the server sends again what was not acknowledged."""

    def __init__(self, courier: CourierLine, acknowledge: Callable[[int], None]) -> None:
        self._courier = courier
        self._acknowledge = acknowledge
        """Called with the number of events of a batch once all of it is on disk."""
        self._left = 0
        """Events of the batch that are not on disk yet."""

    def take(self, message: m.Events) -> None:
        """Keep a batch. Raises LinkError for one before the last was acknowledged, and for what a server cannot say."""
        if self._left:
            raise m.LinkError("events came before the last ones were acknowledged")
        if not all(may_come_from_dmz(event) for event in message.events):
            raise m.LinkError("an event came that a server has no reason to send")
        self._left = count = len(message.events)

        def kept() -> None:
            self._left -= 1
            if not self._left:
                self._acknowledge(count)

        for event in message.events:
            if not self._courier.keep(stamped(event), kept):
                kept()  # no room: lost, and counted as such by whoever keeps them


def stamped(event: Event) -> Event:
    """Return an event of the DMZ marked as such: no id of the inside begins so, whatever the server calls its own."""
    return msgspec.structs.replace(event, hop="dmz", id=f"dmz.{event.id}"[:MAX_ID])
