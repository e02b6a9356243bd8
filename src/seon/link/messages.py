"""The messages of the link between server and client, and what each end may send.

A control link carries messages only. A session link carries one message (`Ticket` or `Dial`), its answer, and then the
plain OFTP2 octet stream. What arrives is checked here for form and bounds; whether it is believed is decided by the
receiver: the client never takes the server's word for a destination, a count or a rate.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from seon.api_messages import BuildText, CrlSource, Number, RefusedCertificate, SealedKey
from seon.config import Address, Fingerprint, OpenStruct, PartnerId, Port, ProxyId, SessionId, Struct
from seon.endings import By, EndNumber, Host, RuleKey, SessionEnd, Why, credible
from seon.events import Event

PROTOCOL = 3
"""Raised with every change of a message, or of what one means. Then the messages of the number before keep their types,
and the tables below get an entry more: what was recorded of a number is decoded for ever (tests/vectors)."""
OLDEST_PROTOCOL = 3
"""The oldest that this build speaks. Both ends say theirs in Hello; the highest that both know is spoken from then on,
also over the session links of this control link."""
HEARTBEAT_SECONDS = 10
DEAD_SECONDS = 30
"""No message for so long: the other end, or the way to it, is gone."""
PART_SIZE = 64 * 1024
"""Octets of a transfer in one message, so that heartbeats and session openings go between the parts."""
MAX_TRANSFER = 64 * 1024 * 1024
TICKET_SIZE = 16
EVENTS_PER_MESSAGE = 50
CRL_SOURCES = 3
"""In one message: certificates may be large."""
EVENTS_SIZE = 64 * 1024
"""Octets of the events of one message: with the greatest event behind it, still below the limit of a message."""

Text = Annotated[str, Meta(max_length=500)]
EventNumber = Annotated[int, Meta(ge=1, le=2**53)]
TicketOctets = Annotated[bytes, Meta(min_length=TICKET_SIZE, max_length=TICKET_SIZE)]


class Message(Struct, frozen=True, tag_field="type"):
    """A message of the link."""


class ServerHello(OpenStruct, frozen=True, tag_field="type", tag="server-hello"):
    """The server's first message: the link stands when it has arrived (TLS 1.3 alone does not show that)."""

    oldest: Number
    newest: Number
    """The protocol numbers that this build speaks."""
    oldest_format: Number
    newest_format: Number
    """The configuration formats that it can read."""
    build: BuildText
    time: float
    proxy_id: ProxyId
    configuration_version: int
    mlkem_key: Annotated[bytes, Meta(min_length=1184, max_length=1184)]
    x25519_key: Annotated[bytes, Meta(min_length=32, max_length=32)]
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class ClientHello(OpenStruct, frozen=True, tag_field="type", tag="client-hello"):
    """The client's first message."""

    oldest: Number
    newest: Number
    """The protocol numbers that this build speaks."""
    build: BuildText
    time: float
    client: Annotated[str, Meta(min_length=1, max_length=120)]
    """The client's name: a new link of the same client replaces the old."""


class Heartbeat(Message, frozen=True, tag="heartbeat"):
    """Nothing but a sign of life."""


class Bye(Message, frozen=True, tag="bye"):
    """The sender ends the link in order."""

    reason: Text


class Leaving(Message, frozen=True, tag="leaving"):
    """Client: no more sessions over this link, please; those that run go on, and Bye follows them."""


class Draining(Message, frozen=True, tag="draining"):
    """Client: no session begins any more over this link, in either direction, or sessions may begin again.

    Those that run go on. A new link is not draining until its client says so.
    """

    on: bool


class ServerState(Message, frozen=True, tag="server-state"):
    """Server: what an administrator inside wants to see of it. Sent after Hello and when it changes, at most each
    second; only shown inside, and nothing is decided by it."""

    version: Annotated[int, Meta(ge=0, le=2**53)]
    """Of the configuration in force; 0: none yet."""
    address: Address
    """Of the external port; empty: every address."""
    port: Port
    open: bool
    reason: Text
    """Why the external port is not open."""
    sessions: Annotated[int, Meta(ge=0, le=100_000)]


class ConfigurationWanted(Message, frozen=True, tag="configuration-wanted"):
    """Server: is there a newer configuration than this version? Sent at Hello and every 60 s (mission B4)."""

    known: int


class BlobsWanted(Message, frozen=True, tag="blobs-wanted"):
    """Server: send these blobs, named by their SHA-256; those the client cannot get are left out."""

    names: Annotated[tuple[Fingerprint, ...], Meta(min_length=1, max_length=1_000)]


class Offered(Message, frozen=True, tag="offered"):
    """Client: a configuration, or a blob, follows in parts. One transfer at a time."""

    what: Literal["configuration", "blob"]
    size: Annotated[int, Meta(ge=1, le=MAX_TRANSFER)]
    sha256: Fingerprint


