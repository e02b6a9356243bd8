"""Stored revocation lists as admission asks them, for a few certificates: one without them becomes no table."""

import time
from collections.abc import Iterator, Sequence

from seon.admission.revocation import KnownList, Revocation, RevocationLists
from seon.backend.anchors.models import Anchor
from seon.backend.configuration.models import Settings
from seon.backend.errors import OperatorError
from seon.backend.revocation.authorities import identity_of, peer_in
from seon.backend.revocation.models import CrlIssuer, HeldList
from seon.backend.trust.models import Blob
from seon.pki import PeerCertificate, PkiError, is_issued_by
from seon.pki.lists import read_list, table_for

_DAY = 86_400
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


def state_by_lists(certificate: PeerCertificate) -> Revocation | None:
    """Return what the stored lists of its issuer say of a certificate; None where its issuer is not known here.

    SECURITY: the issuer is known only by its signature; one whose signature cannot be checked here is not known.
    Raises OperatorError for a stored list that cannot be read.
    """
    below = certificate.x509
    for pem in (*_pems(Anchor, certificate.issuer), *_pems(CrlIssuer, certificate.issuer)):
        issuer = peer_in(pem)
        above = issuer.x509
        if below is not None and above is not None and is_issued_by(below, above):
            lists = lists_for([(certificate, issuer)])
            days = Settings.load().admission_crl_days
            return lists.look_up(certificate, issuer, time.time(), days * _DAY)
    return None


def _pems(model: type[Anchor] | type[CrlIssuer], subject: str) -> list[str]:
    return list(model.objects.filter(subject=subject).values_list("pem", flat=True))
