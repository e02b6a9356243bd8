"""Events on their way to the next hop: kept until it has acknowledged them, oldest first, at most so many."""

import itertools
import time
import uuid
from collections import deque
from typing import Literal

from seon.events import Event, Value

CAPACITY = 10_000
"""Events kept in memory while nobody takes them; the newest are dropped beyond that, and counted."""


class EventMaker:
    """Makes the events of one process: unique ids, its hop and its session."""

    def __init__(self, hop: Literal["dmz", "inside"], session: str = "") -> None:
        self._prefix = f"{session or uuid.uuid4().hex}-{hop}"
        self._hop = hop
        self._session = session
        self._numbers = itertools.count(1)

    def make(self, code: str, **fields: Value) -> Event:
        """Return an event that happened now. Texts over 2,000 characters are cut."""
        return Event(
            id=f"{self._prefix}-{next(self._numbers)}",
            code=code,
            time=time.time(),
            hop=self._hop,
            session=self._session,
            fields={name: value[:2_000] if isinstance(value, str) else value for name, value in fields.items()},
        )


class Outbox:
    """A queue in memory. `batch` shows the oldest, `taken` forgets them: in between nothing is lost."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self.dropped = 0

    def add(self, event: Event) -> None:
        """Keep an event, or count it as dropped when there are too many."""
        if len(self._events) >= CAPACITY:
            self.dropped += 1
        else:
            self._events.append(event)

    def batch(self, most: int) -> tuple[Event, ...]:
        """Return the oldest events, at most so many; they stay."""
        return tuple(itertools.islice(self._events, most))

    def taken(self, count: int) -> None:
        """Forget the oldest `count` events: the next hop has them. More than there are is a mistake of its."""
        for _ in range(min(count, len(self._events))):
            self._events.popleft()

    def __len__(self) -> int:
        return len(self._events)