class Part(Message, frozen=True, tag="part"):
    """Client: the next octets of what was offered."""

    data: Annotated[bytes, Meta(min_length=1, max_length=PART_SIZE)]


class OpenSession(Message, frozen=True, tag="open-session"):
    """Server: a verified partner has come in; dial a session link with this ticket."""

    ticket: TicketOctets
    session: SessionId
    partner: PartnerId
    source: Annotated[str, Meta(max_length=64, pattern=r"^[0-9A-Fa-f.:\[\]]+\Z")]
    """The partner's address and port, in digits: it is shown in logs and in the process title."""
    fingerprint: Fingerprint


class SessionRefused(Message, frozen=True, tag="session-refused"):
    """Client: no session link will come for this one, and why."""

    session: SessionId
    reason: Text


class SessionEnding(Message, frozen=True, tag="session-ending"):
    """Either: what ends a session that runs over this link, as the sender decided or saw it."""

    session: SessionId
    by: By
    why: Why
    rule: RuleKey = ""
    number: EndNumber = 0

    @classmethod
    def of(cls, session: str, end: SessionEnd) -> "SessionEnding":
        """Return the message for an end."""
        return cls(session, end.by, end.why, end.rule, end.number)

    def end(self, host: Host) -> SessionEnd | None:
        """Return what `host`, which has sent this, says; None if it cannot know that."""
        end = SessionEnd(self.by, self.why, host, self.rule, self.number)
        return end if credible(end) else None


class Events(Message, frozen=True, tag="events"):
    """Server: what happened in the DMZ, oldest first: the first one has this number, each other one more."""

    first_number: EventNumber
    events: Annotated[tuple[Event, ...], Meta(min_length=1, max_length=EVENTS_PER_MESSAGE)]


class CrlsFound(Message, frozen=True, tag="crls-found"):
    """Server: distribution points in certificates that it has verified (mission B5)."""

    sources: Annotated[tuple[CrlSource, ...], Meta(min_length=1, max_length=CRL_SOURCES)]


class CertificateRefused(Message, frozen=True, tag="certificate-refused"):
    """Server: a certificate that it has refused, besides the event that says so. Some are left out: they are many."""

    certificate: RefusedCertificate


class LicenseWithdrawn(Message, frozen=True, tag="license-withdrawn"):
    """Client: the license that the server showed on this link is not in force in Seonapi; the link ends."""


class EventsTaken(Message, frozen=True, tag="events-taken"):
    """Client: all events up to this number are on disk inside and may be forgotten."""

    up_to: EventNumber


class Ticket(Message, frozen=True, tag="ticket"):
    """Session link, client: this link is for the session that the ticket was issued for."""

    ticket: TicketOctets


class Dial(Message, frozen=True, tag="dial"):
    """Session link, client: connect to a partner. Never an address: the server looks it up."""

    session: SessionId
    partner: PartnerId


class Joined(Message, frozen=True, tag="joined"):
    """Session link, server: from here on the OFTP2 octet stream flows."""

    peer: Text
    tls: Text


class NotJoined(Message, frozen=True, tag="not-joined"):
    """Session link, server: it did not work, and why."""

    reason: Text


class Delivery(Struct, frozen=True):
    """What a transfer of kind configuration holds: all that the server gets, with its TLS key still sealed."""

    version: int
    format: Number
    """Of `configuration`, which is a `config.ServerConfiguration` in this format."""
    configuration: msgspec.Raw
    sealed_key: SealedKey | None = None
    settings: msgspec.Raw = msgspec.Raw(b"{}")
    """A `config.ServerSettings` in the same format: what this server has for itself."""
    standing: msgspec.Raw = msgspec.Raw(b"null")
    """A `standing.Standing`: which clients may be linked, signed by Seonapi; null from one that does not say it."""


FromServer = (
    ServerHello | Heartbeat | Bye | ConfigurationWanted | BlobsWanted | OpenSession | SessionEnding | Events | CrlsFound
    | CertificateRefused | ServerState
)  # fmt: skip
Finding = CrlsFound | CertificateRefused
"""What the server has found in certificates; it may be left out where there is too much of it."""
FromClient = (
    ClientHello | Heartbeat | Bye | Leaving | Offered | Part | SessionRefused | SessionEnding | EventsTaken
    | LicenseWithdrawn | Draining
)  # fmt: skip
SessionOpening = Ticket | Dial
SessionAnswer = Joined | NotJoined

# By protocol number: what may be said once Hello has settled it.
FROM_SERVER: dict[int, object] = {3: FromServer}
FROM_CLIENT: dict[int, object] = {3: FromClient}
SESSION_OPENING: dict[int, object] = {3: SessionOpening}
SESSION_ANSWER: dict[int, object] = {3: SessionAnswer}
DELIVERY: dict[int, object] = {3: Delivery}


def new_session_id(random: bytes) -> str:
    """Return a session id made of random octets."""
    return random.hex()


class LinkError(Exception):
    """The other end broke the link's protocol; the link ends with this text."""
