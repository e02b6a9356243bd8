"""What the tests of this subject share: a CA, and a place of its list."""

import io

from cryptography.hazmat.primitives.serialization import Encoding

import certificates
from seon.api_messages import CrlSource
from seon.backend.anchors.models import Anchor
from seon.backend.journal.models import Entry
from seon.backend.revocation import keeping, settling
from seon.backend.revocation.bringing import bring
from seon.backend.revocation.destinations import DownloadError
from seon.backend.revocation.downloading import Fetched, Say
from seon.backend.revocation.fetching import expected_of
from seon.backend.revocation.models import CrlUrl, HeldList
from seon.backend.revocation.places import remember
from seon.pki import PkiError
from seon.pki.lists import CertificateList, count_entries

CA = certificates.make("CA", ca=True)
URL = "http://crl.example/ca.crl"


def source(url: str = URL, ca: certificates.Made = CA) -> CrlSource:
    """Return what a server reports of a CA that is a trust anchor."""
    if not Anchor.objects.filter(fingerprint=ca.fingerprint).exists():
        Anchor(name=ca.fingerprint, pem=ca.pem).save()
    return source_alone(url, ca)


def source_alone(url: str, ca: certificates.Made) -> CrlSource:
    """Return what a server reports of a CA."""
    return CrlSource(url, ca.certificate.public_bytes(Encoding.DER))


def place(url: str = URL, ca: certificates.Made = CA) -> CrlUrl:
    """Return a place that a server has reported."""
    remember([source(url, ca)], "token")
    return CrlUrl.objects.get(url=url, issuer__subject=ca.certificate.subject.rfc4514_string())


def came(octets: bytes, etag: str = "", modified: str = "") -> Fetched:
    """Return what was fetched."""
    return Fetched(io.BytesIO(octets), etag, modified)


def settle(place: CrlUrl, outcome: Fetched | DownloadError, say: Say = lambda _: None) -> bool:
    """Read what was fetched, as the download's thread does, and settle it."""
    if isinstance(outcome, DownloadError):
        return settling.settle(place, outcome, say)
    try:
        stored = CrlUrl.objects.select_related("issuer", "held").filter(pk=place.pk).first()
        brought = bring(outcome, expected_of(stored or place))
    except PkiError as error:
        return settling.settle(place, error, say)
    return settling.settle(place, brought, say)


def take_over(found: CertificateList, place: CrlUrl) -> HeldList:
    """Put a list in force whose entries were counted."""
    return keeping.take_over(found, place, count_entries(found))


def told() -> list[str]:
    """Return the texts of all events of lists."""
    return list(Entry.objects.filter(code__startswith="CRL-").order_by("pk").values_list("text", flat=True))
