"""From the octets of a revocation list to what the server knows it by: verified, and its serial numbers in a table.

`prepare` runs in a child that lives for this alone: the list was written by a stranger, may have 64 MiB, and takes
seconds. The main takes nothing of it but what `read_prepared` lets through.
"""

import ssl
from typing import Annotated

import msgspec
from msgspec import Meta

from seon.admission.revocation import KnownList
from seon.config import Struct
from seon.decoding import MalformedError, decode
from seon.link.messages import MAX_TRANSFER
from seon.pki import PeerCertificate, PkiError, peer_certificate
from seon.pki.crl import LONGEST_POINT, MOST_POINTS, check_list, read_list, table_of
from seon.pki.serials import ROW

SHORTEST_ENTRY = 20
"""Octets of an entry: a serial number of one octet, and a date."""
MOST_ROWS = MAX_TRANSFER // SHORTEST_ENTRY
_HEADER = 4
MAX_HEADER = 1024 * 1024
MAX_PREPARED = _HEADER + MAX_HEADER + MOST_ROWS * ROW
FUTURE_SECONDS = 3_600.0
"""A list that says to be made later than this from now is not taken; less is a difference of clocks."""


_Moment = Annotated[float, Meta(ge=-62_135_596_800, le=253_402_300_799)]
"""Unix seconds of the years 1 to 9999."""


class _Prepared(Struct, frozen=True):
    """What a list is, before its table; or why it is not taken."""

    problem: Annotated[str, Meta(max_length=1_000)] = ""
    subject: Annotated[bytes, Meta(max_length=64 * 1024)] = b""
    key: Annotated[str, Meta(max_length=64)] = ""
    name: Annotated[str, Meta(max_length=4_000)] = ""
    """Of the issuer, for people."""
    this_update: _Moment = 0.0
    next_update: _Moment | None = None
    points: Annotated[tuple[Annotated[str, Meta(max_length=LONGEST_POINT)], ...], Meta(max_length=MOST_POINTS)] = ()
    only_users: bool = False
    only_cas: bool = False


_decoder = msgspec.json.Decoder(_Prepared)


def prepare(der: bytes | bytearray, issuer_pem: str, now: float) -> bytes:
    """Verify a list and make its table; return all that `read_prepared` needs. Raises nothing."""
    table = b""
    try:
        made, table = _prepared(bytes(der), issuer_pem, now)
    except PkiError as error:
        made = _Prepared(str(error)[:1_000])
    except MemoryError:
        made = _Prepared("it needs more memory than there is for one list")
    header = msgspec.json.encode(made)
    return b"".join((len(header).to_bytes(_HEADER, "big"), header, table))


def _prepared(der: bytes, issuer_pem: str, now: float) -> tuple[_Prepared, bytes]:
    issuer, found = _issuer_in(issuer_pem), read_list(der)
    check_list(der, found, issuer)
    if found.this_update > now + FUTURE_SECONDS:
        raise PkiError("it says that it was made in the future; are the clocks right?")
    return (
        _Prepared(
            subject=issuer.subject_der,
            key=issuer.key.digest,
            name=issuer.subject,
            this_update=found.this_update,
            next_update=found.next_update,
            points=found.scope.points,
            only_users=found.scope.only_users,
            only_cas=found.scope.only_cas,
        ),
        table_of(der, found.entries),
    )


def _issuer_in(pem: str) -> PeerCertificate:
    try:
        return peer_certificate(ssl.PEM_cert_to_DER_cert(pem))
    except ValueError:  # PkiError is one, too
        raise PkiError("its issuer's certificate cannot be read") from None


def read_prepared(octets: bytes | bytearray, sha256: str) -> tuple[KnownList, str]:
    """Return the list, given by hand as far as this says, and its issuer's name for people.

    Raises PkiError: why it is not taken. A child that a hostile list has taken over could say anything here, but only
    of this list.
    """
    end = _HEADER + int.from_bytes(octets[:_HEADER], "big")
    try:
        made = decode(_decoder, bytes(octets[_HEADER:end]))
    except MalformedError as error:
        raise PkiError(f"its process says what cannot be understood: {error}") from None
    table = bytes(memoryview(octets)[end:])
    if made.problem:
        raise PkiError(made.problem)
    if end > len(octets) or len(table) % ROW or not made.key:
        raise PkiError("its process says what cannot be understood: not all of it")
    known = KnownList(
        subject=made.subject,
        key=made.key,
        url="",
        sha256=sha256,
        this_update=made.this_update,
        next_update=made.next_update,
        table=table,
        points=made.points,
        only_users=made.only_users,
        only_cas=made.only_cas,
    )
    return known, made.name
