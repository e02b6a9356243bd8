"""The steps of something that takes time, for the log: each with what it took since the one before."""

import time
from collections.abc import Callable


class Pace:
    """Says steps. `wanted` is asked at each, so the level may change between two of them."""

    def __init__(self, wanted: Callable[[], bool], say: Callable[[str], None]) -> None:
        self._wanted, self._say = wanted, say
        self._last = time.monotonic()

    def done(self, step: str) -> None:
        """Say that a step is done, in words, and how many milliseconds it took."""
        now, before = time.monotonic(), self._last
        self._last = now
        if self._wanted():
            self._say(f"{step} ({(now - before) * 1000:.1f} ms)")
