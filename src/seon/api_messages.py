"""What client and Seonapi exchange over https, as JSON. Paths below `/api/proxy/v1/`.

| Call | Body | Answer |
|---|---|---|
| `GET ca` (the only one without a token) | | the API's CA certificate, PEM |
| `POST enrol` | `Enrol` | `Enrolled` |
| `GET configuration?known=N&wait=S&format=F&server_format=G` | | `ProxyConfiguration`; 204: N holds after S (0..50) s |
| the same with `&orders=1` | | 202: `Orders` that wait |
| `POST sealed-key` | `SealedKeyWanted` | `SealedKey` |
| `POST events` | `EventBatch` | `EventsStored` |
| `POST crl-sources` | `CrlSources` | 204 |
| `POST refused` | `RefusedCertificate` | 204 |
| `POST live` | `LiveState` or `LiveUnchanged` | 204; 409: that state is not known, say all of it |
| `POST orders-done` | `OrdersDone` | 204 |
| `GET blobs/<sha-256 hex>` | | the octets; 404 if there is no such blob |

The token's secret goes in the header `X-Seon-Token`; user and password of the URL, if given, as HTTP Basic besides.
Orders ride on the waiting call of a client that asks for them (`orders=1`): they are answered before anything else.
F and G are the newest configuration formats that client and server know; without them Seonapi serves its newest.
Errors are JSON `Problem`s with the HTTP status: 400 malformed, 401 no valid token, 403 not allowed, 404, 409 (versions
that do not fit too), 413, 500.
"""

from typing import Annotated, Literal

from msgspec import Meta

from seon.config import Address, Licenses, OpenStruct, PartnerId, Pem, Port, ProxyId, SessionId, Struct
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


# --- what runs now, and what is to be done about it -----------------------------------------------------------------

LIVE_SECONDS = 2
"""The client says what runs so often, if anything has changed."""
LIVE_AGAIN_SECONDS = 5
"""It says that nothing has changed so often, so that silence means something."""
STALE_SECONDS = 10
"""What was said longer ago may be wrong by now."""
ORDER_SECONDS = 60
"""An order that was not taken within so long is not carried out any more."""
MOST_LIVE_SESSIONS = 2_000
ORDERS_PER_ANSWER = 50

Octets = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Moment = Annotated[float, Meta(ge=0, le=10**11)]
"""Unix time; 0: never."""
Words = Annotated[str, Meta(max_length=500)]
RunId = Annotated[str, Meta(min_length=8, max_length=64, pattern=r"^[a-z0-9-]+\Z")]
Phase = Literal["starting", "negotiating", "idle", "sending", "receiving", "receipt", "ending"]
"""What a session is doing, seen from the company: `sending` a file to the partner, `receiving` one of it; `receipt`: an
EERP or NERP is on its way."""


class LiveFile(OpenStruct, frozen=True):
    """The file that is on its way in one direction."""

    name: Annotated[str, Meta(max_length=26)]
    """Its virtual file name (SFIDDSN), as a partner or the station has chosen it."""
    octets: Octets = 0
    """Passed on so far, from where it began: a restart counts from its restart position."""
    size: Octets = 0
    """By SFIDOSIZ or SFIDFSIZ, in octets, which come in blocks of 1,024; 0: not said."""


class LiveSession(OpenStruct, frozen=True):
    """A session that runs, as the client's session process sees it."""

    session: SessionId
    partner: PartnerId
    direction: Literal["incoming", "outgoing"]
    phase: Phase
    since: Moment
    source: Annotated[str, Meta(max_length=64)] = ""
    """Who called whom: the partner's address where it has called, as the DMZ says it."""
    fingerprint: Annotated[str, Meta(max_length=64)] = ""
    octets_in: Octets = 0
    """From the partner."""
    octets_out: Octets = 0
    rate: Octets = 0
    """Octets a second in both directions, over the last seconds."""
    file_in: LiveFile | None = None
    file_out: LiveFile | None = None
    files: Annotated[int, Meta(ge=0, le=2**31)] = 0
    """Ended so far."""
    findings: Annotated[int, Meta(ge=0, le=2**31)] = 0
    """Broken rules that were no reason to refuse."""
    traced: bool = False


