"""Revocation lists as administrators meet them: read from what a file or a web server has, and said in words.

What a list says is read by seon.pki.crl, as the server does: what is taken here is taken there.
"""

import base64
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import urlsplit

from seon.pki import crl, names
from seon.pki.ber import BrokenError
from seon.pki.peer import PeerCertificate, peer_certificate
from seon.pki.serials import ROW
from seon.pki.values import PkiError, saying

MAX_LIST = 64 * 1024 * 1024
"""Octets of a list."""
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_END = b"-----END X509 CRL-----"
_UNSUPPORTED = "not supported"


class UnsupportedListError(PkiError):
    """A list of a kind that is not supported."""


@dataclass(frozen=True, slots=True)
class CertificateList:
    """What a revocation list says of itself. Nobody has checked its signature: `signature_problem` does."""

    der: bytes = field(repr=False)
    issuer: str
    """RFC 4514 text, cut and safe to show."""
    this_update: datetime
    next_update: datetime | None
    number: int | None
    points: tuple[str, ...]
    """The http and https addresses that it is for; none: it is for all of its issuer's."""
    only: str
    """"user certificates" or "CA certificates" where it is for those alone."""
    parsed: crl.ReadList = field(repr=False)

    @property
    def kind(self) -> str:
        """What it is, in words."""
        kind = "partitioned" if self.points else "complete"
        return f"{kind}, {self.only} only" if self.only else kind


def read_list(octets: bytes) -> CertificateList:
    """Return the list in DER or PEM.

    Raises PkiError, which says what the octets are if they are no list; UnsupportedListError is one.
    """
    if len(octets) > MAX_LIST:
        raise PkiError(f"it has more than {MAX_LIST} octets")
    der = _in_der(octets)
    try:
        found = crl.read_list(der)
    except PkiError as error:
        _raise_it(error, octets)
    scope = found.scope
    points = tuple(url for url in scope.points if is_http(url))
    if scope.points and not points:
        raise UnsupportedListError(f"{_UNSUPPORTED}: its distribution point has no http or https (LDAP only)")
    with saying("a time in it is none"):
        return CertificateList(
            der=der,
            issuer=_name(found.issuer),
            this_update=datetime.fromtimestamp(found.this_update, UTC),
            next_update=None if found.next_update is None else datetime.fromtimestamp(found.next_update, UTC),
            number=found.number,
            points=points,
            only="CA certificates" if scope.only_cas else "user certificates" if scope.only_users else "",
            parsed=found,
        )


def _in_der(octets: bytes) -> bytes:
    label = _PEM.search(octets[:65_536])
    if label is None:
        return octets
    if label[1] != b"X509 CRL":
        raise PkiError(f"it is no revocation list but PEM with {label[1].decode().lower()}")
    with saying("the list in PEM is damaged or cut off"):
        text = octets[label.end() : octets.index(_END, label.end())]
        return base64.b64decode(text.translate(None, b" \t\r\n"), validate=True)


def _raise_it(error: PkiError, octets: bytes) -> NoReturn:
    if str(error).startswith(_UNSUPPORTED):
        raise UnsupportedListError(str(error)) from None
    raise PkiError(_what_it_is(octets) or str(error)) from None


def _name(der: bytes) -> str:
    try:
        return names.shown(names.text_of(names.parts_of(der)))
    except (BrokenError, ValueError):
        return names.shown(None)


def _what_it_is(octets: bytes) -> str:
    """Say what octets are that are no list; "" for what looks like one."""
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
        peer_certificate(octets)
    except PkiError:
        return ""
    return "it is no revocation list but a certificate"


def _length(octets: bytes) -> int | None:
    """Return how long the outermost value of DER says it is, with its header."""
    if len(octets) < 2 or octets[1] < 0x80:
        return 2 + octets[1] if len(octets) > 1 else None
    size = octets[1] & 0x7F
    return None if not 1 <= size <= 8 else 2 + size + int.from_bytes(octets[2 : 2 + size], "big")


def is_http(url: str) -> bool:
    """Whether it is an address of http or https with a host, in printable ASCII."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isascii() and url.isprintable()


def signature_problem(found: CertificateList, issuer: PeerCertificate) -> str:
    """Return why a list is not this CA's, in words; "" if the CA's key has signed it."""
    if found.parsed.issuer != issuer.subject_der:
        return f"it is a list of another CA: {found.issuer}"
    try:
        crl.check_list(found.der, found.parsed, issuer)
    except PkiError as error:
        return f"{error} (CA: {issuer.subject})"
    return ""


def count_entries(found: CertificateList) -> int:
    """Return how many certificates a list revokes, each of its entries read; check its signature before.

    Takes about 2 s for 1,000,000 entries. Raises PkiError, and UnsupportedListError for entries of other CAs.
    """
    try:
        return len(crl.table_of(found.der, found.parsed.entries)) // ROW
    except PkiError as error:
        if str(error).startswith(_UNSUPPORTED):
            raise UnsupportedListError(str(error)) from None
        raise


def table_for(found: CertificateList, serial: int) -> bytes:
    """Return a table (seon.pki.serials) in which this number is found if the list has it: the list's, or none.

    Quick for a list without it; else as slow as `count_entries`. Raises PkiError.
    """
    digits = serial.to_bytes((serial.bit_length() + 7) // 8, "big") if serial > 0 else b""
    if digits and found.der.find(digits, *found.parsed.entries) < 0:
        return b""
    return crl.table_of(found.der, found.parsed.entries)
