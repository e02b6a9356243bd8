"""Certificates and keys as an administrator brings them: read from whatever file they are in, and described."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from seon import pki
from seon.backend.errors import OperatorError
from seon.events import shown
from seon.pki import (
    Certificate,
    KeyLockedError,
    PeerCertificate,
    PkiError,
    PrivateKey,
    WrongPasswordError,
    as_peer,
    certificate_in_der,
)
from seon.pki.containers import Contents, read_container

MAX_CHAIN = 10
"""How many certificates a partner's file may hold, and how long a chain of ours may be."""

MAX_FILES = 20
"""How many files are read at once."""


@dataclass(frozen=True, slots=True)
class Described:
    """What is kept beside a certificate for lists and searches."""

    pem: str
    fingerprint: str
    """SHA-256 of the DER form, lower-case hex."""
    subject: str
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Readable:
    """What was in files, of certificates that keep all rules of X.509."""

    certificates: list[Certificate] = field(default_factory=list)
    """In their order, each once."""
    keys: list[PrivateKey] = field(default_factory=list)


def read_shown(octets: bytes) -> list[PeerCertificate]:
    """Return the certificates in a file of any usual form, at least one and in its order: all that OpenSSL takes.

    Keys beside them are passed over. Raises OperatorError.
    """
    try:
        chain = read_container(octets, with_keys=False).certificates
    except KeyLockedError:
        raise OperatorError(
            "The file is protected by a password, as files with private keys are: a certificate needs none. Take it "
            "out: openssl pkcs12 -legacy -nokeys -in FILE -out FILE.pem"
        ) from None
    except PkiError as error:
        raise OperatorError(f"No certificate can be read there: {error}") from None
    if not chain:
        raise OperatorError("No certificate can be read there, only a private key")
    if len(chain) > MAX_CHAIN:
        raise OperatorError(f"More than {MAX_CHAIN} certificates in one file")
    return chain


def read_chain(octets: bytes) -> list[Certificate]:
    """Return the same of certificates that keep all rules of X.509. Raises OperatorError for one that does not."""
    return [_by_the_rules(certificate) for certificate in read_shown(octets)]


def read_files(files: Sequence[bytes], password: bytes | None = None) -> Readable:
    """Return all certificates and private keys in these files; one password for what is protected.

    Raises OperatorError, whose text says which file it is where there are several.
    """
    if len(files) > MAX_FILES:
        raise OperatorError(f"At most {MAX_FILES} files can be read at once")
    found = Contents()
    for number, octets in enumerate(files, 1):
        where = f"File {number}: " if len(files) > 1 else ""
        try:
            held = read_container(octets, password)
            for certificate in held.certificates:
                found.add(certificate)
            found.keys += held.keys
        except KeyLockedError as error:
            raise OperatorError(f"{where}{_sentence(error)}: give it with --password-file") from None
        except WrongPasswordError as error:
            raise OperatorError(f"{where}{_sentence(error)}") from None
        except PkiError as error:
            raise OperatorError(f"{where}No certificate or private key can be read there: {error}") from None
    return Readable([_by_the_rules(certificate) for certificate in found.certificates], found.keys)


_ODD = {
    "PrintableString": "a name in it has a character, such as & or _, that its type of text may not have",
    "EncodedDefault": "it writes out that an extension is not critical, which may only be left out",
}
"""What the parser says of usual breaches of X.509, and that in words."""


def _by_the_rules(shown_one: PeerCertificate) -> Certificate:
    """Return a certificate that others are to verify. Raises OperatorError with the rule that it breaks."""
    try:
        return certificate_in_der(shown_one.der)
    except PkiError as error:
        why = next((words for word, words in _ODD.items() if word in str(error.__cause__)), "some programs refuse it")
        raise OperatorError(
            f"The certificate of {shown(shown_one.subject)}, SHA-256 {shown_one.fingerprint}, is not encoded by the "
            f"rules of X.509: {why}; ask its issuer for one that is"
        ) from None


def _sentence(error: PkiError) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]


def describe_certificate(certificate: Certificate | PeerCertificate) -> Described:
    """Return what is kept of a certificate. Raises OperatorError for one that is too large."""
    try:
        peer = as_peer(certificate)
    except PkiError as error:
        raise OperatorError(_sentence(error)) from None
    return Described(pem=peer.pem, fingerprint=peer.fingerprint, subject=peer.subject, not_after=when(peer.not_after))


def when(seconds: float) -> datetime:
    """Return a time in a certificate, in UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC)


def named(certificate: Certificate) -> str:
    """Return the subject as it may stand in a sentence: whoever issued the certificate chose its characters."""
    return shown(pki.subject_of(certificate))