class LiveListener(OpenStruct, frozen=True):
    """A listening port of the client."""

    address: Address
    port: Port
    partner: PartnerId
    open: bool
    reason: Words = ""
    """Why it is not open."""


class LiveServer(OpenStruct, frozen=True):
    """A server that the client is told to serve (-S), and the link to it."""

    place: Annotated[str, Meta(max_length=300)]
    """Host and port as the command line of the client has them."""
    linked: bool
    reason: Words = ""
    """Why there is no link."""
    since: Moment = 0.0
    """When the link was made."""
    proxy_id: Annotated[str, Meta(max_length=66)] = ""
    build: BuildText = ""
    version: int = 0
    """Of the configuration in force on the server; 0: none yet."""
    external_address: Address = ""
    external_port: Annotated[int, Meta(ge=0, le=65_535)] = 0
    external_open: bool = False
    external_reason: Words = ""
    """Why the external port is not open."""
    sessions: Annotated[int, Meta(ge=0, le=100_000)] = 0
    """As the server counts them."""


class LiveState(OpenStruct, frozen=True):
    """All that runs at one client now."""

    run: RunId
    """Of this start of the client."""
    number: Annotated[int, Meta(ge=1, le=2**53)]
    """One more with every state of a run."""
    build: BuildText
    since: Moment
    """When the client was started."""
    version: int = 0
    """Of the configuration in force at the client; 0: none yet."""
    draining: bool = False
    """No session begins, those that run go on."""
    receive_daemon: Annotated[str, Meta(max_length=300)] = ""
    """Host and port; empty: none is set."""
    receive_daemon_reached: bool | None = None
    """Whether it took a connection when it was last asked; None: it was not asked yet."""
    receive_daemon_asked: Moment = 0.0
    receive_daemon_reason: Words = ""
    events_waiting: Annotated[int, Meta(ge=0, le=2**53)] = 0
    """Events in the spool, which Seonapi has not taken yet."""
    servers: Annotated[tuple[LiveServer, ...], Meta(max_length=100)] = ()
    listeners: Annotated[tuple[LiveListener, ...], Meta(max_length=1_000)] = ()
    sessions: Annotated[tuple[LiveSession, ...], Meta(max_length=MOST_LIVE_SESSIONS)] = ()


class LiveUnchanged(OpenStruct, frozen=True):
    """The state with this number still holds."""

    run: RunId
    number: Annotated[int, Meta(ge=1, le=2**53)]


class Order(OpenStruct, frozen=True):
    """What an administrator wants of a client, now."""

    id: RunId
    """An order is carried out once, however often it is answered."""
    what: Literal["kill", "drain", "resume", "end-link", "trace", "untrace"]
    """`kill`: end a session with an ESID; `drain`: no session begins any more, those that run go on; `resume`: the
    opposite; `end-link`: say Bye to the server, so that the client ends (mission A7); `trace`: a session that runs."""
    session: Annotated[str, Meta(max_length=64)] = ""
    """For kill, trace and untrace."""
    reason: Annotated[int, Meta(ge=0, le=99)] = 99
    """For kill: the ESID's reason, 99 (unspecified) or 05 (local site emergency close)."""
    seconds: Annotated[int, Meta(ge=0, le=ORDER_SECONDS)] = ORDER_SECONDS
    """So long it may still be carried out."""


class Orders(OpenStruct, frozen=True):
    """The orders that wait for a client: the answer 202 of a configuration call."""

    orders: Annotated[tuple[Order, ...], Meta(min_length=1, max_length=ORDERS_PER_ANSWER)]


class OrderDone(OpenStruct, frozen=True):
    """What became of an order."""

    id: RunId
    done: bool
    reason: Words = ""
    """Why it was not done, or what was."""


class OrdersDone(OpenStruct, frozen=True):
    """Acknowledgements of orders. An order that is acknowledged is not answered again."""

    orders: Annotated[tuple[OrderDone, ...], Meta(min_length=1, max_length=ORDERS_PER_ANSWER)]
