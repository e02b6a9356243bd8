"""Counts to limits: how many sessions there may be, in all, per partner and per minute. Time is an argument."""

from collections import Counter, deque

import msgspec

from seon.config import ClientPartner, Limits, ServerPartner
from seon.wording import fill

MINUTE = 60.0


RATE_SHARE = 4
"""A partner alone may use a quarter of the sessions a minute, so that none can keep out all others."""


def limits_of(partner: ServerPartner | ClientPartner, general: Limits) -> Limits:
    """Return the limits of a partner's sessions: the general ones, but for its own number of sessions at once."""
    if partner.sessions is None:
        return general
    return msgspec.structs.replace(general, sessions_per_partner=partner.sessions)


class SessionCounts:
    """The sessions of one main: running ones by partner, and when the last incoming ones began, and whose they were."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._begun: deque[tuple[float, str]] = deque()
        self._rate: Counter[str] = Counter()

    def begin(self, partner: str, limits: Limits, now: float, *, rated: bool = True) -> str | None:
        """Count a session that begins at `now` (monotonic seconds); return the limit it breaks instead, or None.

        Outgoing sessions are not `rated`: the inside starts them, and no partner may use up their share.
        """
        self._forget_old(now)
        share = max(1, limits.sessions_per_minute // RATE_SHARE)
        checks = [
            (self._running.total(), limits.sessions, "{limit:# session|# sessions} at once"),
            (
                self._running[partner],
                limits.sessions_per_partner,
                "{limit:# session|# sessions} of partner {partner} at once",
            ),
        ]
        if rated:
            checks += [
                (len(self._begun), limits.sessions_per_minute, "{limit:# new session|# new sessions} a minute"),
                (self._rate[partner], share, "{limit:# new session|# new sessions} of partner {partner} a minute"),
            ]
        for count, limit, text in checks:
            if count >= limit:
                return fill(f"the limit of {text}", {"limit": limit, "partner": partner})
        if rated:
            self._begun.append((now, partner))
            self._rate[partner] += 1
        self._running[partner] += 1
        return None

    def _forget_old(self, now: float) -> None:
        while self._begun and now - self._begun[0][0] >= MINUTE:
            _, partner = self._begun.popleft()
            _less(self._rate, partner)

    def end(self, partner: str) -> None:
        """Count a session that has ended."""
        _less(self._running, partner)

    def running(self) -> int:
        """Return how many sessions are running."""
        return self._running.total()


def _less(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
