"""What a session process is given: one value that says what it is for, and its connections. Nothing of the main's."""

import socket
from dataclasses import dataclass
from typing import Literal

import msgspec
from OpenSSL import SSL

from seon.admission.evidence import Evidence
from seon.admission.revocation import RevocationLists
from seon.admission.trust import TrustSet
from seon.config import Limits, ReceiveDaemon, ServerPartner
from seon.net.channel import Channel
from seon.oftp2.demands import Demands
from seon.oftp2.happenings import Side
from seon.oftp2.rules import Policy

Direction = Literal["incoming", "outgoing"]
"""Seen from the company: an incoming session's Initiator is the partner."""
Hop = Literal["dmz", "inside"]


LINK_SECONDS = 10.0
"""What a session process of the client has for its session link, beyond the dialling of a partner."""


class LinkAddress(msgspec.Struct, frozen=True):
    """Where session links are dialled, by the client: the server's literal address, and who may answer there."""

    address: str
    port: int
    proxy_ids: tuple[str, ...]
    protocol: int
    """What was agreed with the server over the control link."""


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """What a session process is for, and what it is judged and bounded by."""

    session: str
    partner: str
    direction: Direction
    hop: Hop
    source: str
    """Where the caller is, in words."""
    target: str
    """Where the session goes, in words."""
    limits: Limits
    arrival: str = ""
    """Where the caller has reached this host, address and port; "" where nobody did that here."""
    partner_codes: tuple[str, ...] = ()
    policy: Policy = msgspec.field(default_factory=Policy)
    demands: Demands = msgspec.field(default_factory=Demands)
    names_rules: bool = True
    """Whether our ESID names the rule that was broken."""
    trace: bool = False
    """Whether it writes a trace from its start on; the main may say otherwise later (`MainLine.tracing`)."""
    directory: str = ""
    """The program's own directory: below it are the traces."""
    fingerprint: str = ""
    """The certificate that let the partner in, where it came in here."""
    evidence: Evidence | None = None
    """Server, incoming: what that certificate proved."""
    client: str = ""
    """Server: the name of the client whose session this is."""
    mark: str = ""
    """Server: of the secret that this client's certificate was issued for (link.standing)."""
    dialled: ServerPartner | None = None
    """Server, outgoing: the partner to be reached, and the certificates that it may show."""
    trust: TrustSet | None = None
    """Server, outgoing: what its certificate is judged by."""
    lists: RevocationLists = msgspec.field(default_factory=RevocationLists)
    """Server, outgoing: what is known of revoked certificates."""
    outgoing_address: str = ""
    """Server, outgoing: where to come from; empty = the system's choice."""
    daemon: ReceiveDaemon | None = None
    """Client, incoming: the station inside."""
    ticket: bytes = b""
    """Client, incoming: what the server knows the session link by."""
    link: LinkAddress | None = None
    """Client: where the session link goes."""

    @property
    def partner_side(self) -> Side:
        """The side of the protocol on which the partner is."""
        return partner_side(self.direction)


def partner_side(direction: Direction) -> Side:
    """Return the side of the protocol on which the partner is."""
    return Side.INITIATOR if direction == "incoming" else Side.RESPONDER


@dataclass(frozen=True, slots=True)
class Connections:
    """What a session process has of connections: those that stand, and the TLS states of one that it makes itself."""

    partner: tuple[socket.socket, Channel] | None = None
    """Server, incoming."""
    link: tuple[socket.socket, Channel] | None = None
    """Server: the session link."""
    station: socket.socket | None = None
    """Client, outgoing: the send daemon."""
    dialling: SSL.Connection | None = None
    """The TLS state for what is dialled: the partner from the server, the session link from the client."""

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """The descriptors that the process keeps."""
        ends = [end[0] for end in (self.partner, self.link) if end]
        return (*ends, self.station) if self.station else tuple(ends)


def session_title(program: str, assignment: Assignment) -> str:
    """Return what `ps` shows of a session process; a partner's id holds nothing but letters, digits and `._-`."""
    way = f"{assignment.direction}, partner {assignment.partner}, {assignment.source} to {assignment.target}"
    return f"{program}: session {assignment.session[:8]} {way}"
