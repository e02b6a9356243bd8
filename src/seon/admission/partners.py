"""Identity to partner: a partner is admitted by its own pinned certificates, and by nothing that these may have issued.

The pin is the SHA-256 of the whole certificate, compared with the one certificate whose key the peer holds; what the
peer sends above it proves nothing, so a pinned certificate with CA:TRUE lets nobody else in (docs/design.md §8).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from seon.addresses import AddressError, is_in, split_host_port
from seon.admission.identity import Identity
from seon.admission.judgement import UnusableError
from seon.config import ServerPartner


@dataclass(frozen=True, slots=True)
class Refused:
    """Not admitted, and why: for the log, never for the peer."""

    reason: str


def by_pin(partners: Iterable[ServerPartner]) -> dict[str, ServerPartner]:
    """Return the partners by the fingerprints of their certificates.

    Raises UnusableError for a certificate that two partners have: who came in with it would be a matter of chance.
    """
    found: dict[str, ServerPartner] = {}
    for partner in partners:
        for pin in partner.pins:
            other = found.setdefault(pin, partner)
            if other is not partner:
                raise UnusableError(f"partners {other.id} and {partner.id} have the same certificate, SHA-256 {pin}")
    return found


def find_partner(identity: Identity, pins: Mapping[str, ServerPartner], now: float) -> ServerPartner | Refused:
    """Return the partner whose certificate this is at `now` (Unix seconds), or why there is none."""
    partner = pins.get(identity.fingerprint)
    if partner is None:
        return Refused("no partner has this certificate")
    return _usable(identity, partner, now)


def check_dialled(identity: Identity, partner: ServerPartner, now: float) -> ServerPartner | Refused:
    """Return the dialled partner if the certificate is one of its own: a valid chain alone is never enough."""
    if identity.fingerprint not in partner.pins:
        return Refused("the certificate is not that partner's")
    return _usable(identity, partner, now)


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


def _usable(identity: Identity, partner: ServerPartner, now: float) -> ServerPartner | Refused:
    if not partner.enabled:
        return Refused(f"partner {partner.id} is disabled")
    if now < identity.not_before:
        return Refused(f"partner {partner.id}'s certificate is not valid yet")
    if now >= identity.not_after:
        return Refused(f"partner {partner.id}'s certificate has expired")
    return partner
