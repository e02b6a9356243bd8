"""After a start: nobody comes in before the revocation lists that the configuration names are here.

Lists live in memory only. Under the soft policy a revoked partner would come in between the first configuration and
its lists. So their coming is waited for, but not for ever: one that does not come must not keep everybody out. Once
that is over it stays so: what is in memory outlives links and configurations.
"""

import asyncio
from collections.abc import Callable

from seon.config import RevocationList
from seon.process.events import Report
from seon.wording import fill

SECONDS = 30.0
"""From the first configuration, or the link with which lists can come again."""
NAMED = 10
"""Lists that an event names."""


class FirstLists:
    """Says whether the first lists are waited for. `pending`: those that have neither been taken nor found unusable."""

    def __init__(
        self, pending: Callable[[], tuple[RevocationList, ...]], report: Report, given_up: Callable[[], None]
    ) -> None:
        self._pending = pending
        self._report = report
        self._given_up = given_up
        """Called when the waiting has ended without all of them."""
        self._over = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def awaited(self) -> bool:
        """Whether nobody may come in yet: also before there is a configuration."""
        return not self._over

    def look(self, *, can_come: bool) -> None:
        """Something has changed. `can_come`: whether there is a configuration, and a client that brings its lists."""
        if self._over:
            return
        if not can_come:
            self._stop()
        elif not self._pending():
            self._over = True
            self._stop()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SECONDS, self._give_up)

    def _stop(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._over, missing = True, self._pending()
        named = ", ".join(one.url or f"SHA-256 {one.sha256}" for one in missing[:NAMED])
        text = fill("{named}[ and {more} more]", {"named": named, "more": len(missing) - len(missing[:NAMED])})
        self._report("CRL-LATE", count=len(missing), seconds=round(SECONDS), missing=text)
        self._given_up()
