"""Which clients a server may be linked by: Seonapi's own word, which crosses the very clients that it is about.

A client's link certificate lives 7 days, and its token may be withdrawn before. So the certificate names the secret
that it was issued for by a mark, and Seonapi says which marks count, signed with the link CA's key: the anchor that the
server has anyway. A client can hold this back, and neither make nor change it.
"""

from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta

from seon.config import Mark, ProxyId, Struct
from seon.decoding import MalformedError, decode
from seon.link.identity import IdentityError

MOST_MARKS = 10_000
_PURPOSE = b"seon clients in force 1\0"
"""Keeps the signature from other uses; a certificate never begins so."""

Marks = Annotated[dict[Mark, float], Meta(max_length=MOST_MARKS)]
"""Until when each counts, in Unix seconds; 0: no end is known."""


class Standing(Struct, frozen=True):
    """The clients that may be linked to one server, by the marks in their certificates."""

    proxy_id: ProxyId
    version: Annotated[int, Meta(ge=0)]
    """Of the configuration that it was said with: it tells an older list from a newer one (server/clients.py)."""
    time: float
    """When Seonapi said so, by its clock."""
    marks: Marks
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)] = bytes(64)
    """Ed25519, by the link CA."""


_decoder = msgspec.json.Decoder(Standing)


def signed(ca_key: Ed25519PrivateKey, standing: Standing) -> Standing:
    """Return the same with its signature."""
    return msgspec.structs.replace(standing, signature=ca_key.sign(_statement(standing)))


def verified(octets: bytes, ca_key: bytes, proxy_id: str) -> Standing:
    """Return what Seonapi says of this server's clients. Raises IdentityError unless it does. `ca_key`: raw."""
    try:
        standing = decode(_decoder, octets)
        Ed25519PublicKey.from_public_bytes(ca_key).verify(standing.signature, _statement(standing))
    except MalformedError as error:
        raise IdentityError(f"the list of clients in force cannot be read: {error}") from None
    except InvalidSignature:
        raise IdentityError("the list of clients in force is not signed by Seonapi") from None
    if standing.proxy_id != proxy_id:
        raise IdentityError("the list of clients in force is another server's")
    return standing


def _statement(standing: Standing) -> bytes:
    marks = sorted((mark, float(until)) for mark, until in standing.marks.items())  # a whole number is read as a float
    return _PURPOSE + msgspec.json.encode((standing.proxy_id, standing.version, float(standing.time), marks))
