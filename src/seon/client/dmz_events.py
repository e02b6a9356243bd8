"""The server's events on their way to the disk inside: stamped as the DMZ's, and acknowledged once they are there.

They are taken at a bounded pace. A DMZ host in an attacker's hands would else fill disk and database, and with critical
events the queue of the event script, which the events of others need, too. An honest server that has more to say keeps
it for as long.
"""

import asyncio
import time
from collections.abc import Callable

import msgspec

from seon.client.courier_line import CourierLine
from seon.daemon.rate import Bucket
from seon.events import MAX_ID, Event, Severity, may_come_from_dmz, severity_of
from seon.link import messages as m
from seon.process.events import Report

ROOM_SECONDS = 1.0
"""When there was no room for an event, after so long it is looked for again."""
EVENTS_A_SECOND = 500
EVENTS_AT_ONCE = 20_000
"""Twice of what a server keeps while no client is there (seon.process.outbox)."""
CRITICAL_COSTS = 500
"""As many others: one starts a program inside. An honest server has a handful of them in its life."""
OCTETS_OF_ONE = 1_000
"""An event of more octets counts as several; most have 400."""
SAID_SECONDS = 60.0
"""That it waits is said at most so often."""


class DmzPace:
    """How fast the events of the DMZ are taken, over all links of this client."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._bucket = Bucket(EVENTS_A_SECOND, EVENTS_AT_ONCE)
        self._said = -SAID_SECONDS

    def wait(self, event: Event) -> float:
        """Return for how long to wait with this event; 0.0: it is taken, and counted."""
        cost = CRITICAL_COSTS if severity_of(event.code) >= Severity.CRITICAL else 1
        seconds = self._bucket.take(cost + len(msgspec.json.encode(event)) // OCTETS_OF_ONE)
        if seconds and time.monotonic() >= self._said + SAID_SECONDS:
            self._said = time.monotonic()
            self._report("CLI-FLOOD", rate=EVENTS_A_SECOND)
        return seconds


class DmzEvents:
    """The batches of one control link. A new link has a new one: the server sends again what was not acknowledged."""

    def __init__(self, courier: CourierLine, pace: DmzPace, acknowledge: Callable[[int], None]) -> None:
        self._courier = courier
        self._pace = pace
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
        seconds = ROOM_SECONDS
        while self._waiting and self._courier.has_room():
            if wait := self._pace.wait(self._waiting[0]):
                seconds = wait
                break
            self._courier.keep(self._waiting.pop(0), self._kept)
        if self._waiting:
            asyncio.get_running_loop().call_later(seconds, self._keep_waiting)

    def _kept(self) -> None:
        self._left -= 1
        if not self._left:
            self._acknowledge(self._last)


def stamped(event: Event) -> Event:
    """Return an event of the DMZ marked as such: no id of the inside begins so, whatever the server calls its own."""
    return msgspec.structs.replace(event, hop="dmz", id=f"dmz.{event.id}"[:MAX_ID])
