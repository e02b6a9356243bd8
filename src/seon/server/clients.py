"""Which clients may be linked: what Seonapi has said last, as long as this server runs."""

import time
from collections.abc import Callable

from seon.link.standing import Standing, verified

LATE_SECONDS = 60.0
"""Two hosts of Seonapi may differ by so much; a list that is older than the one in force is an old one, shown again."""
GRACE_SECONDS = 3.0
"""An honest client ends by itself when its token does, and says why; here that of another one is ended."""


class Clients:
    """Holds the list in force. Until the first one has come, each client with a certificate of the link CA may link."""

    def __init__(self, proxy_id: str, ca_key: Callable[[], bytes]) -> None:
        self._proxy_id = proxy_id
        self._ca_key = ca_key
        """Returns the link CA's public key, raw."""
        self._standing: Standing | None = None

    def take(self, octets: bytes) -> None:
        """Put a list in force, unless a newer one is. Raises IdentityError for one that is not Seonapi's."""
        told = verified(octets, self._ca_key(), self._proxy_id)
        if self._standing is None or told.time > self._standing.time - LATE_SECONDS:
            self._standing = told

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
