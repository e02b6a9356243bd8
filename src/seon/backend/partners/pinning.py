"""Which certificate of a file is a partner's own, and what is said of it before it is pinned.

Partners send what they have: a bundle in any order, with or without the CAs above their own certificate. A pin admits
one certificate only (admission/partners.py), so a CA that is pinned by mistake lets nobody else in. It lets nobody in
at all, and nobody sees why: so it is refused here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from seon import pki
from seon.backend.certificates import read_chain
from seon.backend.errors import OperatorError
from seon.pki import Certificate, PkiError, Purpose

_TLS_USAGES = {"digitalSignature", "keyEncipherment", "keyAgreement"}
"""Key usages without which a key can take no part in a TLS handshake."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is said of a certificate; names are RFC 4514 text."""

    subject: str
    issuer: str
    serial: str
    """Lower-case hex."""
    not_before: datetime
    not_after: datetime
    fingerprint: str
    """SHA-256 of the DER form, lower-case hex."""

    @property
    def text(self) -> str:
        """All of it in a line."""
        return (
            f"{self.subject}, issuer {self.issuer}, serial {self.serial}, valid {self.not_before:%Y-%m-%d} to "
            f"{self.not_after:%Y-%m-%d}, SHA-256 {self.fingerprint}"
        )


def shown(certificate: Certificate) -> Shown:
    """Return what is said of a certificate."""
    return Shown(
        subject=pki.subject_of(certificate),
        issuer=pki.issuer_of(certificate),
        serial=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        fingerprint=pki.fingerprint(certificate),
    )


def certificate_to_pin(octets: bytes, now: datetime, *, force: bool = False) -> Certificate:
    """Return the partner's own certificate among those of a file.

    `force` takes an expired one, and a self-made one that calls itself a CA. Raises OperatorError that says why not.
    """
    certificates = read_chain(octets)
    leaf = leaf_of(certificates)
    check_pin(leaf, now, force=force)
    return leaf


def leaf_of(certificates: Sequence[Certificate]) -> Certificate:
    """Return the one certificate that issued none of the others, in whatever order they are.

    Raises OperatorError where there is none, or more than one.
    """
    by_fingerprint = {pki.fingerprint(certificate): certificate for certificate in certificates}
    found = [one for one in by_fingerprint.values() if not _issued_another(one, by_fingerprint.values())]
    if len(found) > 1:  # two branches of CAs beside one leaf are no riddle
        found = [one for one in found if not _is_ca(one)] or found
    if len(found) == 1:
        return found[0]
    names = "; ".join(pki.subject_of(one) for one in found) or "each issued another one"
    raise OperatorError(
        f"The file has {len(by_fingerprint)} certificates, and it is not clear which one is the partner's ({names}): "
        "give a file with the partner's own certificate, and each further one in a file of its own"
    )


def check_pin(certificate: Certificate, now: datetime, *, force: bool) -> None:
    """Raise OperatorError for a certificate that should not be pinned; `force` lets pass what is only unwise."""
    subject = pki.subject_of(certificate)
    if _is_ca(certificate):
        if _is_for_issuing_only(certificate):
            raise OperatorError(
                f"{subject} is the certificate of a CA, for issuing others: no station shows it. "
                "Ask the partner for the certificate that its OFTP2 station shows"
            )
        if not force:
            raise OperatorError(
                f"{subject} calls itself a CA (CA:TRUE). Some stations make their own certificate like that: "
                f"if the partner confirms the SHA-256 {pki.fingerprint(certificate)}, use --force"
            )
    if now >= certificate.not_valid_after_utc and not force:
        raise OperatorError(
            f"{subject} expired on {certificate.not_valid_after_utc:%Y-%m-%d}: with it the partner is not admitted. "
            "Ask the partner for its new one, or use --force"
        )


def _issued_another(one: Certificate, among: Collection[Certificate]) -> bool:
    return any(pki.is_issued_by(other, one) for other in among if other is not one)


def _is_ca(certificate: Certificate) -> bool:
    try:
        return pki.is_ca(certificate)
    except PkiError as error:
        raise _unreadable(certificate, error) from None


def _unreadable(certificate: Certificate, error: PkiError) -> OperatorError:
    return OperatorError(f"{pki.subject_of(certificate)}: {error}; ask the partner for another certificate")


def _is_for_issuing_only(certificate: Certificate) -> bool:
    """Whether a CA says that its key signs certificates, and says of no use in TLS."""
    try:
        usages, purposes = pki.key_usages_of(certificate), pki.purposes_of(certificate)
    except PkiError as error:
        raise _unreadable(certificate, error) from None
    if usages is None or "keyCertSign" not in usages:
        return False
    for_tls = bool(usages & _TLS_USAGES)
    for_peers = bool({Purpose.CLIENT.value, Purpose.SERVER.value} & set(purposes or ()))
    self_made = pki.is_issued_by(certificate, certificate)
    return not (for_peers or (self_made and for_tls))
