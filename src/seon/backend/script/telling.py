"""Saying that scripts fail, without saying it a thousand times: once in a minute, with the number of the others."""

import time
from collections.abc import Callable

INTERVAL = 60.0
"""Seconds between two events about failing runs."""
BAD_AGAIN = 3_600.0
"""Seconds after which it is said again that the script cannot be run at all."""

Record = Callable[..., object]
"""`journal.recording.record`."""


class Telling:
    """What of failures was told. No event here is critical: none starts the script again."""

    def __init__(self, record: Record, clock: Callable[[], float] = time.monotonic) -> None:
        self._record, self._clock = record, clock
        self._told_at: float | None = None
        self._more = 0
        self._last: tuple[str, str, str] | None = None
        self._bad = ""
        self._bad_at = 0.0

    def failed(self, file: str, kind: str, reason: str) -> None:
        """A run failed. Tell it now if none was told in the last minute."""
        self._more += 1
        self._last = file, kind, reason
        self.tell_due()

    def tell_due(self) -> None:
        """Tell what waits to be told, if it is time. Raises what the database does; then it waits on."""
        now = self._clock()
        if self._last is None or (self._told_at is not None and now - self._told_at < INTERVAL):
            return
        file, kind, reason = self._last
        self._record("SCR-FAILED", file=file, kind=kind, reason=reason, count=self._more - 1)
        self._told_at, self._more, self._last = now, 0, None

    def bad(self, file: str, reason: str) -> bool:
        """The script cannot be run. Tell it if that is new, or an hour ago; return whether it is new."""
        now, is_new = self._clock(), reason != self._bad
        if is_new or now - self._bad_at >= BAD_AGAIN:
            self._record("SCR-BAD", file=file, reason=reason)
            self._bad, self._bad_at = reason, now
        return is_new

    def good(self) -> bool:
        """The script can be run; return whether that is new."""
        was_bad, self._bad = bool(self._bad), ""
        return was_bad
