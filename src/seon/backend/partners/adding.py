"""Adding and changing a partner, all or nothing."""

from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction

from seon.backend.certificates import describe_certificate, read_chain
from seon.backend.configuration.values import told
from seon.backend.errors import OperatorError
from seon.backend.partners.keys import find_partner
from seon.backend.partners.models import Partner, PartnerCertificate, PartnerCode


def add_partner(
    identifier: str, name: str, codes: Sequence[str], certificates: Sequence[bytes], *, host: str = "", port: int = 6619
) -> Partner:
    """Add a partner; each of `certificates` is a file's octets, whose first certificate is pinned.

    Raises OperatorError; nothing was stored then.
    """
    try:
        with transaction.atomic():
            partner = Partner(identifier=identifier, name=name, host=host, port=port)
            partner.save()
            for code in codes:
                PartnerCode(partner=partner, code=code).save()
            for octets in certificates:
                pem = describe_certificate(read_chain(octets)[0]).pem
                PartnerCertificate(partner=partner, pem=pem).save()
    except ValidationError as error:
        raise OperatorError(f"Partner {identifier}: {told(error)}") from None
    return partner


def change_partner(identifier: str, changes: Mapping[str, str | int | bool]) -> Partner:
    """Change fields of a partner by their names in the model. Raises OperatorError; nothing was stored then."""
    partner = find_partner(identifier)
    for name, value in changes.items():
        setattr(partner, name, value)
    try:
        partner.save()
    except ValidationError as error:
        raise OperatorError(f"Partner {identifier}: {told(error)}") from None
    return partner
