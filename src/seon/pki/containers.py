"""Files with certificates and keys in them, as people have them: PEM, DER, PKCS#7, PKCS#12, and what Windows makes.

A file is told by its octets and never by its name. Everything here raises PkiError and nothing else; the text says
what is wrong with the file, and nothing of a key or a password.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12

from seon.pki import (
    Certificate,
    KeyLockedError,
    PkiError,
    PrivateKey,
    WrongPasswordError,
    certificate_in_der,
    fingerprint,
    private_key_in,
    public_half,
)
from seon.pki.rounds import MOST_ROUNDS, TooDeepError, demands_too_much

MAX_CERTIFICATES = 50
"""How many certificates are read of one file."""
MAX_KEYS = 10
"""How many private keys are read of one file."""
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9. ]{1,40})-----(?:(?!-----BEGIN ).)*?-----END \1-----", re.DOTALL)
"""A block ends before the next one begins: else a file of beginnings alone would take minutes."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]{100,}")
_CERTIFICATE_LABELS = (b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE")
_REQUEST_LABELS = (b"CERTIFICATE REQUEST", b"NEW CERTIFICATE REQUEST")
_PKCS7_LABELS = (b"PKCS7", b"CMS")
_PFX = re.compile(rb"\A\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...)\x02\x01\x03", re.DOTALL)
"""How PKCS#12 begins: a sequence whose first member is the version 3."""
_SIGNED_DATA = re.compile(
    rb"\A\x30(?:[\x00-\x80]|\x81.|\x82..|\x83...)\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", re.DOTALL
)
"""How PKCS#7 with certificates begins: a sequence whose first member is the identifier of signed data."""
_ODD = {
    "PrintableString": "a name in it has a character, such as & or _, that its type of text may not have",
    "EncodedDefault": "it writes out that an extension is not critical, which may only be left out",
}
"""What the parser says of usual breaches of X.509, and that in words."""


@dataclass(slots=True)
class Contents:
    """What was in a file."""

    certificates: list[Certificate] = field(default_factory=list)
    """In the file's order, each once."""
    keys: list[PrivateKey] = field(default_factory=list)

    def add(self, certificate: Certificate) -> None:
        """Add a certificate unless it is there already. Raises PkiError when there are too many."""
        if any(fingerprint(known) == fingerprint(certificate) for known in self.certificates):
            return
        if len(self.certificates) == MAX_CERTIFICATES:
            raise PkiError(f"there are more than {MAX_CERTIFICATES} certificates in one file")
        self.certificates.append(certificate)


def read_container(octets: bytes, password: bytes | None = None) -> Contents:
    """Return the certificates and private keys in a file. The password is for what needs one.

    Raises KeyLockedError when a password is needed and none was given, WrongPasswordError, and PkiError for a file
    without certificate and key, with a damaged one, or with a certificate request only.
    """
    octets = _as_octets(octets)
    found, labels = Contents(), []
    for label, block in _blocks(octets):
        labels.append(label)
        _read_block(label, block, password, found)
    if not labels:
        _read_der(_unwrapped(octets), password, found)
    if not found.certificates and not found.keys:
        if any(label in _REQUEST_LABELS for label in labels):
            raise PkiError("it is a certificate request; the certificate that was issued for it is needed")
        raise PkiError("neither a certificate nor a private key can be read there")
    return found


def _as_octets(octets: bytes) -> bytes:
    """Return a text in UTF-16, as Windows tools write it, in ASCII; everything else as it is."""
    for mark, encoding in (
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"-\0", "utf-16-le"),
        (b"\0-", "utf-16-be"),
    ):
        if octets.startswith(mark):
            try:
                return octets.decode(encoding).encode("ascii", "replace")
            except UnicodeDecodeError:
                return octets
    return octets


