"""Certificates and keys as an administrator brings them: read from whatever file they are in, and described."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from seon import pki
from seon.backend.errors import OperatorError
from seon.events import shown
from seon.pki import Certificate, KeyLockedError, PkiError, WrongPasswordError
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


def read_chain(octets: bytes) -> list[Certificate]:
    """Return the certificates in a file of any usual form, at least one and in its order. Raises OperatorError."""
    chain = read_files([octets], what="certificate").certificates
    if not chain:
        raise OperatorError("No certificate can be read there, only a private key")
    if len(chain) > MAX_CHAIN:
        raise OperatorError(f"More than {MAX_CHAIN} certificates in one file")
    return chain


def read_files(
    files: Sequence[bytes], password: bytes | None = None, *, what: str = "certificate or private key"
) -> Contents:
    """Return all certificates and private keys in these files; one password for what is protected. `what` is expected.

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
            raise OperatorError(f"{where}No {what} can be read there: {error}") from None
    return found


def _sentence(error: PkiError) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]


def describe_certificate(certificate: Certificate) -> Described:
    """Return what is kept of a certificate."""
    return Described(
        pem=pki.pem_of(certificate),
        fingerprint=pki.fingerprint(certificate),
        subject=pki.subject_of(certificate),
        not_after=certificate.not_valid_after_utc,
    )


def named(certificate: Certificate) -> str:
    """Return the subject as it may stand in a sentence: whoever issued the certificate chose its characters."""
    return shown(pki.subject_of(certificate))
