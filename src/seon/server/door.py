"""The door of a port: who may wait there until it is verified, who has to go for others, and whose turn it is.

One door for each port, as long as the program runs: what it knows of sources outlives configurations.
"""

import asyncio
import contextlib
import functools
import socket
import time
from collections.abc import Callable, Iterator

from seon import addresses
from seon.admission.penalties import Failure, Penalties
from seon.admission.places import KnownSources, Places
from seon.net.ends import Caller
from seon.net.networks import Networks
from seon.server.turns import Turns
from seon.wording import fill

PENALTY = "its source has a penalty for failed handshakes, {rest:# second|# seconds} more"
HELD_MOST = "all places for handshakes are taken, and its source holds most of them"
OLDEST = "all places for handshakes are taken, and it was the oldest of those that may go"
NO_TIME = "there was no time for its handshake: too many others"
_OWN = Networks(["127.0.0.1"])
"""This host itself has no penalty: a forwarder there may stand for many sources. `::1` counts as this."""
_NOBODY = Networks()
Tell = Callable[[Caller, str], None]
"""Hears whose connection is ended, and why."""


class Place:
    """A connection that holds a place, made in the task that serves it. Its first failure counts, at once."""

    def __init__(
        self,
        sock: socket.socket,
        caller: Caller,
        turns: Turns,
        failed: "Callable[[Place, Failure], None]",
        *,
        known: bool,
    ) -> None:
        self.caller = caller
        self.neighbourhood = addresses.neighbourhood(caller.address)
        self.known = known
        """Whether it comes from a source that was admitted lately."""
        self._sock = sock
        self._task = asyncio.current_task()
        self._turns = turns
        self._tell = failed
        self._has_failed = False
        self._waits = False

    async def turn(self) -> None:
        """Wait until the next step of the handshake may be computed."""
        self._waits = True
        await self._turns.turn(self.neighbourhood, known=self.known)
        self._waits = False

    def failed(self, heard: bytes) -> None:
        """Its handshake has failed; `heard`: the first octets of the peer."""
        self._fail(Failure.HANDSHAKE if heard else Failure.NOTHING_SAID)

    def refused(self) -> None:
        """The peer has shown who it is, and may not come in."""
        self._fail(Failure.REFUSED)

    def took_too_long(self) -> bool:
        """Its time is over; return whether that is the peer's doing: it is not while it waits for its turn."""
        if not self._waits:
            self._fail(Failure.TOO_LONG)
        return not self._waits

    def give_way(self, *, held_most: bool) -> None:
        """End it for others: the task that serves it is cancelled, and can send nothing more."""
        self._fail(Failure.PUSHED_OUT if held_most else Failure.GAVE_WAY)
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        if self._task:
            self._task.cancel()

    def left(self) -> None:
        """Let go of the task: a cancelled one refers to its frames, and all of TLS would wait for the collector."""
        self._task = None

    def _fail(self, failure: Failure) -> None:
        if not self._has_failed:
            self._has_failed = True
            self._tell(self, failure)


class Door:
    """Lets callers wait at a port. `tell` hears of those turned away; `clock` counts seconds and does not jump."""

    def __init__(self, tell: Tell, clock: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._clock = clock
        self._places: Places[Place] = Places()
        self._penalties = Penalties()
        self._known = KnownSources()
        self._turns = Turns()

    def is_shut(self, caller: Caller, exempt: Networks = _NOBODY) -> bool:
        """Whether this caller's source has a penalty: that is told, and the caller is to be closed at once."""
        rest = self._penalties.rest(addresses.neighbourhood(caller.address), self._clock())
        if not rest or caller.address in exempt:
            return False
        self._tell(caller, fill(PENALTY, {"rest": max(1, round(rest))}))
        return True

    @contextlib.contextmanager
    def place(
        self, sock: socket.socket, caller: Caller, limit: int, exempt: Networks = _NOBODY, *, trusted: bool = False
    ) -> Iterator[Place]:
        """Give a caller one of `limit` places while the block runs, in the task that serves it.

        `trusted`: it counts as a known source, though nobody was admitted from there (a load balancer).
        """
        known = trusted or self._known.knows(addresses.neighbourhood(caller.address), self._clock())
        place = Place(sock, caller, self._turns, functools.partial(self._punish, exempt), known=known)
        for taken in self._places.enter(place, place.neighbourhood, known=known, limit=limit):
            held_most = self._places.held(taken.neighbourhood) > 0
            taken.give_way(held_most=held_most)
            self._tell(taken.caller, HELD_MOST if held_most else OLDEST)
        try:
            yield place
        finally:
            self._places.leave(place)
            place.left()

    def _punish(self, exempt: Networks, place: Place, failure: Failure) -> None:
        """Count a failure, but not of a known source: it may have become one since this caller came."""
        address, now = place.caller.address, self._clock()
        known = place.known or self._known.knows(place.neighbourhood, now)
        if not known and address not in exempt and address not in _OWN:
            self._penalties.add(place.neighbourhood, failure, now)

    def admitted(self, place: Place) -> None:
        """The peer is verified: its source is a known one from now on."""
        place.known = True
        self._known.admitted(place.neighbourhood, self._clock())
        self._penalties.forgive(place.neighbourhood)
