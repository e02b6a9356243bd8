"""A token bucket: so many at once, so many a second."""

import time
from collections.abc import Callable


class Bucket:
    """Full at first. Time is a clock's, in seconds, that does not jump."""

    def __init__(self, per_second: float, at_once: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second, self._at_once, self._clock = per_second, at_once, clock
        self._tokens, self._since = at_once, clock()

    def take(self, tokens: float = 1) -> float:
        """Take so many tokens and return 0.0, or return the seconds until there are as many. At most `at_once`."""
        now = self._clock()
        self._tokens = min(self._at_once, self._tokens + (now - self._since) * self._per_second)
        self._since = now
        if self._tokens >= tokens:
            self._tokens -= tokens
            return 0.0
        return (tokens - self._tokens) / self._per_second

    def wait(self) -> float:
        """Take one token, now or of those that are to come; return the seconds until it is there."""
        seconds = self.take()
        if seconds:
            self._tokens -= 1
        return seconds
