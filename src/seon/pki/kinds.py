"""What a file is that is no certificate: so that whoever brought it knows which one to bring."""

import re
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_public_key

from seon.pki import ber
from seon.pki.ber import BrokenError
from seon.pki.values import PkiError, saying

_LABELS = (
    (r"(NEW )?CERTIFICATE REQUEST", "it is a certificate request; the certificate that was issued for it is needed"),
    (r"X509 CRL", "it is a list of revoked certificates (CRL)"),
    (r"(RSA |DSA |EC )?PUBLIC KEY", "it is a public key alone; the certificate is needed"),
    (r"OPENSSH PRIVATE KEY", "it is a private key of OpenSSH, which is for ssh and not for TLS"),
    (r"ENCRYPTED PRIVATE KEY", "it is a private key, protected by a password; the certificate is needed"),
    (r".*PRIVATE KEY", "it is a private key; the certificate is needed, and the key should stay where it was made"),
    (r"PGP .*", "it is a key or a message of PGP, which knows no X.509"),
    (r"SSH2 .*", "it is a key for ssh"),
)
_BEGINNINGS = (
    (rb"\s*<(!doctype html|html|head|body|script|meta)", "it is a page in HTML, perhaps of a portal with a login"),
    (rb"\s*<\?xml|\s*<[a-z]", "it is XML"),
    (rb"%PDF-", "it is a PDF document"),
    (rb"PK\x03\x04", "it is a ZIP archive, or a document of Word or Excel: unpack it, or save what is in it"),
    (rb"\xd0\xcf\x11\xe0", "it is a document of Office or a mail of Outlook: save what is in it"),
    (rb"\{\\rtf", "it is a document in RTF: save it as plain text"),
    (rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh", "it is a packed archive: unpack it"),
    (rb"\xfe\xed\xfe\xed|\xce\xce\xce\xce",
     "it is a keystore of Java; convert it: keytool -importkeystore -srckeystore FILE -deststoretype PKCS12 "
     "-destkeystore FILE.p12"),
    (rb"\0{4}CERT", "it is a certificate store of Windows (.sst): export the certificate itself"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|BM.{4}\0{4}", "it is a picture"),
    (rb"(ssh-|ecdsa-sha2-)", "it is a public key of OpenSSH, which is for ssh and not for TLS"),
    (rb"PuTTY-User-Key-File", "it is a key of PuTTY, which is for ssh and not for TLS"),
    (rb"---- BEGIN SSH2", "it is a key for ssh"),
    (rb"\s*\{", "it is JSON"),
    (rb"(?:[A-Za-z-]{2,30}: [^\n]*\n)*?(?:MIME-Version|Content-Type|Content-Transfer-Encoding): ",
     "it is a whole mail: save its attachment"),
)  # fmt: skip
"""How other files begin, without regard to upper and lower case."""
_TRUNCATED = "it is cut off: it says that it has {said} octets, and {there} are there"
_OPENSSL_KINDS: tuple[tuple[Callable[[bytes], Any], str], ...] = (
    (x509.load_der_x509_csr, _LABELS[0][1]),
    (x509.load_der_x509_crl, _LABELS[1][1]),
    (load_der_public_key, _LABELS[2][1]),
)
_LOOKED_AT = 4_096


def of_labels(labels: list[bytes]) -> str:
    """Return what a file is whose blocks in PEM have these labels; "" where they say nothing."""
    for pattern, words in _LABELS:
        if any(re.fullmatch(pattern, label.decode()) for label in labels):
            return words
    return ""


def of_octets(octets: bytes) -> str:
    """Return what a file without PEM is, in words."""
    if not octets.strip():
        return "it is empty"
    if not octets.strip(b"\0"):
        return "it has zeros only, as a copy that failed"
    for pattern, words in _BEGINNINGS:
        if words and re.match(pattern, octets[:_LOOKED_AT], re.IGNORECASE):
            return words
    if octets[0] == ber.SEQUENCE:
        return _of_der(octets)
    return "it is damaged, or something else"


def _of_der(der: bytes) -> str:
    for load, words in _OPENSSL_KINDS:
        try:
            with saying(""):
                load(der)
        except PkiError:
            continue
        return words
    said = _said_length(der)
    return _TRUNCATED.format(said=said, there=len(der)) if said > len(der) else "it is damaged, or something else"


def _said_length(der: bytes) -> int:
    """Return how many octets the outer element says that it has, 0 if it does not say."""
    try:
        return ber.element_at(der, 0, 1 << 40).end if len(der) > 6 and der[1] != 0x80 else 0
    except (BrokenError, IndexError):
        return 0
