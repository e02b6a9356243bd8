"""Which clients may be linked: what Seonapi has said last, as long as this server runs."""

import time
from collections.abc import Callable

from seon.link.standing import Standing, verified
from seon.process.events import Report

LATE_SECONDS = 60.0
"""Two hosts of Seonapi may differ by so much; a database that was put back shows itself by lists that are newer yet."""
GRACE_SECONDS = 3.0
"""An honest client ends by itself when its token does, and says why; here that of another one is ended."""
SAID_SECONDS = 60.0
"""That a list is passed over is said at most so often."""


class Clients:
    """Holds the list in force. Until the first one has come, each client with a certificate of the link CA may link.

    A client may have kept each list that it ever had, so an old one must not come back into force. What orders them is
    the version of the configuration, which only ever grows in one database: a higher one is taken whatever its time,
    so a clock that was ahead once shuts out nobody. Of one version the newer time is taken. A lower version is an old
    list, unless it is newer by LATE_SECONDS than all that were in force: then the database was put back to an older
    state, and counts on from there. Lists from before that are passed over for good, whatever their version, since
    versions come a second time.
    """

    def __init__(self, proxy_id: str, ca_key: Callable[[], bytes], report: Report) -> None:
        self._proxy_id = proxy_id
        self._ca_key = ca_key
        """Returns the link CA's public key, raw."""
        self._report = report
        self._said = -SAID_SECONDS
        self._standing: Standing | None = None
        self._latest = self._put_back = float("-inf")
        """The latest time of a list that was in force, and the same when the database was put back."""

    def take(self, octets: bytes) -> None:
        """Put a list in force, or pass it over as an old one. Raises IdentityError for one that is not Seonapi's."""
        told, ours = verified(octets, self._ca_key(), self._proxy_id), self._standing
        if ours and told.version < ours.version and told.time > self._latest + LATE_SECONDS:
            self._put_back = self._latest
        elif ours and (told.time <= self._put_back or (told.version, told.time) < (ours.version, ours.time)):
            if told.marks != ours.marks and time.monotonic() >= self._said + SAID_SECONDS:
                self._said = time.monotonic()
                self._report("CFG-CLIENTS", version=told.version, known=ours.version)
            return
        self._standing, self._latest = told, max(told.time, self._latest)

    def barred(self, mark: str) -> str:
        """Say why a client whose certificate has this mark may not be linked, "" if it may."""
        if self._standing is None:
            return ""
        until = self._standing.marks.get(mark)
        if until is not None and (not until or time.time() < until + GRACE_SECONDS):
            return ""
        return (
            "the client's certificate counts no more: its security token was withdrawn or changed, or has ended; "
            "start the client again with a token that counts (seonapi token list)"
        )
