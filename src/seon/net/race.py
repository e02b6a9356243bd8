"""Happy eyeballs without a thread (RFC 8305): all addresses of a host, a little after each other, the first one wins.

The plan is pure. The race takes steps and never waits, so that a session process and a main's loop can both run it.
"""

import contextlib
import errno
import ipaddress
import selectors
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Self

from seon.addresses import canonical, shown
from seon.net.failures import DialError, Stage, connect_causes

DELAY_SECONDS = 0.25
"""From one attempt to the next ("Connection Attempt Delay", RFC 8305 section 5)."""
MOST = 16
"""Addresses that are tried: a name server may say any number, and each costs a descriptor."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect to. `address`: in its one spelling; `sockaddr`: what the system wants for it."""

    address: str
    family: socket.AddressFamily
    sockaddr: tuple[str, int] | tuple[str, int, int, int]


@dataclass(frozen=True, slots=True)
class Plan:
    """In which order, and how many seconds after each other."""

    places: tuple[Place, ...]
    delay: float


def place_of(address: str, port: int, scope: int = 0) -> Place:
    """Return the place of a literal address; an IPv4-mapped IPv6 address is IPv4. Raises AddressError."""
    host = canonical(address)
    if isinstance(host, ipaddress.IPv4Address):
        return Place(str(host), socket.AF_INET, (str(host), port))
    return Place(str(host), socket.AF_INET6, (str(host), port, 0, scope))


def plan(found: Sequence[Place], seconds: float, source: str = "") -> Plan:
    """Order the places of a host: the families take turns (RFC 8305 section 4), beginning with that of the first.

    Only those of the family of `source` are left, if that is given. Each has its share of the `seconds` there are:
    where the usual delay would leave the last ones no time, it is shorter.
    """
    wanted = canonical(source).version if source else 0
    places = [each for each in dict.fromkeys(found) if not source or canonical(each.address).version == wanted]
    first = [each for each in places if each.family == places[0].family]
    other = [each for each in places if each.family != places[0].family]
    in_turns = [each for each in chain(*zip_longest(first, other)) if each is not None][:MOST]
    return Plan(tuple(in_turns), min(DELAY_SECONDS, max(0.0, seconds) / (len(in_turns) + 1)))


class Race:
    """Attempts to connect to the places of a plan, until `deadline` (time.monotonic).

    Call `step` until it returns a socket; between two calls wait until `fileno` is readable, at most `pause` seconds.
    """

    def __init__(self, target: str, plan: Plan, deadline: float, source: str = "") -> None:
        self._target = target
        self._plan = plan
        self._waiting = deque(plan.places)
        self._running: dict[socket.socket, Place] = {}
        self._failed: list[tuple[str, int]] = []
        self._source = str(canonical(source)) if source else ""
        self._next_at = time.monotonic()
        self._began, self._deadline = self._next_at, deadline
        self._selector = selectors.EpollSelector()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close whatever has not won."""
        self._selector.close()
        for sock in self._running:
            sock.close()

    def fileno(self) -> int:
        """Return a descriptor that is readable when an attempt has come to its end."""
        return self._selector.fileno()

    def wait(self) -> None:
        """Wait for what is next."""
        self._selector.select(self.pause())

    def pause(self) -> float:
        """Return the seconds until something is to be done."""
        until = min(self._next_at, self._deadline) if self._waiting else self._deadline
        return max(0.0, until - time.monotonic())

    def step(self) -> socket.socket | None:
        """Do what is due; return the connected, non-blocking socket once there is one. Raises DialError at the end."""
        for key, _ in self._selector.select(0):
            if winner := self._settle(key.data):
                return winner
        if time.monotonic() >= self._deadline:
            silent = [*self._running.values(), *self._waiting]
            self._failed += [(place.address, errno.ETIMEDOUT) for place in silent]
            raise self._lost()
        while self._waiting and (not self._running or time.monotonic() >= self._next_at):
            if winner := self._start(self._waiting.popleft()):
                return winner
        if not self._running:
            raise self._lost()
        return None

    def _settle(self, ended: socket.socket) -> socket.socket | None:
        """Look at an attempt that has come to its end; where it failed, the next one is due at once."""
        self._selector.unregister(ended)
        place = self._running.pop(ended)
        number = ended.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if not number:
            return ended
        ended.close()
        self._failed.append((place.address, number))
        self._next_at = time.monotonic()
        return None

    def _start(self, place: Place) -> socket.socket | None:
        """Begin an attempt; return its socket if it is connected already."""
        self._next_at = time.monotonic() + self._plan.delay
        with contextlib.ExitStack() as opened:
            try:
                sock = opened.enter_context(socket.socket(place.family, socket.SOCK_STREAM))
                sock.setblocking(False)
                self._bind(sock)
                number = sock.connect_ex(place.sockaddr)
            except OSError as error:  # this family is switched off, or there is no descriptor left
                number = error.errno or errno.EINVAL
            if number in (0, errno.EINPROGRESS):
                opened.pop_all()
                if not number:
                    return sock
                self._running[sock] = place
                self._selector.register(sock, selectors.EVENT_WRITE, sock)
                return None
        self._failed.append((place.address, number))
        self._next_at = time.monotonic()
        return None

    def _bind(self, sock: socket.socket) -> None:
        if not self._source:
            return
        try:
            sock.bind((self._source, 0))
        except OSError as error:
            words = f"the outgoing address {self._source} cannot be used: {(error.strerror or '').lower()}"
            raise DialError(self._target, Stage.CONNECT, words) from error

    def _lost(self) -> DialError:
        first, *more = self._plan.places
        literal = not more and shown(first.address, first.sockaddr[1]) == self._target
        causes = connect_causes(self._failed, self._deadline - self._began, literal=literal)
        return DialError(self._target, Stage.CONNECT, causes)
