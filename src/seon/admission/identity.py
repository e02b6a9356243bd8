"""What a certificate says of its holder, in the words that events and decisions use."""

from dataclasses import dataclass

from seon.pki import PeerCertificate


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate whose key the peer has proved to hold. Names are RFC 4514 text; times are Unix seconds."""

    fingerprint: str
    subject: str
    issuer: str
    serial: str
    not_before: float
    not_after: float

    def as_fields(self) -> dict[str, str]:
        """Return what a refusal's event says of the certificate (mission F2)."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "serial": self.serial,
            "fingerprint": self.fingerprint,
        }


NOBODY = {"subject": "-", "issuer": "-", "serial": "-", "fingerprint": "-"}
"""The same for a peer that showed no certificate."""


def identity_of(certificate: PeerCertificate) -> Identity:
    """Return what a certificate says. A name that cannot be read is said to be so: it decides nothing."""
    return Identity(
        fingerprint=certificate.fingerprint,
        subject=certificate.subject,
        issuer=certificate.issuer,
        serial=certificate.serial,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
    )
