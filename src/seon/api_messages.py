"""What client and Seonapi exchange over https, as JSON. Paths below `/api/proxy/v1/`.

| Call | Body | Answer |
|---|---|---|
| `GET ca` (the only one without a token) | | the API's CA certificate, PEM |
| `POST enrol` | `Enrol` | `Enrolled` |
| `GET configuration?known=N&wait=S&format=F&server_format=G` | | `ProxyConfiguration`; 204: N holds after S (0..50) s |
| `POST sealed-key` | `SealedKeyWanted` | `SealedKey` |
| `POST events` | `EventBatch` | `EventsStored` |
| `POST crl-sources` | `CrlSources` | 204 |
| `POST refused` | `RefusedCertificate` | 204 |
| `GET blobs/<sha-256 hex>` | | the octets; 404 if there is no such blob |

The token's secret goes in the header `X-Seon-Token`; user and password of the URL, if given, as HTTP Basic besides.
F and G are the newest configuration formats that client and server know; without them Seonapi serves its newest.
Errors are JSON `Problem`s with the HTTP status: 400 malformed, 401 no valid token, 403 not allowed, 404, 409 (versions
that do not fit too), 413, 500.
"""

from typing import Annotated

from msgspec import Meta

from seon.config import Licenses, OpenStruct, Pem, ProxyId, Struct
from seon.events import Event

PATH = "/api/proxy/v1/"
TOKEN_HEADER = "X-Seon-Token"  # noqa: S105  # a header's name
MAX_WAIT = 50
"""Seconds a configuration call may wait: below the usual 60 s limits of reverse proxies."""
MAX_BODY = 4 * 1024 * 1024
"""Octets of a request body; a batch of `EVENTS_PER_BATCH` events stays below it."""
EVENTS_PER_BATCH = 200

MOST_DER = 20_000
"""Octets of a certificate that crosses by itself."""

BuildText = Annotated[str, Meta(max_length=100)]
"""Version and build, as `seon.build.Build.short` has them."""
MAX_NUMBER = 1_000_000
Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
"""The number of a protocol or a format."""


class Problem(OpenStruct, frozen=True):
    """The one error shape: what is wrong and what to do."""

    error: str


class Enrol(OpenStruct, frozen=True):
    """A new link key asks for its certificate. The CSR gives the key and nothing else: its subject is ignored."""

    csr: Pem
    build: BuildText
    oldest: Number
    newest: Number
    """The configuration formats that the client can read."""


class Enrolled(OpenStruct, frozen=True):
    """The client's link certificate (clientAuth only, 7 days), the link CA, and the servers it may serve."""

    certificate: Pem
    link_ca: Pem
    proxy_ids: tuple[ProxyId, ...]
    not_after: int
    """Unix time at which the certificate ends; renew from a third of its life on."""
    build: BuildText
    oldest: Number
    newest: Number
    """The configuration formats that Seonapi can serve."""
    licenses: Licenses = ()
    """Of these servers; they count until the first configuration has come."""


class SealedKeyWanted(Struct, frozen=True):
    """A server's ephemeral HPKE public key, signed with its identity key (see `seal_statement`)."""

    proxy_id: ProxyId
    mlkem_key: Annotated[bytes, Meta(min_length=1184, max_length=1184)]
    """The ML-KEM-768 part of the ephemeral public key, raw."""
    x25519_key: Annotated[bytes, Meta(min_length=32, max_length=32)]
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]
    """Ed25519 over `seal_statement(...)` by the key that the Proxy ID names."""
    certificate_id: Annotated[str, Meta(min_length=1, max_length=64)]


class SealedKey(Struct, frozen=True):
    """The private key of `OwnCertificate.id`, PKCS#8 PEM, sealed to the server's ephemeral key.

    HPKE base mode: KEM ML-KEM-768+X25519, KDF HKDF-SHA256, AEAD AES-256-GCM, info = `SEAL_INFO` + certificate id.
    """

    certificate_id: str
    sealed: Annotated[bytes, Meta(max_length=65_536)]


SEAL_INFO = b"seon partner key 1 "


def seal_statement(mlkem_key: bytes, x25519_key: bytes) -> bytes:
    """Return what a server signs to show that an ephemeral key is its own; the prefix keeps it from other uses."""
    return b"seon ephemeral key 1\0" + mlkem_key + x25519_key


class EventBatch(Struct, frozen=True):
    """Events from the courier's spool, oldest first. A repeated id is stored once."""

    events: Annotated[tuple[Event, ...], Meta(max_length=EVENTS_PER_BATCH)]


class EventsStored(Struct, frozen=True):
    """How many of the batch are now in the journal (repeated ones included): all, or the courier sends again."""

    stored: int


class CrlSource(Struct, frozen=True):
    """A distribution point in a verified certificate, and the CA whose certificates it is for."""

    url: Annotated[str, Meta(min_length=1, max_length=2_000)]
    issuer: Annotated[bytes, Meta(min_length=1, max_length=MOST_DER)]
    """Its certificate in DER: who has reported it is not believed, the list must be signed by this key."""


class CrlSources(Struct, frozen=True):
    """Distribution points seen in verified certificates and their anchors that may be new to the backend."""

    sources: Annotated[tuple[CrlSource, ...], Meta(min_length=1, max_length=20)]


class RefusedCertificate(Struct, frozen=True):
    """A certificate that the server has refused, so that an administrator can make a partner of it."""

    der: Annotated[bytes, Meta(min_length=1, max_length=MOST_DER)]
    """As it was shown: nobody has found anything good about it."""
    source: Annotated[str, Meta(max_length=64, pattern=r"^[0-9A-Fa-f.:\[\]]*\Z")]
    """Address and port, in digits."""
    verdict: Annotated[str, Meta(max_length=40, pattern=r"^[A-Z-]*\Z")]
    """As in ADM-REFUSED."""
    reason: Annotated[str, Meta(max_length=500)]
    time: float
    """Unix time."""
