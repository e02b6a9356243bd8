"""Revocation lists (RFC 5280 section 5) as they are read. Entries become no objects: there may be a million."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from seon.pki.facts import Extension, key_usages_of, subject_of
from seon.pki.reading import certificate_in_der
from seon.pki.values import LONGEST_NAME, Certificate, PkiError, saying

MAX_LIST = 64 * 1024 * 1024
"""Octets of a list."""
MAX_POINTS = 20
"""Addresses that a list may say it is for."""
_NUMBER_BITS = 160
"""RFC 5280 5.2.3: readers need to understand numbers of 20 octets."""
_KNOWN = (x509.IssuingDistributionPoint, x509.CRLNumber, x509.AuthorityKeyIdentifier, x509.IssuerAlternativeName,
          x509.DeltaCRLIndicator)  # fmt: skip
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")


@dataclass(frozen=True, slots=True)
class CertificateList:
    """What a revocation list says of itself. Nobody has checked its signature: `signature_problem` does."""

    der: bytes = field(repr=False)
    issuer: str
    """RFC 4514 text, cut and safe to show."""
    this_update: dt.datetime
    next_update: dt.datetime | None
    number: int | None
    entries: int
    points: tuple[str, ...]
    """The http and https addresses that it is for; none: it is for all of its issuer's."""
    only: str
    """"user certificates" or "CA certificates" where it is for those alone."""
    unsupported: tuple[str, ...]
    """Why it cannot be used here, in words; none: it can."""
    parsed: x509.CertificateRevocationList = field(repr=False)

    @property
    def kind(self) -> str:
        """What it is, in words."""
        if self.unsupported:
            return f"not supported: {', '.join(self.unsupported)}"
        kind = "partitioned" if self.points else "complete"
        return f"{kind}, {self.only} only" if self.only else kind


def read_list(octets: bytes) -> CertificateList:
    """Return the list in DER or PEM. Raises PkiError, which says what the octets are if they are no list."""
    if len(octets) > MAX_LIST:
        raise PkiError(f"it has more than {MAX_LIST} octets")
    parsed = _parsed(octets)
    with saying("it is a revocation list that cannot be read"):
        return _facts(parsed)


def _parsed(octets: bytes) -> x509.CertificateRevocationList:
    label = _PEM.search(octets[:65_536])
    try:
        if label is not None and label[1] == b"X509 CRL":
            return x509.load_pem_x509_crl(octets)
        if label is None:
            return x509.load_der_x509_crl(octets)
    except Exception as error:
        raise PkiError(_what_it_is(octets)) from error
    raise PkiError(f"it is no revocation list but PEM with {label[1].decode().lower()}")


