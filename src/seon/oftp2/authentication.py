"""Secure authentication (RFC 5024 4.2.3): what it asks of a station's keys, and how an answer is judged.

Each side proves that it can open 20 random octets sealed for its certificate. The keys are somebody else's business.
"""

import hmac
from dataclasses import dataclass, field
from typing import Protocol

from seon.oftp2.errors import LocalError, PeerError
from seon.oftp2.reasons import EndReason

CHALLENGE_OCTETS = 20
"""Of a challenge before it is sealed, and of its answer (RFC 5024 5.3.17, 5.3.18)."""


class NotAuthenticatedError(PeerError):
    """One side could not show that it has the key that it should have (ESID 11)."""

    reason = EndReason.INVALID_CHALLENGE_RESPONSE

    def __init__(self, text: str, *, for_the_log: str = "") -> None:
        super().__init__(text)
        self.for_the_log = for_the_log


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge of ours. `sealed`: CMS EnvelopedData around `secret`, as AUCH carries it."""

    sealed: bytes = field(repr=False)
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != CHALLENGE_OCTETS:
            raise LocalError(f"a challenge has {CHALLENGE_OCTETS} octets")

    def check(self, response: bytes) -> None:
        """Raise NotAuthenticatedError unless `response` is the secret; how long that takes tells nothing."""
        if not hmac.compare_digest(response, self.secret):
            raise NotAuthenticatedError("the challenge was answered wrongly")


class Authenticator(Protocol):
    """Who has our key and the other side's certificate."""

    def challenge(self) -> Challenge:
        """Return a new challenge for the other side."""
        ...

    def respond(self, sealed: bytes) -> bytes:
        """Return the 20 octets in a challenge of the other side. Raises NotAuthenticatedError where there are none.

        Its text must not tell what exactly is wrong: a stranger could open messages with that, step by step. With what
        the challenge was sealed is for our log, and may stand in `for_the_log`, which no command is made of.
        """
        ...
