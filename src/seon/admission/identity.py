"""What a certificate says of its holder, in the words of events (mission F2)."""

from seon.pki import PeerCertificate

NOBODY = {"subject": "-", "issuer": "-", "serial": "-", "fingerprint": "-"}
"""For a peer that showed no certificate."""


def as_fields(certificate: PeerCertificate) -> dict[str, str]:
    """Return what a refusal's event says of the certificate."""
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": certificate.serial,
        "fingerprint": certificate.fingerprint,
    }
