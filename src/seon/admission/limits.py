"""Counts to limits: how many sessions there may be, in all, per partner and per minute. Time is an argument."""

from collections import Counter, deque

from seon.config import Limits

MINUTE = 60.0


class SessionCounts:
    """The sessions of one main: running ones by partner, and when the last ones began."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._begun: deque[float] = deque()

    def begin(self, partner: str, limits: Limits, now: float) -> str | None:
        """Count a session that begins at `now` (monotonic seconds); return the limit it breaks instead, or None."""
        while self._begun and now - self._begun[0] >= MINUTE:
            self._begun.popleft()
        checks = (
            (self._running.total(), limits.sessions, "sessions at once"),
            (self._running[partner], limits.sessions_per_partner, f"sessions of partner {partner} at once"),
            (len(self._begun), limits.sessions_per_minute, "new sessions a minute"),
        )
        for count, limit, name in checks:
            if count >= limit:
                return f"the limit of {limit} {name}"
        self._begun.append(now)
        self._running[partner] += 1
        return None

    def end(self, partner: str) -> None:
        """Count a session that has ended."""
        self._running[partner] -= 1
        if self._running[partner] <= 0:
            del self._running[partner]

    def running(self) -> int:
        """Return how many sessions are running."""
        return self._running.total()
