"""Events on their way to the next hop: kept until it has acknowledged them, oldest first, at most so many."""

import itertools
from collections import deque

import msgspec

from seon.events import Event

CAPACITY = 10_000
"""Events kept in memory while nobody takes them; the newest are dropped beyond that, and counted."""


class Outbox:
    """A queue in memory. `batch` shows the oldest, `taken` forgets them: in between nothing is lost."""

    def __init__(self) -> None:
        self._events: deque[tuple[Event, int]] = deque()
        """Each with its octets as JSON."""
        self.dropped = 0
        """Events there was no room for, since somebody last said so."""

    def add(self, event: Event) -> None:
        """Keep an event, or count it as dropped when there are too many."""
        if len(self._events) >= CAPACITY:
            self.dropped += 1
        else:
            self._events.append((event, len(msgspec.json.encode(event))))

    def batch(self, most: int, octets: int) -> tuple[Event, ...]:
        """Return the oldest events, at most so many and of so many octets as JSON, but at least one; they stay."""
        batch: list[Event] = []
        for event, size in itertools.islice(self._events, most):
            octets -= size + 1
            if batch and octets < 0:
                break
            batch.append(event)
        return tuple(batch)

    def taken(self, count: int) -> None:
        """Forget the oldest `count` events: the next hop has them. More than there are is a mistake of its."""
        for _ in range(min(count, len(self._events))):
            self._events.popleft()

    def __len__(self) -> int:
        return len(self._events)
