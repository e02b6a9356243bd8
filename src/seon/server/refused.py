"""Refused certificates on their way inside, so that an administrator can make a partner of one. Few of many.

A stranger chooses how many there are: each certificate goes once an hour, and all together at a bounded pace. What is
left out here is in the events, by its SHA-256.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

from seon.api_messages import MOST_DER, RefusedCertificate
from seon.daemon.rate import Bucket
from seon.link import messages as m
from seon.net.ends import Caller

A_MINUTE = 10
AGAIN_SECONDS = 3_600.0
"""The same certificate is said again after so long."""
MOST_KNOWN = 1_000
"""Certificates that are remembered as said."""


class RefusedCertificates:
    """Says refused certificates to the client that carries the events."""

    def __init__(
        self, say: Callable[[m.CertificateRefused], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`say`: sends a message, or returns False where nobody can take it."""
        self._say = say
        self._clock = clock
        self._bucket = Bucket(A_MINUTE / 60, A_MINUTE, clock)
        self._said: OrderedDict[bytes, float] = OrderedDict()
        """By the SHA-256 of the certificate: when; the one said longest ago first."""

    def refused(self, der: bytes, caller: Caller, verdict: str, reason: str) -> None:
        """Say that a certificate was refused, if it is time to."""
        now, digest = self._clock(), hashlib.sha256(der).digest()
        if not der or len(der) > MOST_DER or now - self._said.get(digest, -AGAIN_SECONDS) < AGAIN_SECONDS:
            return
        if self._bucket.take():
            return
        certificate = RefusedCertificate(der, caller.source, verdict, reason[:500], time.time())
        if self._say(m.CertificateRefused(certificate)):
            self._said[digest] = now
            self._said.move_to_end(digest)
            if len(self._said) > MOST_KNOWN:
                self._said.popitem(last=False)
