"""What the tests of this subject share: a CA, and a place of its list."""

import io

import certificates
from seon.api_messages import CrlSource
from seon.backend.journal.models import Entry
from seon.backend.revocation.downloading import Fetched
from seon.backend.revocation.models import CrlUrl
from seon.backend.revocation.places import remember

CA = certificates.make("CA", ca=True)
URL = "http://crl.example/ca.crl"


def source(url: str = URL, ca: certificates.Made = CA) -> CrlSource:
    from cryptography.hazmat.primitives.serialization import Encoding

    return CrlSource(url, ca.certificate.public_bytes(Encoding.DER))


def place(url: str = URL, ca: certificates.Made = CA) -> CrlUrl:
    """Return a place that a server has reported."""
    remember([source(url, ca)], "token")
    return CrlUrl.objects.get(url=url, issuer__subject=ca.certificate.subject.rfc4514_string())


def came(octets: bytes, etag: str = "", modified: str = "") -> Fetched:
    """Return what a download has brought."""
    return Fetched(io.BytesIO(octets), etag, modified)


def told() -> list[str]:
    """Return the texts of all events of lists."""
    return list(Entry.objects.filter(code__startswith="CRL-").order_by("pk").values_list("text", flat=True))
