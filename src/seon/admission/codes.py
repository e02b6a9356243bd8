"""The codes of verdicts, and what a verdict is."""

from dataclasses import dataclass
from enum import StrEnum

from seon.config import ServerPartner


class Verdict(StrEnum):
    """Why a peer is refused; docs/administration.md says what to do about each."""

    NO_CERTIFICATE = "NO-CERTIFICATE"
    MALFORMED = "MALFORMED"
    TOO_LARGE = "TOO-LARGE"
    UNKNOWN = "UNKNOWN"
    CHAIN = "CHAIN"
    IDENTITY = "IDENTITY"
    AMBIGUOUS = "AMBIGUOUS"
    ANCHOR = "ANCHOR"
    NOT_YET_VALID = "NOT-YET-VALID"
    EXPIRED = "EXPIRED"
    UNREADABLE = "UNREADABLE"
    USAGE = "USAGE"
    WEAK_KEY = "WEAK-KEY"
    WEAK_SIGNATURE = "WEAK-SIGNATURE"
    REVOKED = "REVOKED"
    REVOCATION_NOT_YET_KNOWN = "REVOCATION-NOT-YET-KNOWN"
    REVOCATION_STALE = "REVOCATION-STALE"
    REVOCATION_NO_POINT = "REVOCATION-NO-POINT"
    DISABLED = "DISABLED"
    NETWORK = "NETWORK"


@dataclass(frozen=True, slots=True)
class Doubt:
    """What would be a reason to refuse if the configuration did not say that it is not: told, and no more."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """This partner, because."""

    partner: ServerPartner
    because: str
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Not admitted, and why: for the log, never for the peer."""

    verdict: Verdict
    reason: str
    partner: ServerPartner | None = None
    """Whose certificate it seems to be, where that was found out."""
