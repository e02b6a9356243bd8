"""What can be done with how a partner is known besides its pinned certificates: names, anchors, Odette IDs, weights."""

from collections.abc import Mapping, Sequence

from cryptography.hazmat.primitives.serialization import Encoding
from django.core.exceptions import ValidationError

from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.rights import Right
from seon.backend.certificates import read_chain
from seon.backend.configuration.admission import OWN
from seon.backend.configuration.values import Value, told
from seon.backend.configuration.versioned import take_turn
from seon.backend.errors import OperatorError
from seon.backend.partners import keys
from seon.backend.partners.models import MOST_CODES, PartnerName, digest_of_names
from seon.backend.partners.pinning import leaf_of
from seon.config import CertificateName
from seon.pki import PkiError, peer_certificate
from seon.pki.typed_names import name_text

OF_ADMISSION = frozenset({*OWN, "anchors", "odette_ids", "sessions", "old_tls"})
"""What `partner.admission` changes: all that says who may come in as a partner."""


@act("partner.admission", Right.PARTNERS)
def change_admission(_: Actor, identifier: str, values: Mapping[str, Value]) -> None:
    """Change by what a partner is admitted, besides certificates and names; all of it or nothing.

    `values`: by key, each from text or as it is. Raises OperatorError that names what is allowed.
    """
    foreign = next((key for key in values if key not in OF_ADMISSION), None)
    if foreign is not None:
        raise OperatorError(f"{foreign!r} is not about admission; there are: {', '.join(sorted(OF_ADMISSION))}")
    keys.set_partner_settings(identifier, values)


@act("partner.add_name", Right.PARTNERS)
def add_names(_: Actor, identifier: str, names: Sequence[CertificateName]) -> list[PartnerName]:
    """Let whoever the anchors certify under these names be the partner. Raises OperatorError that names the owner."""
    take_turn()
    partner = keys.find_partner(identifier)
    if partner.names.count() + len(names) > MOST_CODES:
        raise OperatorError(f"Partner {identifier}: it can have {MOST_CODES} certificate names at most")
    rows = [PartnerName(partner=partner, issuer=name.issuer, subject=name.subject) for name in names]
    for row in rows:
        try:
            row.save()
        except ValidationError as error:
            raise OperatorError(f"Partner {identifier}: {told(error)}") from None
    return rows


@act("partner.remove_name", Right.PARTNERS)
def remove_name(_: Actor, identifier: str, name: CertificateName) -> int:
    """Take names of certificates away from a partner; returns how many it has left. Raises OperatorError."""
    take_turn()
    partner = keys.find_partner(identifier)
    row = partner.names.filter(digest=digest_of_names(name.issuer, name.subject)).first()
    if row is None:
        raise OperatorError(
            f"Partner {identifier} has no certificate name with subject {name.subject[:200]} and issuer "
            f"{name.issuer[:200]}; see: seonapi partner show {identifier}"
        )
    row.delete()
    return partner.names.count()


def typed_name(issuer: str, subject: str) -> CertificateName:
    """Return names as somebody types them, in their one form. Raises OperatorError."""
    found = []
    for what, text in (("issuer", issuer), ("subject", subject)):
        try:
            found.append(name_text(text))
        except PkiError as error:
            raise OperatorError(f"{what}: {error}") from None
    return CertificateName(issuer=found[0], subject=found[1])


def names_in(octets: bytes) -> CertificateName:
    """Return issuer and subject of the partner's own certificate in a file. Raises OperatorError."""
    leaf = peer_certificate(leaf_of(read_chain(octets)).public_bytes(Encoding.DER))
    if not leaf.issuer_text or not leaf.subject_text:
        raise OperatorError("The certificate's names cannot be read, or one of them is empty: pin the certificate")
    return CertificateName(issuer=leaf.issuer_text, subject=leaf.subject_text)