def _what_it_is(octets: bytes) -> str:
    """Say what octets are that are no list."""
    start = octets[:1_024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        return "it is empty"
    if start.startswith(b"<"):
        return "it is no revocation list but a web page (HTML or XML)"
    if octets[:1] != b"\x30":
        return "it is no revocation list, in neither DER nor PEM"
    length = _length(octets)
    if length is not None and length > len(octets):
        return f"the list is cut off: there are {len(octets)} of {length} octets"
    try:
        certificate_in_der(octets)
    except PkiError:
        return "it is no revocation list, or one that is damaged"
    return "it is no revocation list but a certificate"


def _length(octets: bytes) -> int | None:
    """Return how long the outermost value of DER says it is, with its header."""
    if len(octets) < 2 or octets[1] < 0x80:
        return 2 + octets[1] if len(octets) > 1 else None
    size = octets[1] & 0x7F
    return None if not 1 <= size <= 8 else 2 + size + int.from_bytes(octets[2 : 2 + size], "big")


def _facts(crl: x509.CertificateRevocationList) -> CertificateList:
    point = _extension(crl, x509.IssuingDistributionPoint)
    number = _extension(crl, x509.CRLNumber)
    if number is not None and number.crl_number.bit_length() > _NUMBER_BITS:
        raise PkiError("its number has more than 20 octets")
    points = _points(point)
    only = ""
    if point is not None:
        only = "user certificates" if point.only_contains_user_certs else ""
        only = "CA certificates" if point.only_contains_ca_certs else only
    return CertificateList(
        der=crl.public_bytes(Encoding.DER),
        issuer=_shown(crl.issuer),
        this_update=crl.last_update_utc,
        next_update=crl.next_update_utc,
        number=number.crl_number if number else None,
        entries=len(crl),
        points=points,
        only=only,
        unsupported=tuple(_unsupported(crl, point, points)),
        parsed=crl,
    )


def _shown(name: x509.Name) -> str:
    text = name.rfc4514_string()[:LONGEST_NAME]
    return "".join(c if c.isprintable() else "".join(f"\\{octet:02X}" for octet in c.encode()) for c in text)


def _points(point: x509.IssuingDistributionPoint | None) -> tuple[str, ...]:
    if point is None or point.full_name is None:
        return ()
    named = (name.value for name in point.full_name if isinstance(name, x509.UniformResourceIdentifier))
    return tuple(url for url in named if is_http(url))[:MAX_POINTS]


def is_http(url: str) -> bool:
    """Whether it is an address of http or https with a host, in printable ASCII."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isascii() and url.isprintable()


def _unsupported(
    crl: x509.CertificateRevocationList, point: x509.IssuingDistributionPoint | None, points: tuple[str, ...]
) -> Iterator[str]:
    """Yield why a list cannot be used here."""
    if _extension(crl, x509.DeltaCRLIndicator) is not None:
        yield "a delta list"
    if point is not None:
        if point.indirect_crl:
            yield "an indirect list"
        if point.only_some_reasons:
            yield "a list by reason"
        if point.only_contains_attribute_certs:
            yield "a list of attribute certificates"
        if (point.full_name or point.relative_name) and not points:
            yield "a list for a distribution point without http or https (LDAP only)"
    for extension in crl.extensions:
        if extension.critical and not isinstance(extension.value, _KNOWN):
            yield f"the critical extension {extension.oid.dotted_string}"


def _extension(crl: x509.CertificateRevocationList, kind: type[Extension]) -> Extension | None:
    try:
        return crl.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def signature_problem(found: CertificateList, issuer: Certificate) -> str:
    """Return why a list is not this CA's, in words; "" if the CA's key has signed it."""
    name = subject_of(issuer)
    try:
        if found.parsed.issuer != issuer.subject:
            return f"it is a list of another CA: {found.issuer}"
        if not found.parsed.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]  # others are refused
            return f"the key of {name} has not signed it"
    except UnsupportedAlgorithm as error:
        return f"it is signed in a way that is not supported here: {error}"
    except Exception:  # as in `saying`; a signature that cannot be checked proves nothing
        return f"it cannot be checked whether the key of {name} has signed it"
    return "" if _may_sign_lists(issuer) else f"the certificate of {name} says that it signs no lists (key usage)"


def _may_sign_lists(issuer: Certificate) -> bool:
    try:
        usages = key_usages_of(issuer)
    except PkiError:  # extensions that cannot be read: the key has signed, which is what counts
        return True
    return usages is None or "cRLSign" in usages


def points_of(certificate: Certificate) -> tuple[str, ...]:
    """Return the http and https addresses where a certificate says that its issuer's lists are. Raises PkiError.

    Points by reason and of other CAs (indirect lists) are left out.
    """
    with saying("the certificate's extensions cannot be read"):
        try:
            points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        except x509.ExtensionNotFound:
            return ()
    named = [
        name.value
        for point in points
        if not point.reasons and not point.crl_issuer
        for name in point.full_name or ()
        if isinstance(name, x509.UniformResourceIdentifier)
    ]
    return tuple(dict.fromkeys(url for url in named if is_http(url)))[:MAX_POINTS]
