"""The certificates of CAs that sign lists: trust anchors, those of chains, and those that servers have reported."""

import hashlib
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from seon.backend.anchors.models import Anchor
from seon.backend.revocation.models import CrlIssuer
from seon.backend.trust.models import ChainCertificate
from seon.pki import PeerCertificate, PkiError, peer_certificate
from seon.pki.chains import Anchors, ChainError, TrustedAnchor, anchor_in_pem

MOST_RSA_BITS = 8_192


def peer_in(pem: str) -> PeerCertificate:
    """Return the certificate in PEM, of any form that OpenSSL takes. Raises PkiError."""
    try:
        return peer_certificate(ssl.PEM_cert_to_DER_cert(pem.strip()))
    except PkiError:
        raise
    except ValueError:
        raise PkiError("the certificate of a CA cannot be read") from None


def identity_of(certificate: PeerCertificate) -> str:
    """Return what a CA is known by, from its name and key. Raises PkiError for one that cannot check signatures."""
    if certificate.key.bits > MOST_RSA_BITS:
        raise PkiError(f"its CA has a key of more than {MOST_RSA_BITS} bits")
    return hashlib.sha256(certificate.subject_der + certificate.key.digest.encode()).hexdigest()


def anchor_certificates() -> list[PeerCertificate]:
    """Return the certificates of the trust anchors."""
    return list(_read(Anchor.objects.values_list("pem", flat=True)))


def chain_certificates() -> list[PeerCertificate]:
    """Return the CA certificates that an administrator has given for chains."""
    return list(_read(ChainCertificate.objects.values_list("pem", flat=True)))


def known_authorities() -> list[PeerCertificate]:
    """Return the certificates of all CAs whose lists may come."""
    reported = _read(CrlIssuer.objects.values_list("pem", flat=True))
    return [*anchor_certificates(), *chain_certificates(), *reported]


def identities_below_anchors(reported: Sequence[PeerCertificate], now: float) -> set[str]:
    """Return the identities of the CAs known here, and of those reported that one of them has issued.

    A chain may go over others that are reported beside. SECURITY: who holds a server in the DMZ could else name as many
    CAs of its own as it likes, and their lists would be fetched, kept and told to every server.
    """
    certain = [*anchor_certificates(), *chain_certificates()]
    found = {identity for one in certain if (identity := _identity_or_none(one))}
    found |= set(CrlIssuer.objects.values_list("identity", flat=True))
    strange = {identity: one for one in reported if (identity := _identity_or_none(one)) and identity not in found}
    if strange:
        trusted = Anchors(_trusted(known_authorities()))
        for identity, one in strange.items():
            with suppress(ChainError):
                trusted.chain(one, list(strange.values()), now)
                found.add(identity)
    return found


def _identity_or_none(certificate: PeerCertificate) -> str | None:
    try:
        return identity_of(certificate)
    except PkiError:
        return None


def _trusted(certificates: Iterable[PeerCertificate]) -> Iterator[TrustedAnchor]:
    for one in certificates:
        with suppress(PkiError):
            yield anchor_in_pem(one.pem)


def _read(pems: Iterable[str]) -> Iterator[PeerCertificate]:
    """Yield those that can be read: they were read when they came in."""
    for pem in pems:
        try:
            yield peer_in(pem)
        except PkiError:
            continue
