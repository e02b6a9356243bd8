"""Chains: from a certificate that was shown, over what was sent beside it, to an anchor. Nothing else proves an issuer.

An anchor is trusted for itself, and never for what stands above it (X509_V_FLAG_PARTIAL_CHAIN). Paths are followed by
names first, which costs nothing. Each is then verified by OpenSSL with its anchor as the only certificate trusted, from
the anchor downwards: who has no certificate of the anchor's makes us compute one signature a path, by the anchor's key.

Times are not looked at here (X509_V_FLAG_NO_CHECK_TIME): that a certificate has expired is a verdict, not a question of
who issued it. Nor are purposes of the leaf; that each issuer is a CA, its path length, key usage, name constraints and
critical extensions are OpenSSL's to check.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import crypto

from seon.pki.peer import PeerCertificate, peer_certificate
from seon.pki.values import PkiError

MAX_BETWEEN = 10
"""Certificates between the leaf and its anchor."""
MAX_STEPS = 100
"""How many beginnings of paths are looked at: a stranger may send certificates that all have one name."""
MAX_PATHS = 8
"""Whole paths that are verified: more than one where CAs are renewed or cross-signed."""
MAX_RSA_BITS = 8_192
"""Of keys that signatures are verified with."""
_KEYS = ("RSA", "EC", "Ed25519", "Ed448", "DSA")
"""Kinds of keys whose size is known, and with it what a signature costs."""
_FLAGS = crypto.X509StoreFlags.PARTIAL_CHAIN | 0x20_0000  # X509_V_FLAG_NO_CHECK_TIME, which pyOpenSSL does not name
_lib = Binding().lib


class ChainError(PkiError):
    """There is no chain to an anchor; the text says why."""

    def __init__(self, text: str, *, broken: bool) -> None:
        """`broken`: an anchor's name stands above the certificate, but what names it does not hold."""
        super().__init__(text)
        self.broken = broken


@dataclass(frozen=True, slots=True)
class Chain:
    """A verified chain."""

    anchor: PeerCertificate
    below: tuple[PeerCertificate, ...]
    """From the leaf up to what the anchor has issued; at least the leaf."""

    def with_issuers(self) -> Iterator[tuple[PeerCertificate, PeerCertificate]]:
        """Yield each certificate below the anchor with the one that has issued it."""
        return zip(self.below, (*self.below[1:], self.anchor), strict=True)


@dataclass(frozen=True, slots=True)
class TrustedAnchor:
    """An anchor with what OpenSSL needs to verify by it."""

    certificate: PeerCertificate
    name: int
    """Of its subject, see `_subject`."""
    store: crypto.X509Store = field(repr=False, compare=False)


def anchor_in_pem(pem: str) -> TrustedAnchor:
    """Prepare the anchor in PEM. Raises PkiError for what is no CA's, or has a key that would take too long."""
    try:
        x509 = crypto.load_certificate(crypto.FILETYPE_PEM, pem.encode())
    except (crypto.Error, ValueError) as error:
        raise PkiError("it cannot be read") from error
    certificate = peer_certificate(crypto.dump_certificate(crypto.FILETYPE_ASN1, x509))
    problem = _too_costly(certificate)
    if certificate.extensions is None:
        problem = "its extensions cannot be read"
    elif certificate.extensions.is_ca is False:
        problem = "it is no CA's: its basic constraints say that it issues nothing"
    if problem:
        raise PkiError(f"{certificate.subject}, SHA-256 {certificate.fingerprint}: {problem}")
    store = crypto.X509Store()
    store.add_cert(x509)
    store.set_flags(_FLAGS)
    return TrustedAnchor(certificate, _subject(x509), store)


