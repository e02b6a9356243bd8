"""Files with certificates and keys in them, as people have them: PEM, DER, PKCS#7, PKCS#12, and what Windows makes.

A file is told by its octets and never by its name. Everything here raises PkiError and nothing else; the text says
what is wrong with the file, and nothing of a key or a password.
"""

import hashlib
import re
from dataclasses import dataclass, field

from seon.pki import kinds
from seon.pki.facts import public_half
from seon.pki.peer import PeerCertificate, peer_certificate
from seon.pki.pkcs import certificates_in_pkcs7, is_signed_data, opened_pkcs12
from seon.pki.reading import private_key_in
from seon.pki.rounds import MOST_ROUNDS, TooDeepError, demands_too_much
from seon.pki.texts import BEGIN, blocks, body, plain, unwrapped
from seon.pki.values import KeyLockedError, PkiError, PrivateKey, WrongPasswordError

MAX_OCTETS = 1024 * 1024
"""Of a file that is read."""
MAX_CERTIFICATES = 50
"""How many certificates are read of one file."""
MAX_KEYS = 10
"""How many private keys are read of one file."""
_CERTIFICATE_LABELS = (b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE")
_PKCS7_LABELS = (b"PKCS7", b"CMS", b"PKCS #7 SIGNED DATA")
_PFX = re.compile(rb"\A\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...)\x02\x01\x03", re.DOTALL)
"""How PKCS#12 begins: a sequence whose first member is the version 3."""


@dataclass(slots=True)
class Contents:
    """What was in a file."""

    certificates: list[PeerCertificate] = field(default_factory=list)
    """In the file's order, each once."""
    keys: list[PrivateKey] = field(default_factory=list)

    def add(self, certificate: PeerCertificate) -> None:
        """Add a certificate unless it is there already. Raises PkiError when there are too many."""
        if any(known.fingerprint == certificate.fingerprint for known in self.certificates):
            return
        if len(self.certificates) == MAX_CERTIFICATES:
            raise PkiError(f"there are more than {MAX_CERTIFICATES} certificates in one file")
        self.certificates.append(certificate)


def read_container(octets: bytes, password: bytes | None = None, *, with_keys: bool = True) -> Contents:
    """Return the certificates and private keys in a file. The password is for what needs one.

    Without `with_keys` keys in PEM are passed over. Raises KeyLockedError when a password is needed and none was given,
    WrongPasswordError, and PkiError for a file without certificate and key, or with a damaged one; it says what the
    file is instead.
    """
    if len(octets) > MAX_OCTETS:
        raise PkiError(f"it has more than {MAX_OCTETS // 1024 // 1024} MiB, which no file with certificates has")
    octets = plain(octets)
    if BEGIN not in octets:
        octets = unwrapped(octets)
    found, labels = Contents(), []
    for label, block in blocks(octets):
        labels.append(label)
        _read_block(label, block, password, found, with_keys=with_keys)
    if not labels:
        _read_der(octets, password, found)
    if not found.certificates and not found.keys:
        raise PkiError(kinds.of_labels(labels) or "neither a certificate nor a private key can be read there")
    return found


def _read_block(label: bytes, block: bytes, password: bytes | None, found: Contents, *, with_keys: bool) -> None:
    if label in _CERTIFICATE_LABELS and is_signed_data(der := body(block)):  # some tools label PKCS#7 so
        _read_pkcs7(der, found)
    elif label in _CERTIFICATE_LABELS:
        found.add(_certificate(der, len(found.certificates) + 1))
    elif label in _PKCS7_LABELS:
        _read_pkcs7(body(block), found)
    elif not with_keys or label.startswith(b"OPENSSH"):
        return
    elif label == b"ENCRYPTED PRIVATE KEY":
        der = body(block)  # what is opened is what was looked at
        _refuse_slow(der)
        _add_key(private_key_in(der, password), found)
    elif label.endswith(b"PRIVATE KEY"):
        _add_key(private_key_in(block, password), found)
    # Everything else, such as EC PARAMETERS or a request beside its certificate, says nothing that is needed.


def _read_der(der: bytes, password: bytes | None, found: Contents) -> None:
    if _PFX.match(der):
        _refuse_slow(der)
        _read_pkcs12(der, password, found)
    elif is_signed_data(der):
        _read_pkcs7(der, found)
    elif not _read_certificate(der, found):
        _refuse_slow(der)
        try:
            _add_key(private_key_in(der, password), found)
        except (KeyLockedError, WrongPasswordError):
            raise
        except PkiError:
            raise PkiError(_with_digest(kinds.of_octets(der), der)) from None


def _read_certificate(der: bytes, found: Contents) -> bool:
    try:
        found.add(peer_certificate(der))
    except PkiError:
        return False
    return True


def _refuse_slow(der: bytes) -> None:
    """Raise PkiError for a file that would keep the program busy with its password."""
    try:
        too_much = demands_too_much(der)
    except TooDeepError:
        raise PkiError("it is nested too deep to be a file with keys") from None
    if too_much:
        raise PkiError(
            f"opening it takes more than {MOST_ROUNDS:,} rounds of its password's protection, which no usual tool "
            "asks for; have it made again with fewer"
        )


def _add_key(key: PrivateKey, found: Contents) -> None:
    if len(found.keys) == MAX_KEYS:
        raise PkiError(f"there are more than {MAX_KEYS} private keys in one file")
    public_half(key)
    found.keys.append(key)


def _certificate(der: bytes, number: int) -> PeerCertificate:
    """Return a certificate. Raises PkiError with what it is instead."""
    try:
        return peer_certificate(der)
    except PkiError:
        raise PkiError(_with_digest(f"certificate {number} in it: {kinds.of_octets(der)}", der)) from None


def _with_digest(text: str, octets: bytes) -> str:
    return f"{text} (SHA-256 of its octets: {hashlib.sha256(octets).hexdigest()})" if octets else text


def _read_pkcs7(der: bytes, found: Contents) -> None:
    for number, certificate in enumerate(certificates_in_pkcs7(der), 1):
        found.add(_certificate(certificate, number))


def _read_pkcs12(der: bytes, password: bytes | None, found: Contents) -> None:
    opened = opened_pkcs12(der, password)
    for key in opened.keys:
        _add_key(private_key_in(key), found)
    for number, certificate in enumerate(opened.certificates, 1):
        found.add(_certificate(certificate, number))
    if not found.certificates and not found.keys:
        raise PkiError("the PKCS#12 file has neither a certificate nor a key in it")
