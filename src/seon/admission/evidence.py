"""Evidence: what a peer has shown and what that proves, without a word on whether it is enough (verdict.py).

It is collected without I/O from what the peer has sent and what the configuration trusts, and never changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from seon.admission.revocation import Revocation, RevocationLists
from seon.admission.trust import TrustSet
from seon.pki import PeerCertificate
from seon.pki.chains import Chain, ChainError

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a peer at one moment."""

    certificate: PeerCertificate
    """Its own, whose key it has proved to hold."""
    sent: tuple[PeerCertificate, ...]
    """What it has sent beside that; it proves nothing by itself."""
    source: str
    """Where it comes from, an address with or without port; "" for who was dialled."""
    at: float
    """When it was shown, Unix seconds."""
    pinned: bool
    """Whether the certificate is a partner's pin. It needs no chain then, and has none."""
    chain: Chain | None = None
    no_chain: str = ""
    """Why there is no chain, in words."""
    chain_broken: bool = False
    """Whether it names an anchor as its issuer, and that does not hold."""
    revocation: tuple[Revocation, ...] = ()
    """Of each certificate of the chain below the anchor, from the leaf up."""


def collect(
    certificate: PeerCertificate,
    sent: Sequence[PeerCertificate],
    source: str,
    trust: TrustSet,
    lists: RevocationLists,
    now: float,
) -> Evidence:
    """Return the evidence of a peer that shows this certificate at `now` (Unix seconds)."""
    shown = Evidence(certificate, tuple(sent), source, now, pinned=certificate.fingerprint in trust.by_pin)
    return _with_chain(shown, trust, lists, None, now)


def again(before: Evidence, trust: TrustSet, lists: RevocationLists, now: float) -> Evidence:
    """Return the evidence of the same peer by another trust and other lists.

    A chain that was verified is not verified again while its anchor is one.
    """
    kept = before.chain if before.chain and before.chain.anchor.fingerprint in trust.anchors else None
    pinned = before.certificate.fingerprint in trust.by_pin
    shown = Evidence(before.certificate, before.sent, before.source, before.at, pinned)
    return _with_chain(shown, trust, lists, kept, now)


def _with_chain(shown: Evidence, trust: TrustSet, lists: RevocationLists, kept: Chain | None, now: float) -> Evidence:
    if shown.pinned:
        return shown
    certificate, sent, source, at = shown.certificate, shown.sent, shown.source, shown.at
    try:
        chain = kept or trust.anchors.chain(certificate, sent, now)
    except ChainError as error:
        return Evidence(certificate, sent, source, at, False, None, str(error), error.broken)
    age = trust.rules.crl_days * DAY
    revocation = tuple(lists.look_up(one, issuer, now, age) for one, issuer in chain.with_issuers())
    return Evidence(certificate, sent, source, at, False, chain, revocation=revocation)
