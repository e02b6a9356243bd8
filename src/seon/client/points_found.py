"""Where the server says that revocation lists are: bounded, looked at, and passed on to Seonapi (mission B5).

SECURITY: the DMZ is not trusted. Who holds the server could name any address to be downloaded from inside; so Seonapi
decides where it goes. Here it is bounded how much of it there can be, and that it has the form of what it should be.
"""

import re
from collections.abc import Callable

from seon.api_messages import CrlSource
from seon.daemon.rate import Bucket
from seon.pki import PkiError, peer_certificate

A_MINUTE = 120
"""Distribution points that are passed on; an honest server says 60 a minute at most."""
_URL = re.compile(r"https?://[!-~]+", re.IGNORECASE)


class PointsFound:
    """Passes on what the server says, over all links of this client."""

    def __init__(self, pass_on: Callable[[tuple[CrlSource, ...]], None], say: Callable[[str], None]) -> None:
        self._pass_on = pass_on
        self._say = say
        """Says in words what is not passed on."""
        self._bucket = Bucket(A_MINUTE / 60, A_MINUTE)
        self._lines = Bucket(1 / 60, 10)

    def take(self, sources: tuple[CrlSource, ...]) -> None:
        """Pass on what is well-formed; what comes too fast is let go, since an honest server says it again."""
        if self._bucket.take(len(sources)):
            self._complain("Addresses of revocation lists are passed over: the server says too many")
            return
        good = tuple(source for source in sources if self._is_good(source))
        if good:
            self._pass_on(good)

    def _is_good(self, source: CrlSource) -> bool:
        if not _URL.fullmatch(source.url):
            self._complain("What the server says to be the address of a revocation list is none, and is passed over")
            return False
        try:
            peer_certificate(source.issuer)
        except PkiError as error:
            self._complain(
                f"The server names no CA for the revocation list {source.url}, which is passed over: {error}"
            )
            return False
        return True

    def _complain(self, text: str) -> None:
        """Say a line, but not thousands."""
        if not self._lines.take():
            self._say(text)
