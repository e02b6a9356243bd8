"""Which certificate of a file becomes a trust anchor, and which never does.

CAs send what they have: their own certificate, what stands above it, sometimes a certificate that they issued. The
anchor is the CA that issued none of the others: the nearest to the partners. What stands above it would admit whatever
its siblings issue.
"""

from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from seon import pki
from seon.backend.certificates import named, read_chain
from seon.backend.errors import OperatorError
from seon.backend.partners.pinning import leaf_of
from seon.pki import Certificate, PkiError

MOST_RSA_BITS = 8_192
"""Greater keys would hold the one thread of the server for too long."""
MOST_OCTETS = 20_000
"""Of a certificate in DER, as it crosses with a CRL's address (api_messages.CrlSource)."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken of a file."""

    certificate: Certificate
    passed_over: tuple[str, ...]
    """The subjects of the other certificates."""


def anchor_in(octets: bytes, now: datetime, *, force: bool = False) -> Taken:
    """Return the CA's certificate in a file. `force` takes one that has expired. Raises OperatorError."""
    found = {pki.fingerprint(one): one for one in read_chain(octets)}
    authorities = [one for one in found.values() if _is_ca(one)]
    if not authorities:
        subject = named(next(iter(found.values())))
        raise OperatorError(
            f"{subject} is no CA: it may issue no certificates (no CA:TRUE). A partner's own certificate is pinned: "
            "seonapi partner certificate add"
        )
    chosen = _nearest(authorities)
    _check(chosen, now, force=force)
    return Taken(chosen, tuple(named(one) for one in found.values() if one is not chosen))


def _nearest(authorities: list[Certificate]) -> Certificate:
    if len(authorities) == 1:
        return authorities[0]
    try:
        return leaf_of(authorities)
    except OperatorError:
        names = "; ".join(named(one) for one in authorities)
        raise OperatorError(
            f"The file has {len(authorities)} CAs, and none of them is the one below all others ({names}): give each "
            "that may admit partners in a file of its own"
        ) from None


def _is_ca(certificate: Certificate) -> bool:
    try:
        return pki.is_ca(certificate)
    except PkiError as error:
        raise OperatorError(f"{named(certificate)}: {error}; ask the CA for another certificate") from None


def _check(certificate: Certificate, now: datetime, *, force: bool) -> None:
    """Raise OperatorError for a CA that cannot be an anchor, or should not."""
    subject = named(certificate)
    try:
        key, hashed = pki.public_key_of(certificate), pki.signature_hash_of(certificate)
        usages = pki.key_usages_of(certificate)
    except PkiError as error:
        raise OperatorError(f"{subject}: {error}; ask the CA for another certificate") from None
    if isinstance(key, rsa.RSAPublicKey) and key.key_size > MOST_RSA_BITS:
        raise OperatorError(f"{subject} has an RSA key of {key.key_size} bits; there can be {MOST_RSA_BITS}")
    if hashed == "md5":
        raise OperatorError(
            f"{subject} is signed with MD5, which anybody can forge: ask the CA for another certificate"
        )
    if usages is not None and "keyCertSign" not in usages:
        raise OperatorError(f"{subject} calls itself a CA, and its key may not sign certificates (key usage)")
    octets = len(certificate.public_bytes(Encoding.DER))
    if octets > MOST_OCTETS:
        raise OperatorError(f"{subject} has {octets} octets; there can be {MOST_OCTETS}")
    if now >= certificate.not_valid_after_utc and not force:
        raise OperatorError(
            f"{subject} expired on {certificate.not_valid_after_utc:%Y-%m-%d}: nothing below it is admitted. "
            "Ask the CA for its new one, or use --force"
        )
