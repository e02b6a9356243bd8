"""A list that a download has brought, read and counted: what takes seconds for a large one. Knows no database.

It runs in the download's thread: the queue daemon, which has one for all its jobs, hears signals meanwhile.
"""

import hashlib
from dataclasses import dataclass

from seon.backend.revocation.authorities import peer_in
from seon.backend.revocation.downloading import Fetched
from seon.pki.lists import MAX_LIST, CertificateList, count_entries, read_list, signature_problem


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known before."""

    issuer: str
    """The certificate of the CA, PEM."""
    sha256: str = ""
    """Of the list in force; empty: there is none."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What a download has brought."""

    found: CertificateList | None
    """None: the web server says that nothing has changed."""
    sha256: str
    """Of the list in DER; empty without one."""
    entries: int | None
    """None: nobody has counted them, since the list is the one in force, or its signature is wrong."""
    etag: str = ""
    modified: str = ""


def bring(fetched: Fetched, expected: Expected) -> Brought:
    """Return the list in what was fetched. Raises PkiError for what is none, or has entries that cannot be read."""
    if fetched.body is None:
        return Brought(None, "", None, fetched.etag, fetched.modified)
    with fetched.body as body:
        found = read_list(body.read(MAX_LIST + 1))
    sha256 = hashlib.sha256(found.der).hexdigest()
    is_to_be_counted = sha256 != expected.sha256 and not signature_problem(found, peer_in(expected.issuer))
    return Brought(found, sha256, count_entries(found) if is_to_be_counted else None, fetched.etag, fetched.modified)
