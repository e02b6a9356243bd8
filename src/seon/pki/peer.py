"""A certificate as somebody showed it: whatever OpenSSL takes has a fingerprint, a name, a time and a key here.

`cryptography` reads only what keeps all rules of X.509; many certificates of real partners break one. So the octets
are those that OpenSSL has of it, and what they say is read here, part by part: what cannot be read is said to be so,
and decides nothing.
"""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import crypto

from seon.pki import names
from seon.pki.ber import BrokenError
from seon.pki.extensions import Extensions, read_extensions
from seon.pki.key_facts import KeyFacts, key_facts, signature_hash
from seon.pki.layout import layout_of, octets_of, serial_of, validity_of
from seon.pki.reading import certificate_in_der
from seon.pki.values import Certificate, PkiError

MAX_DER = 64 * 1024
"""Octets of a certificate that are read. Usual ones have 1,000 to 3,000."""
_OFTP = "oftp://"


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """What a certificate says. Nothing of it is proved by its being here."""

    der: bytes
    """As OpenSSL has it."""
    fingerprint: str
    """SHA-256 of `der`, lower-case hex."""
    subject: str
    """RFC 4514 text for people: cut to LONGEST_NAME, "(empty)", or UNREADABLE where it is."""
    issuer: str
    subject_text: str | None
    """The same, whole; None where it cannot be read."""
    issuer_text: str | None
    serial: str
    """Lower-case hex, of no more than 64 octets; a negative one with its sign."""
    not_before: float
    """Unix seconds. Where the time cannot be read it is never valid: from the end of the year 9999 to 1970."""
    not_after: float
    subject_der: bytes
    """The whole Name."""
    issuer_der: bytes
    key: KeyFacts
    signature_hash: str
    """Such as "sha256"; "" for a signature with a hash of its own (Ed25519), "unknown"."""
    extensions: Extensions | None
    """None: they cannot be read."""
    odette_ids: tuple[str, ...]
    """The values of serialNumber in the subject."""

    @property
    def oftp_ids(self) -> tuple[str, ...]:
        """The codes behind `oftp://` in URIs of the subject alternative names, as they stand there."""
        uris = self.extensions.uris if self.extensions else ()
        return tuple(uri[len(_OFTP) :] for uri in uris if uri[: len(_OFTP)].lower() == _OFTP)

    @property
    def x509(self) -> Certificate | None:
        """What `cryptography` makes of it; None where it cannot read it. Not kept: each time it is read anew."""
        try:
            return certificate_in_der(self.der)
        except PkiError:
            return None

    @property
    def openssl(self) -> crypto.X509:
        """What OpenSSL makes of it. Not kept."""
        return _loaded(self.der)

    @property
    def pem(self) -> str:
        """As PEM text."""
        text = base64.encodebytes(self.der).replace(b"\n", b"").decode()
        lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
        return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


def as_peer(certificate: "Certificate | PeerCertificate") -> PeerCertificate:
    """Return a certificate that was read in one way or the other. Raises PkiError for one over MAX_DER."""
    if isinstance(certificate, PeerCertificate):
        return certificate
    return peer_certificate(certificate.public_bytes(Encoding.DER))


def peer_certificate(der: bytes) -> PeerCertificate:
    """Return a certificate; octets behind it are left out.

    Raises PkiError for what OpenSSL cannot read, and for what no maker of certificates writes: more than MAX_DER
    octets, or thousands of pieces of open length.
    """
    if len(der) > MAX_DER:
        raise PkiError(f"the certificate has more than {MAX_DER} octets")
    return as_shown(_loaded(der))


def _loaded(der: bytes) -> crypto.X509:
    try:
        return crypto.load_certificate(crypto.FILETYPE_ASN1, der)
    except crypto.Error:
        digest = hashlib.sha256(der).hexdigest()
        raise PkiError(f"OpenSSL cannot read it as a certificate (SHA-256 of its octets: {digest})") from None


def as_shown(shown: crypto.X509) -> PeerCertificate:
    """Return what OpenSSL has read already, such as a peer's in a handshake. Raises PkiError for one over MAX_DER."""
    der = crypto.dump_certificate(crypto.FILETYPE_ASN1, shown)
    if len(der) > MAX_DER:
        raise PkiError(f"the certificate has more than {MAX_DER} octets")
    try:
        layout = layout_of(der)
    except (BrokenError, ValueError, IndexError):
        raise PkiError(
            f"the certificate's parts cannot be found (SHA-256 of its octets: {hashlib.sha256(der).hexdigest()})"
        ) from None
    subject_der, issuer_der = octets_of(der, layout.subject), octets_of(der, layout.issuer)
    subject, odette_ids = _named(subject_der)
    issuer, _ = _named(issuer_der)
    not_before, not_after = validity_of(der, layout)
    return PeerCertificate(
        der=der,
        fingerprint=hashlib.sha256(der).hexdigest(),
        subject=names.shown(subject),
        issuer=names.shown(issuer),
        subject_text=subject,
        issuer_text=issuer,
        serial=serial_of(der, layout),
        not_before=not_before,
        not_after=not_after,
        subject_der=subject_der,
        issuer_der=issuer_der,
        key=key_facts(octets_of(der, layout.key)),
        signature_hash=signature_hash(octets_of(der, layout.algorithm)),
        extensions=read_extensions(der, layout.extensions),
        odette_ids=odette_ids,
    )


def _named(name: bytes) -> tuple[str | None, tuple[str, ...]]:
    """Return a name's text, None where it cannot be read, and its serial numbers."""
    try:
        parts = names.parts_of(name)
    except (BrokenError, ValueError):
        return None, ()
    ids = tuple(
        part.value
        for relative in parts
        for part in relative
        if part.kind == names.SERIAL_NUMBER and isinstance(part.value, str)
    )
    return names.text_of(parts), ids