class Anchors:
    """The anchors of a configuration. Two may have one name: that of a CA before and after its renewal, say."""

    def __init__(self, anchors: Iterable[TrustedAnchor] = ()) -> None:
        by_name: dict[int, list[TrustedAnchor]] = {}
        by_fingerprint: dict[str, TrustedAnchor] = {}
        for anchor in anchors:
            if by_fingerprint.setdefault(anchor.certificate.fingerprint, anchor) is anchor:
                by_name.setdefault(anchor.name, []).append(anchor)
        self._by_name: Mapping[int, Sequence[TrustedAnchor]] = by_name
        self._by_fingerprint: Mapping[str, TrustedAnchor] = by_fingerprint

    def __len__(self) -> int:
        return len(self._by_fingerprint)

    def __contains__(self, fingerprint: object) -> bool:
        return fingerprint in self._by_fingerprint

    def __iter__(self) -> Iterator[PeerCertificate]:
        return (anchor.certificate for anchor in self._by_fingerprint.values())

    def chain(self, leaf: PeerCertificate, sent: Sequence[PeerCertificate], now: float) -> Chain:
        """Return a chain from a leaf to an anchor, over any of the certificates that were sent beside it.

        Of several the first in which each CA is valid at `now` (Unix seconds), else the first; short ones come first.
        Raises ChainError.
        """
        if leaf.fingerprint in self:
            raise ChainError(
                "the certificate is an anchor itself: those issue, and nobody comes in by one", broken=True
            )
        found, problem = None, ""
        for number, (anchor, path) in enumerate(self._paths(leaf, sent)):
            if number == MAX_PATHS:
                break
            if error := _verify(anchor, [x509 for _, x509 in path]):
                problem = problem or error
                continue
            chain = Chain(anchor.certificate, tuple(certificate for certificate, _ in path))
            if all(one.not_before <= now < one.not_after for one in (chain.anchor, *chain.below[1:])):
                return chain
            found = found or chain
        if found:
            return found
        if problem:
            raise ChainError(problem, broken=True)
        raise ChainError(
            f"no anchor has issued it, nor what was sent with it; its issuer is {leaf.issuer}", broken=False
        )

    def _paths(self, leaf: PeerCertificate, sent: Sequence[PeerCertificate]) -> Iterator[tuple[TrustedAnchor, "_Path"]]:
        """Yield the paths that the names allow, short ones first, each with its anchor."""
        between = [
            (one, one.openssl)
            for one in sent[:MAX_BETWEEN]
            if one.fingerprint not in self and one.fingerprint != leaf.fingerprint and not _too_costly(one)
        ]
        named = [(_subject(x509), one, x509) for one, x509 in between]
        open_paths: list[_Path] = [[(leaf, leaf.openssl)]]
        for path in open_paths:  # it grows while it is walked through
            issuer = _issuer(path[-1][1])
            for anchor in self._by_name.get(issuer, ()):
                yield anchor, path
            used = {certificate.fingerprint for certificate, _ in path}
            further = [
                [*path, (one, x509)] for name, one, x509 in named if name == issuer and one.fingerprint not in used
            ]
            open_paths += further[: MAX_STEPS - len(open_paths)]


_Path = list[tuple[PeerCertificate, crypto.X509]]


def _too_costly(certificate: PeerCertificate) -> str:
    """Say why no signature may be verified with a certificate's key, "" if it may."""
    key = certificate.key
    if key.kind not in _KEYS:
        return "its key is of a kind that is not known here"
    if key.kind in ("RSA", "DSA") and not key.bits:
        return f"the size of its {key.kind} key cannot be read"
    if key.kind in ("RSA", "DSA") and key.bits > MAX_RSA_BITS:
        return f"its {key.kind} key has {key.bits} bits; {MAX_RSA_BITS} are the most"
    return ""


def _verify(anchor: TrustedAnchor, path: Sequence[crypto.X509]) -> str:
    """Verify that a path leads to its anchor; return what is wrong with it, or ""."""
    try:
        crypto.X509StoreContext(anchor.store, path[0], path[1:]).verify_certificate()
    except crypto.X509StoreContextError as error:
        _, depth, words = error.errors
        return f"towards anchor {anchor.certificate.subject}: {words} ({_place(depth, len(path))})"
    finally:  # what is left there would be taken for a failure of the next connection's
        while _lib.ERR_get_error() != 0:
            pass
    return ""


def _place(depth: int, length: int) -> str:
    if depth == 0:
        return "the partner's certificate"
    return "the anchor" if depth >= length else f"CA certificate {depth} above the partner's"


def _subject(x509: crypto.X509) -> int:
    """Return a number that equal names share, as OpenSSL compares them; that others may share it, `_verify` finds."""
    return int(_lib.X509_NAME_hash(_lib.X509_get_subject_name(x509._x509)))


def _issuer(x509: crypto.X509) -> int:
    return int(_lib.X509_NAME_hash(_lib.X509_get_issuer_name(x509._x509)))
