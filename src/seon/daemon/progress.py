"""How far a session is, by the word of its process: the newest only, at a bounded rate.

SECURITY: the process is hostile. What it says is bounded by its form (`process.line`) and names no session: the main
knows whose line it is. It is shown, and nothing is decided by it.
"""

import time
from collections import deque
from collections.abc import Callable

from seon.daemon.rate import Bucket
from seon.process import line

A_SECOND, AT_ONCE = 2.0, 60.0
"""An honest process says it once a second, and not at all while its main has not read what it said before."""
RATE_SECONDS = 4.0
"""Over so long the rate is taken; when nothing was said for so long, nothing moves."""
MOST = 2**63 - 1
"""The greatest rate that can be said."""


class Progress:
    """What one session process has said. `clock` counts seconds and does not jump."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.said: line.Progress | None = None
        """The newest."""
        self._clock = clock
        self._bucket = Bucket(A_SECOND, AT_ONCE, clock)
        self._samples: deque[tuple[float, int]] = deque([(clock(), 0)])
        """When there were how many octets in both directions."""

    def take(self, claim: line.Progress) -> None:
        """Take what it says. Raises line.NonsenseError for one that says it again and again."""
        if self._bucket.take() > 0:
            raise line.NonsenseError("it says again and again how far it is")
        now = self._clock()
        self.said = claim
        while len(self._samples) > 1 and self._samples[0][0] < now - RATE_SECONDS:
            self._samples.popleft()
        self._samples.append((now, claim.octets_in + claim.octets_out))

    def rate(self) -> int:
        """Return octets a second in both directions, over the last seconds."""
        (began, before), (ended, after) = self._samples[0], self._samples[-1]
        if ended <= began or self._clock() - ended > RATE_SECONDS:
            return 0
        return min(max(int((after - before) / (ended - began)), 0), MOST)
