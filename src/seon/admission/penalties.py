"""Penalties of sources whose handshakes fail: OpenSSH's PerSourcePenalties is the model (sshd_config(5)).

Each failure adds seconds. Time takes them away again. From `SHUT_SECONDS` on the source is shut out until nothing is
left. Pure: time is an argument, in seconds of one clock that does not jump.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

SHUT_SECONDS = 15.0
"""A penalty of so much shuts a source out, until it has gone."""
MOST_SECONDS = 300.0
"""No penalty is greater: what was wrong may have been put right meanwhile."""
MOST_SOURCES = 20_000
"""Sources with a penalty; beyond that the mildest penalties are forgotten."""


class Failure(Enum):
    """How a connection has failed before its peer was verified."""

    NOTHING_SAID = auto()
    """Closed by the peer before it has said anything: a health check does that."""
    PUSHED_OUT = auto()
    """Its place was taken, since its source held most."""
    HANDSHAKE = auto()
    """The TLS handshake failed."""
    REFUSED = auto()
    """Verified, and not admitted."""
    TOO_LONG = auto()
    """Not done in time."""


COSTS: Mapping[Failure, float] = {
    Failure.NOTHING_SAID: 1.0,
    Failure.PUSHED_OUT: 2.0,
    Failure.HANDSHAKE: 5.0,
    Failure.REFUSED: 5.0,
    Failure.TOO_LONG: 10.0,
}
"""Seconds that each adds."""


@dataclass(slots=True)
class _Penalty:
    until: float
    shuts: bool


class Penalties:
    """The penalties of one port, by neighbourhood."""

    def __init__(self) -> None:
        self._penalties: dict[str, _Penalty] = {}
        self._ends: list[tuple[float, str]] = []
        """A heap: the mildest first. An entry whose time is not the penalty's any more is passed over."""

    def __len__(self) -> int:
        return len(self._penalties)

    def add(self, neighbourhood: str, failure: Failure, now: float) -> None:
        """Count a failure."""
        self._forget_gone(now)
        before = self._penalties.get(neighbourhood)
        left = before.until - now if before else 0.0
        seconds = min(left + COSTS[failure], MOST_SECONDS)
        shuts = seconds >= SHUT_SECONDS or (before is not None and before.shuts)
        self._penalties[neighbourhood] = _Penalty(now + seconds, shuts)
        heapq.heappush(self._ends, (now + seconds, neighbourhood))
        while len(self._penalties) > MOST_SOURCES:
            self._drop_mildest()
        if len(self._ends) > 2 * len(self._penalties) + 64:  # else failures of one source would fill it
            self._ends = [(one.until, name) for name, one in self._penalties.items()]
            heapq.heapify(self._ends)

    def rest(self, neighbourhood: str, now: float) -> float:
        """Return for how many seconds a source is still shut out; 0.0: it is not."""
        penalty = self._penalties.get(neighbourhood)
        return max(0.0, penalty.until - now) if penalty and penalty.shuts else 0.0

    def forgive(self, neighbourhood: str) -> None:
        """Forget the penalty of a source: somebody of it was admitted."""
        self._penalties.pop(neighbourhood, None)

    def _forget_gone(self, now: float) -> None:
        while self._ends and self._ends[0][0] <= now:
            self._drop_mildest()

    def _drop_mildest(self) -> None:
        until, neighbourhood = heapq.heappop(self._ends)
        penalty = self._penalties.get(neighbourhood)
        if penalty and penalty.until == until:
            del self._penalties[neighbourhood]