def _blocks(octets: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield label and text of each block in PEM. Raises PkiError for a block that does not end."""
    found = 0
    for match in _BLOCK.finditer(octets):
        found += 1
        yield match[1], match[0]
    if octets.count(b"-----BEGIN ") > found:
        raise PkiError("a block in PEM is cut off: its END line is missing")


def _unwrapped(octets: bytes) -> bytes:
    """Return what base64 without BEGIN and END lines stands for; everything else as it is."""
    if _BASE64.fullmatch(octets):
        try:
            return base64.b64decode(octets, validate=False)
        except binascii.Error:
            return octets
    return octets


def _read_block(label: bytes, block: bytes, password: bytes | None, found: Contents) -> None:
    if label in _CERTIFICATE_LABELS:
        found.add(_certificate(_body(block), len(found.certificates) + 1))
    elif label in _PKCS7_LABELS:
        _read_pkcs7(_body(block), found)
    elif label == b"ENCRYPTED PRIVATE KEY":
        der = _body(block)  # what is opened is what was looked at
        _refuse_slow(der)
        _add_key(private_key_in(der, password), found)
    elif label.endswith(b"PRIVATE KEY"):
        _add_key(private_key_in(block, password), found)
    # Everything else, such as EC PARAMETERS or a request beside its certificate, says nothing that is needed.


def _body(block: bytes) -> bytes:
    """Return the octets of a block that no password protects. Raises PkiError."""
    text = block.removeprefix(b"-----BEGIN ").partition(b"-----")[2].partition(b"-----END ")[0]
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        raise PkiError("a block in PEM is damaged: it is not base64") from None


def _read_der(der: bytes, password: bytes | None, found: Contents) -> None:
    _refuse_slow(der)
    if _PFX.match(der):
        _read_pkcs12(der, password, found)
    elif _SIGNED_DATA.match(der):
        _read_pkcs7(der, found)
    else:
        try:
            _add_key(private_key_in(der, password), found)
        except (KeyLockedError, WrongPasswordError):
            raise
        except PkiError:
            found.add(_certificate(der, 1))


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


def _certificate(der: bytes, number: int) -> Certificate:
    """Return a certificate. Raises PkiError with the reason as far as it is known."""
    try:
        return certificate_in_der(der)
    except PkiError as error:
        reason = next((words for word, words in _ODD.items() if word in str(error.__cause__)), "")
        if reason:
            raise PkiError(
                f"certificate {number} in it is not encoded by the rules of X.509: {reason}; "
                "ask its issuer for one that is"
            ) from None
        raise PkiError("it is damaged, or something else") from None


def _read_pkcs7(der: bytes, found: Contents) -> None:
    for certificate in _opened("PKCS#7", lambda: pkcs7.load_der_pkcs7_certificates(der)):
        found.add(certificate)


def _opened(kind: str, read: Callable[[], list[Certificate]]) -> list[Certificate]:
    try:
        return read()
    except Exception as error:  # as in seon.pki: the reader says "malformed" in classes without a common base
        reason = next((words for word, words in _ODD.items() if word in str(error)), "its content cannot be read")
        raise PkiError(f"the {kind} file cannot be used: {reason}") from None


def _read_pkcs12(der: bytes, password: bytes | None, found: Contents) -> None:
    loaded = None
    # Without a password there are two ways to say so: none, and an empty one. Tools write both.
    for attempt in (password, None, b"") if password else (None, b""):
        try:
            loaded = pkcs12.load_pkcs12(der, attempt)
            break
        except UnsupportedAlgorithm:
            raise PkiError(
                "the PKCS#12 file is protected in a way that is not supported here; convert it: "
                "openssl pkcs12 -legacy -in FILE -out FILE.pem"
            ) from None
        except ValueError as error:
            if "password" not in str(error).lower():
                raise PkiError("the PKCS#12 file is damaged, or made in a way that is not supported here") from None
        except Exception:
            raise PkiError("the PKCS#12 file cannot be read") from None
    if loaded is None:
        if password:
            raise WrongPasswordError("the password of the PKCS#12 file is wrong")
        raise KeyLockedError("the PKCS#12 file is protected by a password")
    if loaded.key is not None:
        _add_key(loaded.key, found)
    for held in ([loaded.cert] if loaded.cert else []) + loaded.additional_certs:
        found.add(held.certificate)
