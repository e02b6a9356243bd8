"""What a certificate says of a new partner: what an administrator would type from it. Nothing of it is proved."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from seon.addresses import AddressError, read_host
from seon.backend.certificates import read_shown
from seon.backend.configuration.lines import OdetteIdsField
from seon.backend.partners.models import Partner, PartnerCertificate, PartnerCode, owner_of_odette_id
from seon.backend.partners.pinning import leaf_of
from seon.pki import PeerCertificate
from seon.pki.names import common_name

_LONGEST_NAME, _LONGEST_ID = 120, 40
_CODE = re.compile(r"O[0-9]{4}[A-Za-z0-9/.&()' _-]{0,20}")
"""An Odette ID that is an SSID code, too (RFC 5024, 5.4: O, four digits of the issuing organisation, and the rest)."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What can be read."""

    certificate: PeerCertificate
    identifier: str
    """One that no partner has."""
    name: str
    host: str
    codes: tuple[str, ...]
    odette_ids: tuple[str, ...]


def suggest(octets: bytes) -> Suggestion:
    """Return what the partner's own certificate in a file says of it. Raises OperatorError for what cannot be read."""
    leaf = leaf_of(read_shown(octets))
    name = common_name(leaf.subject_der)[:_LONGEST_NAME].strip()
    ids = odette_ids_of(leaf)
    hosts = leaf.extensions.hosts if leaf.extensions else ()
    return Suggestion(
        certificate=leaf,
        identifier=_free(_identifier(name)),
        name=name,
        host=_host(hosts),
        codes=tuple(one for one in ids if _CODE.fullmatch(one) and not _has_owner(one)),
        odette_ids=tuple(one for one in ids if not owner_of_odette_id(one, None)),
    )


def odette_ids_of(certificate: PeerCertificate) -> tuple[str, ...]:
    """Return the Odette IDs in a certificate that can be a partner's; others say nothing."""
    said = dict.fromkeys((*certificate.odette_ids, *certificate.oftp_ids))
    return tuple(one for one in said if OdetteIdsField.entry.fullmatch(one))


def likely_owner(certificate: PeerCertificate) -> str:
    """Return the id of the partner whose new certificate this seems to be: by Odette ID, else by subject; or ""."""
    for one in odette_ids_of(certificate):
        if owner := owner_of_odette_id(one, None):
            return owner
    same = PartnerCertificate.objects.filter(subject=certificate.subject).select_related("partner").order_by()
    found = {row.partner.identifier for row in same[:2]}
    return found.pop() if len(found) == 1 else ""


def _has_owner(code: str) -> bool:
    return PartnerCode.objects.filter(code__iexact=code).exists()


def _identifier(name: str) -> str:
    words = re.sub(r"[^a-z0-9.]+", "-", name.lower().partition("@")[0]).strip("-.")
    return words[:_LONGEST_ID].strip("-.") or "partner"


def _free(wanted: str) -> str:
    taken = set(Partner.objects.filter(identifier__startswith=wanted).values_list("identifier", flat=True))
    return next(one for one in (wanted, *(f"{wanted}-{number}" for number in range(2, 20_000))) if one not in taken)


def _host(hosts: Sequence[str]) -> str:
    for one in hosts:
        try:
            if "*" not in one:
                return read_host(one)
        except AddressError:
            continue
    return ""
