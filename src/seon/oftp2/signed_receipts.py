"""Signed receipts (RFC 5024 5.3.13 and 5.3.14): what is signed of an EERP or NERP, and the hash of the file in it.

Signing and verifying itself is somebody else's business: it needs keys.
"""

import hashlib
from types import MappingProxyType

from seon.oftp2.codec import encode
from seon.oftp2.commands import EndToEndResponse, NegativeEndResponse
from seon.oftp2.errors import LocalError
from seon.oftp2.layouts import FORM_OF, layout
from seon.oftp2.records import RecordLayout, Source, pieces

DIGESTS = MappingProxyType({1: "sha1", 2: "sha1", 3: "sha256", 4: "sha256", 5: "sha512", 6: "sha512"})
"""The hash of a cipher suite (SFIDCIPH): RFC 5024 10.2 for 1 and 2, Odette OP09 for the others."""

_SIGNED = frozenset({"DSN", "DATE", "TIME", "DEST", "ORIG", "CREA", "HSH"})
"""Fields under the signature, without the command's name: NERP has CREA, EERP has not; reason and user data are not."""
_SIGNED_LEVEL = 5


def signed_octets(receipt: EndToEndResponse | NegativeEndResponse) -> bytes:
    """Return what is signed of a receipt: its fields as they are sent, with all padding; the hash without its length.

    Raises LocalError for a value that does not fit its field.
    """
    form = FORM_OF[type(receipt)]
    encode(receipt, _SIGNED_LEVEL)  # what cannot be sent is not signed
    return b"".join(
        field.write(getattr(receipt, field.attribute))
        for field in layout(form.code, _SIGNED_LEVEL)
        if field.attribute and field.name.removeprefix(form.name) in _SIGNED
    )


def file_hash(source: Source, form: RecordLayout, suite: int) -> bytes:
    """Return the hash of a whole file as it is transmitted: its records without their lengths (RFC 5024 5.3.13).

    Raises LocalError for a suite without a known hash and for a file that is not in its local form, and OSError.
    """
    if suite not in DIGESTS:
        raise LocalError(f"no hash is known for cipher suite {suite:02d}")
    digest = hashlib.new(DIGESTS[suite], usedforsecurity=False)  # SHA-1 is what the older suites say
    source.seek(0)
    for octets, _ in pieces(source, form):
        digest.update(octets)
    return digest.digest()
