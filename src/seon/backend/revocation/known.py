"""Stored revocation lists as admission asks them, for a few certificates: one without them becomes no table."""

from collections.abc import Iterator, Sequence

from seon.admission.revocation import KnownList, RevocationLists
from seon.backend.errors import OperatorError
from seon.backend.revocation.authorities import identity_of
from seon.backend.revocation.models import HeldList
from seon.backend.trust.models import Blob
from seon.pki import PeerCertificate, PkiError
from seon.pki.lists import read_list, table_for

Issued = tuple[PeerCertificate, PeerCertificate]
"""A certificate, and that of its issuer."""


def lists_for(chain: Sequence[Issued]) -> RevocationLists:
    """Return what the lists in force say of these certificates, and of no others. Raises OperatorError."""
    return RevocationLists.of(known for issued in chain for known in _known(*issued))


def _known(certificate: PeerCertificate, issuer: PeerCertificate) -> Iterator[KnownList]:
    for held in HeldList.objects.filter(place__issuer__identity=identity_of(issuer)).select_related("place"):
        blob = Blob.objects.filter(pk=held.sha256).first()
        if blob is None:
            continue
        try:
            found = read_list(bytes(blob.octets))
        except PkiError as error:
            raise OperatorError(f"The stored {held} cannot be read: {error}") from None
        yield KnownList(
            subject=issuer.subject_der,
            key=issuer.key.digest,
            url=held.place.url,
            sha256=held.sha256,
            this_update=found.this_update.timestamp(),
            next_update=found.next_update.timestamp() if found.next_update else None,
            table=table_for(found, int(certificate.serial, 16)),
            points=found.points,
            only_users=found.only.startswith("user"),
            only_cas=found.only.startswith("CA"),
        )
