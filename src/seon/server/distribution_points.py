"""Where revocation lists are, as verified certificates say it: found here, and said to the inside (mission B5).

Whoever has a certificate of an anchor's chooses what is in it, so all is bounded: how many are kept, and how often each
is said. The inside believes none of it: what it downloads must be signed by the CA that is named.
"""

import itertools
import time
from collections.abc import Callable, Iterable

from seon.api_messages import CrlSource
from seon.link.messages import CRL_SOURCES
from seon.pki import PeerCertificate
from seon.pki.chains import Chain

MOST = 1_000
"""Distribution points that are kept; the one that was not seen for longest goes."""
AGAIN_SECONDS = 86_400.0
"""A link says each again after so long: an answer to it is not waited for, and it may have been lost."""
MOST_ISSUERS = 10
"""Anchors of one name: of a CA that was renewed."""
LONGEST_URL, LARGEST_ISSUER = 2_000, 20_000
"""Characters, and octets of DER: what a message takes."""

Key = tuple[str, str]
"""URL, and SHA-256 of the issuer's certificate."""
Said = dict[Key, float]
"""What a link has said, and when (monotonic)."""


class DistributionPoints:
    """Those that were found since the start."""

    def __init__(self, found: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._found = found
        """Called when there is one that was not there."""
        self._clock = clock
        self._known: dict[Key, CrlSource] = {}
        """The one that was seen last is the last."""

    def of_chain(self, chain: Chain) -> None:
        """Take what a verified chain says."""
        for certificate, issuer in chain.with_issuers():
            self._take(certificate, issuer)

    def of_anchors(self, anchors: Iterable[PeerCertificate]) -> None:
        """Take what anchors say that were issued by themselves or by one another, as their names say it.

        That proves nothing; the inside checks whether that CA has signed what it finds there.
        """
        by_name: dict[bytes, list[PeerCertificate]] = {}
        for anchor in anchors:
            by_name.setdefault(anchor.subject_der, []).append(anchor)
        for anchor in itertools.chain(*by_name.values()):
            for issuer in by_name.get(anchor.issuer_der, ())[:MOST_ISSUERS]:
                self._take(anchor, issuer)

    def _take(self, certificate: PeerCertificate, issuer: PeerCertificate) -> None:
        points = certificate.extensions.crl_points if certificate.extensions else ()
        if len(issuer.der) > LARGEST_ISSUER:
            return
        for url in points:
            if not url or len(url) > LONGEST_URL:
                continue
            key = (url, issuer.fingerprint)
            before = self._known.pop(key, None)
            self._known[key] = CrlSource(url, issuer.der) if before is None else before
            if before is None:
                if len(self._known) > MOST:
                    del self._known[next(iter(self._known))]
                self._found()

    def to_say(self, said: Said) -> tuple[CrlSource, ...]:
        """Return what fits in one message of what was not said for a day, the newest first, and note it in `said`."""
        now = self._clock()
        for key in [key for key in said if key not in self._known]:
            del said[key]
        keys: list[Key] = []
        for key in reversed(self._known):
            if now - said.get(key, -AGAIN_SECONDS) >= AGAIN_SECONDS:
                keys.append(key)
            if len(keys) == CRL_SOURCES:
                break
        said.update(dict.fromkeys(keys, now))
        return tuple(self._known[key] for key in keys)
