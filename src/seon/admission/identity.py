"""What a certificate says of its holder, in the words that events and decisions use."""

from dataclasses import dataclass

from seon.pki import Certificate, fingerprint, issuer_of, subject_of


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


def identity_of(certificate: Certificate) -> Identity:
    """Return what a certificate says. A name that cannot be read is said to be so: it decides nothing."""
    return Identity(
        fingerprint=fingerprint(certificate),
        subject=subject_of(certificate),
        issuer=issuer_of(certificate),
        serial=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
    )
