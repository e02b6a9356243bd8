"""Growing pauses: between tries of what does not work, and between two times of saying so."""

from collections.abc import Sequence

PAUSES = (1, 2, 5, 10, 30)
"""Seconds between tries."""
REMINDERS = (60, 300, 1_800, 3_600)
"""Seconds between two times of saying that something is still wrong."""


class Backoff:
    """The pauses of one run of failures: each step once, then the last one for ever. No clock, no chance in it."""

    def __init__(self, steps: Sequence[float] = PAUSES) -> None:
        self._steps = tuple(steps)
        self._at = 0

    def next(self) -> float:
        """Return how many seconds to wait now; the next call returns the next step."""
        step = self._steps[min(self._at, len(self._steps) - 1)]
        self._at += 1
        return step

    def reset(self) -> None:
        """Begin with the first step again: it has worked."""
        self._at = 0


class Reminder:
    """Whether something that stays wrong must be said now: at first, then again after each of the pauses."""

    def __init__(self, steps: Sequence[float] = REMINDERS) -> None:
        self._pauses = Backoff(steps)
        self._due = float("-inf")

    def due(self, now: float) -> bool:
        """Whether to say it at `now` (seconds of any clock that never jumps). If so, the next time is later."""
        if now < self._due:
            return False
        self._due = now + self._pauses.next()
        return True

    def reset(self) -> None:
        """Say it at once when it is wrong the next time."""
        self._pauses.reset()
        self._due = float("-inf")
