"""Chains of certificates: put in order, completed, or their gap named. Pure: knows no database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from seon import pki
from seon.backend.certificates import MAX_CHAIN, named
from seon.events import shown
from seon.pki import Certificate, PkiError

BROKEN_HASHES = ("md5", "sha1")
"""Signatures made with these are not checked by `cryptography`: they prove nothing any more."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A certificate and those above it."""

    certificates: tuple[Certificate, ...]
    """The certificate itself first, then each time the one that has issued the one before."""
    missing: str = ""
    """The name of the issuer whose certificate is not known; empty: nothing is missing."""
    rooted: bool = False
    """Whether the last certificate's issuer is known: it is its own issuer, or a root that is not sent along."""
    unused: tuple[Certificate, ...] = ()
    """What was brought along and does not belong to this chain."""

    @property
    def leaf(self) -> Certificate:
        """The certificate itself."""
        return self.certificates[0]

    @property
    def gap(self) -> str:
        """The missing certificate in words; empty: nothing is missing."""
        if not self.missing:
            return ""
        last = self.certificates[-1]
        return f"the certificate of {shown(self.missing)} that issued {named(last)} is missing"

    def pem(self) -> str:
        """The chain as PEM, the certificate itself first."""
        return "".join(map(pki.pem_of, self.certificates))


def ordered(
    leaf: Certificate, brought: Iterable[Certificate], stored: Iterable[Certificate] = (), at: datetime | None = None
) -> Chain:
    """Return the chain of a certificate, made of what was brought with it and, where that ends, of what is stored.

    An issuer is known by its name and by the signature that its key has made. A root is kept if it was brought; one
    that is stored only ends the chain, since a peer that trusts it has it. One that is stored and not valid at the time
    `at` (None: now) completes nothing: with it, peers would refuse what they may take without it. The order of
    `brought` and `stored` does not matter, and a certificate that is there twice counts once.
    """
    at = at or datetime.now(UTC)
    brought_by, stored_by = _by_fingerprint(brought), _by_fingerprint(stored)
    chain, used = [leaf], {pki.fingerprint(leaf)}
    while not _is_self_issued(chain[-1]) and len(chain) < MAX_CHAIN:
        above = _issuer_among(chain[-1], brought_by, used, at)
        if above is None:
            above = _issuer_among(chain[-1], stored_by, used, at)
            if above is None or _is_self_issued(above) or not is_valid(above, at):
                break
        chain.append(above)
        used.add(pki.fingerprint(above))
    end = _issuer_among(chain[-1], stored_by, used, at)
    rooted = _is_self_issued(chain[-1]) or (end is not None and _is_self_issued(end))
    return Chain(
        certificates=tuple(chain),
        missing="" if rooted else pki.issuer_of(chain[-1]),
        rooted=rooted,
        unused=tuple(held for name, held in brought_by.items() if name not in used),
    )


def is_valid(certificate: Certificate, at: datetime) -> bool:
    """Whether a certificate's time has begun then, and not ended."""
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def has_issued(issuer: Certificate, certificate: Certificate) -> bool:
    """Whether this issuer has signed a certificate; of one with a broken hash, whether it says so."""
    if pki.is_issued_by(certificate, issuer):
        return True
    try:
        return pki.signature_hash_of(certificate) in BROKEN_HASHES and pki.names_issuer(certificate, issuer)
    except PkiError:
        return False


def leaf_among(certificates: Sequence[Certificate]) -> list[Certificate]:
    """Return those that have issued none of the others and are no CA's; all of them where that leaves none."""
    leaves = [held for held in certificates if not _is_authority(held) and not _issued_any(held, certificates)]
    return leaves or list(certificates)


def _issued_any(issuer: Certificate, certificates: Sequence[Certificate]) -> bool:
    return any(held is not issuer and has_issued(issuer, held) for held in certificates)


def _by_fingerprint(certificates: Iterable[Certificate]) -> dict[str, Certificate]:
    return {pki.fingerprint(certificate): certificate for certificate in certificates}


def _issuer_among(
    certificate: Certificate, known: dict[str, Certificate], used: set[str], at: datetime
) -> Certificate | None:
    """Return the issuer; of several one that is valid then, of these one that is no root, and that is valid longest."""
    issuers = [
        (is_valid(held, at), not _is_self_issued(held), held.not_valid_after_utc, name)
        for name, held in known.items()
        if name not in used and has_issued(held, certificate) and _may_issue(held)
    ]
    return known[max(issuers)[-1]] if issuers else None


def _may_issue(certificate: Certificate) -> bool:
    # Old roots do not say that they are CAs.
    return _is_authority(certificate) or _is_self_issued(certificate)


def _is_authority(certificate: Certificate) -> bool:
    try:
        return pki.is_ca(certificate)
    except PkiError:
        return False


def _is_self_issued(certificate: Certificate) -> bool:
    return has_issued(certificate, certificate)
