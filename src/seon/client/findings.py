"""What the server has found in certificates, on its way to Seonapi: at a bounded pace, whatever the server says.

A DMZ host in an attacker's hands could else keep the courier and Seonapi busy. What is too much is left out: the server
says it again another day.
"""

import time
from collections.abc import Callable
from typing import Literal, NamedTuple

import msgspec

from seon.api_messages import CrlSources, RefusedCertificate
from seon.client.courier import messages as c
from seon.client.points_found import is_well_formed
from seon.daemon.rate import Bucket
from seon.link import messages as m


class Pace(NamedTuple):
    """How many messages of a kind are passed on."""

    a_minute: float
    at_once: float


PACES: dict[type[m.Finding], Pace] = {m.CertificateRefused: Pace(15, 30), m.CrlsFound: Pace(30, 100)}
Call = Literal["refused", "crl-sources"]


class Findings:
    """Bounds them, over all links of this client."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._buckets = {kind: Bucket(pace.a_minute / 60, pace.at_once, clock) for kind, pace in PACES.items()}

    def post(self, message: m.Finding) -> c.Post | None:
        """Return the call to make; None if it is too much, or nothing of it has the form that it should have."""
        if self._buckets[type(message)].take():
            return None
        if isinstance(message, m.CrlsFound):
            sources = tuple(source for source in message.sources if is_well_formed(source))
            return _posted("crl-sources", CrlSources(sources)) if sources else None
        # The clock of the DMZ is not believed.
        return _posted("refused", msgspec.structs.replace(message.certificate, time=self._now()))


def _posted(call: Call, body: CrlSources | RefusedCertificate) -> c.Post:
    return c.Post(call, msgspec.Raw(msgspec.json.encode(body)))
