"""Which certificate of a file is a partner's own, and what is said of it before it is pinned.

Partners send what they have: a bundle in any order, with or without the CAs above their own certificate. A pin admits
one certificate only (admission/partners.py), so a CA that is pinned by mistake lets nobody else in. It lets nobody in
at all, and nobody sees why: so it is refused here, and so is one whose key TLS cannot use. Everything else that OpenSSL
takes can be pinned, whichever rule of X.509 it breaks.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from seon import pki
from seon.backend.certificates import read_shown, when
from seon.backend.errors import OperatorError
from seon.pki import Certificate, KeyFacts, PeerCertificate, Purpose, as_peer

_TLS_USAGES = {"digitalSignature", "keyEncipherment", "keyAgreement"}
"""Key usages without which a key can take no part in a TLS handshake."""
_TLS_KINDS = ("RSA", "EC", "Ed25519", "Ed448")
_TLS_CURVES = ("secp256r1", "secp384r1", "secp521r1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1")
_MOST_RSA_BITS = 8_192
"""Greater keys are refused in the handshake: they would hold the one thread of the server for too long."""
AnyCertificate = TypeVar("AnyCertificate", Certificate, PeerCertificate)


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
    is_readable: bool = True
    """Whether its extensions can be read: what its key is for is not known otherwise."""

    @property
    def text(self) -> str:
        """All of it in a line."""
        return (
            f"{self.subject}, issuer {self.issuer}, serial {self.serial}, valid {self.not_before:%Y-%m-%d} to "
            f"{self.not_after:%Y-%m-%d}, SHA-256 {self.fingerprint}"
            f"{'' if self.is_readable else ', its extensions cannot be read'}"
        )


def shown(certificate: Certificate | PeerCertificate) -> Shown:
    """Return what is said of a certificate."""
    peer = as_peer(certificate)
    return Shown(
        subject=peer.subject,
        issuer=peer.issuer,
        serial=peer.serial,
        not_before=when(peer.not_before),
        not_after=when(peer.not_after),
        fingerprint=peer.fingerprint,
        is_readable=peer.extensions is not None,
    )


def certificate_to_pin(octets: bytes, now: datetime, *, force: bool = False) -> PeerCertificate:
    """Return the partner's own certificate among those of a file.

    `force` takes an expired one, and a self-made one that calls itself a CA. Raises OperatorError that says why not.
    """
    leaf = leaf_of(read_shown(octets))
    check_pin(leaf, now, force=force)
    return leaf


def leaf_of(certificates: Sequence[AnyCertificate]) -> AnyCertificate:
    """Return the one certificate that issued none of the others, in whatever order they are.

    Raises OperatorError where there is none, or more than one.
    """
    given = {(peer := as_peer(certificate)).fingerprint: (peer, certificate) for certificate in certificates}
    peers = [peer for peer, _ in given.values()]
    found = [one for one in peers if not _issued_another(one, peers)]
    if len(found) > 1:  # two branches of CAs beside one leaf are no riddle
        found = [one for one in found if not _is_ca(one)] or found
    if len(found) == 1:
        return given[found[0].fingerprint][1]
    names = "; ".join(one.subject for one in found) or "each issued another one"
    raise OperatorError(
        f"The file has {len(peers)} certificates, and it is not clear which one is the partner's ({names}): "
        "give a file with the partner's own certificate, and each further one in a file of its own"
    )


def check_pin(certificate: PeerCertificate, now: datetime, *, force: bool) -> None:
    """Raise OperatorError for a certificate that should not be pinned; `force` lets pass what is only unwise."""
    subject, ends = certificate.subject, when(certificate.not_after)
    if problem := key_problem(certificate.key):
        raise OperatorError(
            f"{subject}, SHA-256 {certificate.fingerprint}: {problem}. Ask the partner for another certificate"
        )
    if _is_ca(certificate):
        if _is_for_issuing_only(certificate):
            raise OperatorError(
                f"{subject} is the certificate of a CA, for issuing others: no station shows it. "
                "Ask the partner for the certificate that its OFTP2 station shows"
            )
        if not force:
            raise OperatorError(
                f"{subject} calls itself a CA (CA:TRUE). Some stations make their own certificate like that: "
                f"if the partner confirms the SHA-256 {certificate.fingerprint}, use --force"
            )
    if now >= ends and not force:
        raise OperatorError(
            f"{subject} expired on {ends:%Y-%m-%d}: with it the partner is not admitted. "
            "Ask the partner for its new one, or use --force"
        )


def key_problem(key: KeyFacts) -> str:
    """Return why no TLS handshake can be made with a key, "" where it can (tried with OpenSSL 4.0)."""
    if key.kind not in _TLS_KINDS:
        return f"its key is of a kind that TLS cannot use ({key.text})"
    if key.kind == "EC" and key.curve not in _TLS_CURVES:
        return f"its key is on a curve that TLS cannot use ({key.curve})"
    if key.kind == "RSA" and not 0 < key.bits <= _MOST_RSA_BITS:
        return f"its RSA key has {key.bits} bits; there can be {_MOST_RSA_BITS}" if key.bits else "its key is damaged"
    return ""


def _issued_another(one: PeerCertificate, among: Collection[PeerCertificate]) -> bool:
    return any(_issued(one, other) for other in among if other is not one)


def _issued(issuer: PeerCertificate, other: PeerCertificate) -> bool:
    """Whether one certificate issued the other; by its name alone where the signature cannot be checked here.

    It decides only which one of a file is looked at.
    """
    above, below = _checkable(issuer), _checkable(other)
    if above is not None and below is not None:
        return pki.is_issued_by(below, above)
    is_own_issuer = other.subject_der == other.issuer_der
    return issuer.subject_der == other.issuer_der and not is_own_issuer


def _checkable(certificate: PeerCertificate) -> Certificate | None:
    """Return what `cryptography` can compare the names and check the signature of."""
    found = certificate.x509
    return None if found is None or pki.UNREADABLE in (pki.subject_of(found), pki.issuer_of(found)) else found


def _is_ca(certificate: PeerCertificate) -> bool:
    return bool(certificate.extensions and certificate.extensions.is_ca)


def _is_for_issuing_only(certificate: PeerCertificate) -> bool:
    """Whether a CA says that its key signs certificates, and says of no use in TLS."""
    said = certificate.extensions
    if said is None or said.usages is None or "keyCertSign" not in said.usages:
        return False
    for_tls = bool(said.usages & _TLS_USAGES)
    for_peers = bool({Purpose.CLIENT.value, Purpose.SERVER.value} & set(said.purposes or ()))
    self_made = certificate.subject_der == certificate.issuer_der
    return not (for_peers or (self_made and for_tls))
