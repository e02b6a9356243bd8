"""What is to be said of an own certificate before it is put in use. Pure: knows no database, and is told the time.

What our own TLS can do was tried (OpenSSL of cryptography 50): P-256, P-384, P-521 and, since they are named among the
groups, brainpool curves work with TLS 1.2 and 1.3, P-224 and secp256k1 with none; RSA below 2048 bits cannot be loaded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from seon import pki
from seon.backend.certificates import named
from seon.backend.trust.chains import BROKEN_HASHES, Chain, has_issued, is_valid
from seon.pki import Certificate, PkiError, PublicKey, Purpose

MIN_RSA_BITS, MAX_RSA_BITS = 2_048, 16_384
USUAL_RSA_BITS = 4_096
"""More makes each handshake slow, and some stations refuse it."""
USUAL_EXPONENT = 65_537
SOON = timedelta(days=30)
_USUAL_CURVES = ("secp256r1", "secp384r1")
_RARE_CURVES = {
    "secp521r1": "P-521, which many TLS programs do not take",
    "brainpoolP256r1": "brainpoolP256r1, which usual TLS programs do not take",
    "brainpoolP384r1": "brainpoolP384r1, which usual TLS programs do not take",
    "brainpoolP512r1": "brainpoolP512r1, which usual TLS programs do not take",
}


class Weight(StrEnum):
    """How much a finding weighs."""

    REFUSED = "refused"
    """It cannot work."""
    UNWISE = "unwise"
    """It may work with some partners. The administrator has to say that this is meant."""
    NOTE = "note"
    """Worth knowing, and no reason to stop."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to be said of a certificate."""

    weight: Weight
    code: str
    """Which one it is, for programs."""
    text: str
    """Which one it is, in a sentence without its full stop."""


def judge(chain: Chain, at: datetime) -> list[Finding]:
    """Return what is to be said of a chain that is in use from this time on, the weightiest first."""
    found = [*_of_time(chain, at), *_of_key(chain.leaf), *_of_leaf(chain.leaf), *_of_chain(chain)]
    return sorted(found, key=lambda finding: list(Weight).index(finding.weight))


def is_sound(chain: Chain, at: datetime) -> bool:
    """Whether what is above the certificate is there and valid then, whatever is to be said of the certificate."""
    return not any(found.code in ("chain-gap", "chain-not-valid") for found in judge(chain, at))


def key_problem(key: PublicKey) -> str:
    """Return why a key cannot be used towards partners, "" where it can."""
    return next((found.text for found in _of_public_key(key) if found.weight is Weight.REFUSED), "")


