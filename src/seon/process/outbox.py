"""Events on their way to the next hop: kept until it has acknowledged them, oldest first, at most so many."""

import itertools
from collections import deque

import msgspec

from seon.events import Event

CAPACITY = 10_000
"""Events kept in memory while nobody takes them; the newest are dropped beyond that, and counted."""


class Outbox:
    """A queue of numbered events in memory, one end of a hop; the other end has an `Intake`.

    Each event has a number: 1 for the first, one more for each that follows; dropped ones have none. The other end
    says up to which number it has all events. It may say so late, twice, or for many at once: nothing is lost by it.
    """

    def __init__(self) -> None:
        self._events: deque[tuple[Event, int]] = deque()
        """Each with its octets as JSON."""
        self.first_number = 1
        """The number of the oldest event that is still here, or of the next that comes."""
        self.dropped = 0
        """Events there was no room for, since somebody last said so."""

    @property
    def next_number(self) -> int:
        """The number that the next event gets."""
        return self.first_number + len(self._events)

    def add(self, event: Event) -> bool:
        """Keep an event under the next number. False if there is no room: it is dropped and counted as such."""
        if not self.has_room():
            self.dropped += 1
            return False
        self._events.append((event, len(msgspec.json.encode(event))))
        return True

    def has_room(self) -> bool:
        """Whether one more event would be kept."""
        return len(self._events) < CAPACITY

    def batch(self, most: int, octets: int) -> tuple[Event, ...]:
        """Return the oldest events, at most so many and of so many octets as JSON, but at least one; they stay.

        The first of them has `first_number`, and each of the others one more.
        """
        batch: list[Event] = []
        for event, size in itertools.islice(self._events, most):
            octets -= size + 1
            if batch and octets < 0:
                break
            batch.append(event)
        return tuple(batch)

    def taken_up_to(self, number: int) -> int:
        """Forget all events up to this number, which the next hop has; return how many they were.

        A number that was said before, or is behind one that was, forgets nothing. Raises ValueError for one that no
        event has got yet: whoever says so cannot have it.
        """
        if number >= self.next_number:
            raise ValueError(f"event {number} was acknowledged, and the last one has number {self.next_number - 1}")
        taken = max(number - self.first_number + 1, 0)
        for _ in range(taken):
            self._events.popleft()
        self.first_number += taken
        return taken

    def __len__(self) -> int:
        return len(self._events)


class Intake:
    """The other end of an `Outbox`: which events have come for the first time, and up to which number all are safe."""

    def __init__(self) -> None:
        self.up_to: int | None = None
        """The number up to which all are safe, for the acknowledgement; None before anything came."""

    def fresh(self, first_number: int, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Return those of a batch that are not safe yet; the others are repeated.

        The first batch of all may begin with any number: the outbox may be older than this end. Raises ValueError if
        numbers were left out after that.
        """
        if self.up_to is None:
            self.up_to = first_number - 1
        if first_number > self.up_to + 1:
            raise ValueError(f"event {first_number} came, and {self.up_to + 1} should have")
        return events[self.up_to + 1 - first_number :]

    def safe(self, first_number: int, count: int) -> int:
        """Note that a batch is safe now; return the number to acknowledge."""
        self.up_to = max(self.up_to or 0, first_number + count - 1)
        return self.up_to
