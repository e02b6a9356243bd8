"""Evidence to partner: by a pin, or below an anchor by Odette ID or by names, and by nothing else.

A pin is the SHA-256 of the whole certificate, compared with the one certificate whose key the peer holds; what the peer
sends above it proves nothing, so a pinned certificate with CA:TRUE lets nobody else in (docs/design.md, section 8).
A partner that has pins comes in by them alone.
"""

from collections.abc import Iterator
from typing import NamedTuple

from seon.addresses import AddressError, is_in, split_host_port
from seon.admission.codes import Refused, Verdict
from seon.admission.evidence import Evidence
from seon.admission.host_names import is_named
from seon.admission.trust import TrustSet
from seon.config import ServerPartner
from seon.pki import PeerCertificate
from seon.pki.chains import Chain

MOST_NAMED = 5
"""Odette IDs of a certificate that a reason names."""
NOT_THAT_PARTNERS = "the certificate is not that partner's"


class Known(NamedTuple):
    """Whose certificate it is, and by what that is known."""

    partner: ServerPartner
    because: str


def whose(evidence: Evidence, trust: TrustSet) -> Known | Refused:
    """Return the partner whose certificate it is."""
    certificate = evidence.certificate
    if evidence.pinned:
        return _by_pin(trust.by_pin[certificate.fingerprint])
    if evidence.chain is None:
        return _without_chain(evidence, trust)
    found = dict(_named_in(certificate, evidence.chain, trust))
    if not found:
        return Refused(Verdict.IDENTITY, _nobodys(certificate, evidence.chain, trust))
    if len(found) > 1:
        return Refused(Verdict.AMBIGUOUS, f"the certificate is one of the partners {', '.join(sorted(found))} alike")
    (known,) = found.values()
    return _if_allowed(known, evidence.chain)


def dialled(evidence: Evidence, trust: TrustSet, partner: ServerPartner) -> Known | Refused:
    """Return the dialled partner if the certificate is its own: a valid chain alone is never enough.

    Where the partner has no pin, no Odette ID and no names, its certificate must have the name of its host.
    """
    chain, certificate = evidence.chain, evidence.certificate
    if partner.pins and not evidence.pinned:
        return Refused(Verdict.IDENTITY, NOT_THAT_PARTNERS, partner)
    found = whose(evidence, trust)
    if isinstance(found, Known):
        mine = found.partner.id == partner.id
        return found if mine else Refused(Verdict.IDENTITY, f"{NOT_THAT_PARTNERS}, but {found.partner.id}'s", partner)
    if found.verdict != Verdict.IDENTITY or found.partner or chain is None:
        return Refused(found.verdict, found.reason, partner)
    if partner.odette_ids or partner.names:
        return Refused(Verdict.IDENTITY, f"{NOT_THAT_PARTNERS}: {found.reason}", partner)
    hosts = certificate.extensions.hosts if certificate.extensions else ()
    if not is_named(partner.host, hosts):
        return Refused(Verdict.IDENTITY, f"the certificate does not have the name of its host {partner.host}", partner)
    return _if_allowed(Known(partner, f"the certificate has the name of its host {partner.host}"), chain)


def is_from_elsewhere(partner: ServerPartner, source: str) -> bool:
    """Whether a partner comes from an address that is in none of its networks.

    `source` is an address, with or without port. One that cannot be read is nowhere, and a network that cannot be
    read holds nobody.
    """
    if not partner.networks:
        return False
    try:
        return not is_in(split_host_port(source, 0)[0], partner.networks)
    except AddressError:
        return True


def _by_pin(partner: ServerPartner) -> Known:
    return Known(partner, f"the certificate is one of partner {partner.id}")


def _without_chain(evidence: Evidence, trust: TrustSet) -> Refused:
    if evidence.chain_broken:
        return Refused(Verdict.CHAIN, evidence.no_chain)
    nobody = "no partner has this certificate"
    return Refused(Verdict.UNKNOWN, f"{nobody}, and {evidence.no_chain}" if len(trust.anchors) else nobody)


def _named_in(certificate: PeerCertificate, chain: Chain, trust: TrustSet) -> Iterator[tuple[str, Known]]:
    """Yield the partners that a certificate names by what counts below its anchor, by their ids."""
    below = f"below anchor {chain.anchor.subject}"
    if chain.anchor.fingerprint in trust.asserting:
        for odette_id in _odette_ids(certificate):
            if partner := trust.by_odette_id.get(odette_id):
                yield partner.id, Known(partner, f"Odette ID {odette_id} is one of partner {partner.id}, {below}")
    if certificate.issuer_text is None or certificate.subject_text is None:
        return
    partners = trust.by_name.get((certificate.issuer_text, certificate.subject_text), ())
    for partner in [one for one in partners if _allows(one, chain)] or partners[:1]:
        yield partner.id, Known(partner, f"issuer and subject are those of partner {partner.id}, {below}")


def _odette_ids(certificate: PeerCertificate) -> tuple[str, ...]:
    return (*certificate.odette_ids, *certificate.oftp_ids)


def _nobodys(certificate: PeerCertificate, chain: Chain, trust: TrustSet) -> str:
    """Say why a certificate with a good chain is nobody's."""
    where, ids = f"the certificate is below anchor {chain.anchor.subject}", _odette_ids(certificate)
    if not ids:
        return f"{where}, but no partner has its issuer and subject, and it has no Odette ID"
    named = ", ".join(ids[:MOST_NAMED])
    if chain.anchor.fingerprint not in trust.asserting:
        no_name = "no partner has its issuer and subject"
        return f"{where}, which asserts no Odette IDs, so that {named} does not count; {no_name}"
    return f"{where}, but no partner has its Odette ID {named}, or its issuer and subject"


def _allows(partner: ServerPartner, chain: Chain) -> bool:
    return not partner.anchors or chain.anchor.fingerprint in partner.anchors


def _if_allowed(known: Known, chain: Chain) -> Known | Refused:
    partner = known.partner
    if partner.pins:
        reason = (
            f"{known.because}, but that partner is admitted by its pinned certificates alone, and this is none of them"
        )
        return Refused(Verdict.IDENTITY, reason, partner)
    if not _allows(partner, chain):
        reason = f"{known.because}, but that anchor may not admit this partner"
        return Refused(Verdict.ANCHOR, reason, partner)
    return known