def named_key(key: PublicKey) -> str:
    """Return the kind of a key, such as "RSA 3072" or "EC secp256r1"."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return f"EC {key.curve.name}" if isinstance(key, ec.EllipticCurvePublicKey) else "another kind"


def those(findings: Iterable[Finding], weight: Weight) -> list[Finding]:
    """Return the findings of this weight."""
    return [finding for finding in findings if finding.weight is weight]


def _of_time(chain: Chain, at: datetime) -> Iterator[Finding]:
    leaf = chain.leaf
    ends = f"{leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    if at > leaf.not_valid_after_utc:
        yield Finding(Weight.UNWISE, "expired", f"it has expired: it was valid until {ends}")
    elif at > leaf.not_valid_after_utc - SOON:
        yield Finding(Weight.NOTE, "expires-soon", f"it expires soon: it is valid until {ends}")
    if at < leaf.not_valid_before_utc:
        begins = f"{leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        yield Finding(Weight.UNWISE, "not-yet-valid", f"it is not yet valid then: its validity begins at {begins}")
    for above in chain.certificates[1:]:
        if not is_valid(above, at):
            text = f"the certificate of {named(above)} in its chain is not valid then"
            yield Finding(Weight.UNWISE, "chain-not-valid", text)


def _of_key(leaf: Certificate) -> Iterator[Finding]:
    try:
        key = pki.public_key_of(leaf)
    except PkiError as error:
        yield Finding(Weight.REFUSED, "key-unreadable", str(error))
        return
    yield from _of_public_key(key)


def _of_public_key(key: PublicKey) -> Iterator[Finding]:
    if isinstance(key, rsa.RSAPublicKey):
        yield from _of_rsa(key)
    elif not isinstance(key, ec.EllipticCurvePublicKey):
        yield Finding(Weight.REFUSED, "key-type", "only RSA and ECDSA keys can be used towards partners")
    elif key.curve.name in _RARE_CURVES:
        yield Finding(Weight.UNWISE, "curve", f"its key is on the curve {_RARE_CURVES[key.curve.name]}")
    elif key.curve.name not in _USUAL_CURVES:
        yield Finding(Weight.REFUSED, "curve", f"its key is on the curve {key.curve.name}, which TLS cannot use")


def _of_rsa(key: rsa.RSAPublicKey) -> Iterator[Finding]:
    bits, exponent = key.key_size, key.public_numbers().e
    if bits < MIN_RSA_BITS:
        yield Finding(Weight.REFUSED, "weak-key", f"an RSA key needs at least {MIN_RSA_BITS} bits, this one has {bits}")
    if bits > MAX_RSA_BITS:
        yield Finding(Weight.REFUSED, "huge-key", f"an RSA key has at most {MAX_RSA_BITS} bits, this one has {bits}")
    elif bits > USUAL_RSA_BITS:
        yield Finding(Weight.UNWISE, "huge-key", f"its RSA key has {bits} bits, which makes each session's start slow")
    if exponent < USUAL_EXPONENT:
        text = f"its RSA key has the public exponent {exponent}; {USUAL_EXPONENT} is usual, and some refuse less"
        yield Finding(Weight.UNWISE, "small-exponent", text)


def _of_leaf(leaf: Certificate) -> Iterator[Finding]:
    for what, judged in (
        ("what its key may be used for", _of_usage),
        ("whether it is a CA's", _of_authority),
        ("how it was signed", _of_signature),
    ):
        try:
            yield from judged(leaf)
        except PkiError:
            yield Finding(Weight.UNWISE, "unreadable", f"{what} cannot be read, and partners may refuse it for that")
    if pki.subject_of(leaf) == pki.UNREADABLE:
        yield Finding(Weight.NOTE, "name-unreadable", "its name cannot be read here")


def _of_usage(leaf: Certificate) -> Iterator[Finding]:
    purposes = pki.purposes_of(leaf)
    if purposes is not None and Purpose.ANY not in purposes:
        for purpose, name, when in (
            (Purpose.SERVER, "serverAuth", "partners that call us"),
            (Purpose.CLIENT, "clientAuth", "partners that we call"),
        ):
            if purpose not in purposes:
                text = f"its extended key usage lacks {name}: {when} may refuse it"
                yield Finding(Weight.UNWISE, f"no-{name}", text)
    if not pki.may_sign(leaf):
        text = "its key usage lacks digitalSignature: partners with TLS 1.3 refuse it"
        yield Finding(Weight.UNWISE, "no-digital-signature", text)


def _of_authority(leaf: Certificate) -> Iterator[Finding]:
    if pki.is_ca(leaf):
        yield Finding(Weight.UNWISE, "is-ca", "it is the certificate of a CA: partners may refuse it for a station")


def _of_signature(leaf: Certificate) -> Iterator[Finding]:
    algorithm = pki.signature_hash_of(leaf)
    if algorithm in BROKEN_HASHES and not has_issued(leaf, leaf):
        text = f"it was signed with {algorithm.upper()}, which most TLS programs do not take any more"
        yield Finding(Weight.UNWISE, "weak-signature", text)


def _of_chain(chain: Chain) -> Iterator[Finding]:
    if chain.missing and len(chain.certificates) == 1:
        text = f"it comes without its intermediate: {chain.gap}, and partners cannot verify it"
        yield Finding(Weight.UNWISE, "chain-gap", text)
    elif chain.missing:
        text = f"{chain.gap}: that is right if it is a root, which partners have themselves"
        yield Finding(Weight.NOTE, "root-not-known", text)
    if chain.unused:
        names = ", ".join(map(named, chain.unused[:3])) + (", ..." if len(chain.unused) > 3 else "")
        yield Finding(Weight.NOTE, "not-of-the-chain", f"certificates that do not belong to its chain: {names}")
