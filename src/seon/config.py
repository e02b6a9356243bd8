"""The typed configuration: Seonapi produces it, server and client consume it.

One `ProxyConfiguration` is served to a client. The client keeps `client` for itself and hands `server` and the linked
server's own of `servers`, and nothing else, to the server in the DMZ: so the DMZ never learns an address of the inside,
and the inside never holds the partners' TLS key (it crosses sealed, see `api_messages.SealedKey`). The client reads
neither of the two: the server may be older or newer than the client.

Three hosts, three versions: Seonapi serves each part in the newest format that it and the part's reader know, and
refuses a configuration in which a setting cannot be said in that format (`seon.backend.rendering`). So a reader is
strict, and a setting is never dropped in silence. How to change these structs: raise FORMAT, write the step down to
the format before, and give a new field a default that means what was meant before there was one.

Every length and range is bounded here, at the one place where configuration is decoded. Sizes are octets, times
are seconds, ports are TCP ports. An address is a literal IP address; a host is a literal address or a DNS name.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

FORMAT = 3
"""Raised with every change of `ServerConfiguration` or `ClientConfiguration` and of what they consist of."""
OLDEST_FORMAT = 3
"""The oldest that this build can read."""

Port = Annotated[int, Meta(ge=1, le=65535)]
Name = Annotated[str, Meta(min_length=1, max_length=120)]
Host = Annotated[str, Meta(min_length=1, max_length=253)]
Address = Annotated[str, Meta(max_length=45)]
"""A literal IPv4 or IPv6 address; empty = every address of the host (listening) or the system's choice (dialling)."""
PartnerId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+\Z")]
Network = Annotated[str, Meta(min_length=1, max_length=50)]
"""A network such as 192.0.2.0/24 or 2001:db8::/48."""
Pem = Annotated[str, Meta(max_length=200_000)]
Fingerprint = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""SHA-256 of a certificate's DER form, lower-case hex."""
Seconds = Annotated[int, Meta(ge=1, le=86_400)]
ProxyId = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}px\Z")]
Serial = Annotated[str, Meta(pattern=r"^[0-9A-F]{1,40}\Z")]
"""The serial number of a certificate, upper-case hex."""
Mark = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
"""Stands for one secret of a security token in the certificates that were issued for it, and says nothing of it."""
SsidCode = Annotated[str, Meta(min_length=1, max_length=25)]
"""An Odette identification code as in SSIDCODE (RFC 5024 §5.3.2, X(25)), without its trailing spaces."""
SessionId = Annotated[str, Meta(min_length=8, max_length=64, pattern=r"^[a-z0-9-]+\Z")]
Profile = Literal["default", "strict"]
"""The verifier's profile of rule severities (oftp2.rules)."""
Severity = Literal["refuse", "decline", "warn", "ignore"]
RuleName = Annotated[str, Meta(max_length=40, pattern=r"^[A-Z][A-Z0-9-]*(/[a-z-]+)?\Z")]
"""A rule's id, or `id/form` (oftp2.rules). Which there are is the program's knowledge, not the configuration's."""
Severities = Annotated[dict[RuleName, Severity], Meta(max_length=200)]
FileOctets = Annotated[int, Meta(ge=0, le=10**15)]
"""The greatest file in octets; 0 = no limit."""
NamePattern = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9/.&()'_ *?-]+\Z")]
"""For virtual file names: `*` stands for any characters, `?` for one."""
NamePatterns = Annotated[tuple[NamePattern, ...], Meta(max_length=100)]
FileCodes = Annotated[tuple[SsidCode, ...], Meta(max_length=100)]
"""Odette codes that a file may name as its destination or its originator."""
TracedSessions = Annotated[tuple[SessionId, ...], Meta(max_length=100)]
"""Sessions under way that write a trace though their partner's do not."""


Weight = Literal["refuse", "warn", "ignore"]
Revocation = Literal["hard", "soft", "ignore"]
"""hard: who cannot be shown to be good is refused; soft: only who is revoked; ignore: nobody asks."""
DistinguishedName = Annotated[str, Meta(min_length=1, max_length=2_000)]
OdetteId = Annotated[str, Meta(min_length=1, max_length=64)]
"""As the subject's serialNumber has it, or behind `oftp://` in a URI of the subject alternative names."""
CrlUrl = Annotated[str, Meta(max_length=2_000)]
Networks = Annotated[tuple[Network, ...], Meta(max_length=100)]


SessionCount = Annotated[int, Meta(ge=1, le=10_000)]
Licenses = Annotated[tuple[Serial, ...], Meta(max_length=10_000)]
"""Serials of the licenses in force."""


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Unknown fields are refused: a setting that one side does not know must not be dropped in silence."""


class OpenStruct(msgspec.Struct, frozen=True):
    """Unknown fields are passed over, for ever: what two programs say before they know each other's version."""


class Limits(Struct, frozen=True):
    """What bounds a stranger, and a session that stalls."""

    handshake_seconds: Seconds = 10
    """From accept to the partner's verified certificate."""
    handshakes: Annotated[int, Meta(ge=1, le=10_000)] = 1_000
    """Places: connections at once whose partner is not verified yet. When all are taken, one gives way to the next."""
    sessions: Annotated[int, Meta(ge=1, le=10_000)] = 200
    sessions_per_partner: Annotated[int, Meta(ge=1, le=10_000)] = 50
    sessions_per_minute: Annotated[int, Meta(ge=1, le=100_000)] = 600
    idle_seconds: Seconds = 300
    """Without progress for so long a session ends (ESID 09): no whole stream buffer passed on, and nothing taken of
    what waits for a slow reader."""
    dial_seconds: Seconds = 30
    """Resolving, connecting and TLS towards a partner, together."""
    connect_seconds: Seconds = 5
    """Connecting to the receive daemon."""
    drain_seconds: Seconds = 30
    """What running sessions are given when the program ends in order."""


class Anchor(Struct, frozen=True):
    """A CA whose certificates may admit partners: it, and never what stands above it."""

    certificate: Pem
    """One certificate; the anchor is named by its SHA-256."""
    asserts_odette_ids: bool = False
    """Whether an Odette ID in a certificate below it counts (ETSI: a CA that has checked it)."""


class AdmissionRules(Struct, frozen=True):
    """What a certificate must be besides known; no weight lets in who is not known."""

    usage: Weight = "warn"
    """Of a certificate whose extended key usage names other purposes than ours: public CAs no longer sell ours."""
    unreadable: Weight = "warn"
    """Of a certificate whose extensions cannot be read."""
    rsa_bits: Annotated[int, Meta(ge=1_024, le=8_192)] = 2_048
    """The least RSA key, in bits."""
    weak_key: Weight = "refuse"
    """Of a smaller RSA key, or an elliptic curve below 256 bits."""
    weak_signature: Weight = "refuse"
    """Of a certificate below an anchor that is signed with SHA-1 or MD5. What is pinned needs no signature."""
    revocation: Revocation = "soft"
    crl_days: Annotated[int, Meta(ge=1, le=366)] = 15
    """A list that was made longer ago is stale, whatever it says itself (Odette recommends this age)."""
    ca_names: bool = False
    """Whether the server names its anchors to those who connect: some stations choose a certificate by that, others
    break on a long list."""


class PartnerAdmission(Struct, frozen=True, omit_defaults=True):
    """How `AdmissionRules` differ for one partner; None = as in general."""

    usage: Weight | None = None
    unreadable: Weight | None = None
    weak_key: Weight | None = None
    weak_signature: Weight | None = None
    revocation: Revocation | None = None


class CertificateName(Struct, frozen=True):
    """A partner's certificates by their names, as RFC 4514 text: whoever the anchors certify under both."""

    issuer: DistinguishedName
    subject: DistinguishedName


class RevocationList(Struct, frozen=True):
    """A certificate revocation list that crosses to the server as a blob."""

    sha256: Fingerprint
    """Of the list in DER."""
    issuer: Pem
    """The certificate of the CA that has signed it. Who gave it is not believed: the list counts for this key only."""
    url: CrlUrl = ""
    """The distribution point that it was fetched from; empty: it was given by hand, for all of its issuer's."""


class OwnCertificate(Struct, frozen=True):
    """The certificate shown to partners, leaf first; its key comes as a `SealedKey` under the same id."""

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    chain: Pem


class FileRules(Struct, frozen=True):
    """Which files may pass in one direction. What is empty allows everything."""

    max_octets: FileOctets = 0
    names: NamePatterns = ()
    destinations: FileCodes = ()
    originators: FileCodes = ()


class SessionRules(Struct, frozen=True):
    """What sessions are judged by: the verifier's rules, and what is demanded beyond the protocol."""

    profile: Profile = "default"
    rules: Severities = {}
    """Severities that replace the profile's."""
    level_5_only: bool = False
    """No session below level 5, so none of OFTP 1.x."""
    secure_authentication: bool = False
    """Both stations must agree on secure authentication (SSIDAUTH)."""
    esid_names_rule: bool = True
    """Whether an ESID of the proxy's names the rule in its text, to the side that broke it, at level 5."""
    incoming: FileRules = FileRules()
    """For files that the partner sends, whoever started the session."""
    outgoing: FileRules = FileRules()
    """For files that the partner is sent."""


class PartnerFileRules(Struct, frozen=True, omit_defaults=True):
    """How `FileRules` differ for one partner; None = as in general."""

    max_octets: FileOctets | None = None
    names: NamePatterns | None = None
    destinations: FileCodes | None = None
    originators: FileCodes | None = None


class PartnerRules(Struct, frozen=True, omit_defaults=True):
    """How `SessionRules` differ for one partner; None = as in general."""

    profile: Profile | None = None
    rules: Severities = {}
    """They come on top of the general ones; a rule's id stands for all its forms."""
    level_5_only: bool | None = None
    secure_authentication: bool | None = None
    esid_names_rule: bool | None = None
    incoming: PartnerFileRules = PartnerFileRules()
    outgoing: PartnerFileRules = PartnerFileRules()


class ServerPartner(Struct, frozen=True):
    """A partner as the DMZ must know it: who it is, and where it is dialled."""

    id: PartnerId
    name: Name
    enabled: bool = True
    ssid_codes: Annotated[tuple[SsidCode, ...], Meta(max_length=100)] = ()
    """The codes it may show in SSIDCODE; none = any code."""
    pins: Annotated[tuple[Fingerprint, ...], Meta(max_length=100)] = ()
    """Its own certificates: one of them, and nothing they issue, admits the partner."""
    host: Annotated[str, Meta(max_length=253)] = ""
    """Where it is dialled; empty = it only calls us."""
    port: Port = 6619
    networks: Networks = ()
    """From where it may come; none = from everywhere."""
    anchors: Annotated[tuple[Fingerprint, ...], Meta(max_length=100)] = ()
    """The only anchors that may admit it; none = each of them. Nothing but a pin admits a partner that has pins."""
    odette_ids: Annotated[tuple[OdetteId, ...], Meta(max_length=100)] = ()
    """They count below anchors that assert them."""
    names: Annotated[tuple[CertificateName, ...], Meta(max_length=100)] = ()
    sessions: SessionCount | None = None
    """Its sessions at once; None = `Limits.sessions_per_partner`."""
    old_tls: bool = False
    """Whether its station needs what TLS 1.2 had before forward secrecy with authenticated ciphers (ECDHE with CBC):
    when we dial it, and for who comes from its networks."""
    admission: PartnerAdmission = PartnerAdmission()
    rules: PartnerRules = PartnerRules()
    trace: bool = False
    """Whether its sessions write a trace: the conversation without its secrets and without what files contain."""


class ServerSettings(Struct, frozen=True, omit_defaults=True):
    """How `ServerConfiguration` differs for one server; None = as in general."""

    external_address: Address | None = None
    external_port: Port | None = None
    outgoing_address: Address | None = None
    limits: Limits | None = None
    """All of them, though only one may differ."""


class ServerConfiguration(Struct, frozen=True):
    """All that every server in the DMZ gets. It lives in memory only."""

    external_address: Address = ""
    external_port: Port = 6619
    outgoing_address: Address = ""
    own_certificate: OwnCertificate | None = None
    """None: the installation has none yet; the external port stays closed and an event says why."""
    partners: Annotated[tuple[ServerPartner, ...], Meta(max_length=10_000)] = ()
    anchors: Annotated[tuple[Anchor, ...], Meta(max_length=500)] = ()
    admission: AdmissionRules = AdmissionRules()
    crls: Annotated[tuple[RevocationList, ...], Meta(max_length=1_000)] = ()
    """The lists that belong to this version: blobs, each of which crosses once."""
    load_balancers: Networks = ()
    """Who comes from here says first, by the PROXY protocol (version 2), for whom it speaks."""
    exempt_networks: Networks = ()
    """Who comes from here has no penalty: scanners of our own, say."""
    limits: Limits = Limits()
    rules: SessionRules = SessionRules()
    traced_sessions: TracedSessions = ()

    def with_settings(self, own: ServerSettings) -> "ServerConfiguration":
        """Return the configuration of the server that has these settings of its own."""
        differing = {name: value for name, value in msgspec.structs.asdict(own).items() if value is not None}
        return msgspec.structs.replace(self, **differing)


class ReceiveDaemon(Struct, frozen=True):
    """The company's OFTP2 station that takes incoming sessions."""

    host: Host
    port: Port = 3305


class OutgoingListener(Struct, frozen=True):
    """A port of the client on which the send daemon reaches one partner."""

    port: Port
    partner: PartnerId
    address: Address = "127.0.0.1"


class ClientPartner(Struct, frozen=True):
    """A partner as the inside knows it: the client checks the DMZ's word against this."""

    id: PartnerId
    name: Name
    enabled: bool = True
    ssid_codes: Annotated[tuple[SsidCode, ...], Meta(max_length=100)] = ()
    sessions: SessionCount | None = None
    """Its sessions at once; None = `Limits.sessions_per_partner`."""
    rules: PartnerRules = PartnerRules()
    trace: bool = False


class ClientConfiguration(Struct, frozen=True):
    """What the client inside keeps for itself."""

    receive_daemon: ReceiveDaemon | None = None
    """None: not set yet; incoming sessions are refused and an event says why."""
    listeners: Annotated[tuple[OutgoingListener, ...], Meta(max_length=1_000)] = ()
    partners: Annotated[tuple[ClientPartner, ...], Meta(max_length=10_000)] = ()
    limits: Limits = Limits(idle_seconds=330)
    """30 s more than the server's idle time, so that not both hops end a silent session at once."""
    rules: SessionRules = SessionRules()
    traced_sessions: TracedSessions = ()
    licenses: Licenses = ()
    """The servers that may be linked to, by their licenses: one that is not here was withdrawn."""
    server_limits: Annotated[dict[ProxyId, Limits], Meta(max_length=1_000)] = {}
    """In place of `limits` while a server is linked that has its own."""


class ProxyConfiguration(OpenStruct, frozen=True):
    """One version of everything, as `GET configuration` of Seonapi answers it."""

    version: Annotated[int, Meta(ge=0)]
    """The counter in the database, raised in the transaction that changes anything."""
    server: msgspec.Raw
    """A `ServerConfiguration` in the format `server_format`, for the servers' eyes."""
    client: ClientConfiguration
    format: int = FORMAT
    """Of `client`."""
    server_format: int = FORMAT
    certificate_id: Annotated[str, Meta(max_length=64)] = ""
    """The `OwnCertificate.id` in `server`, for which the client gets the sealed key; empty: there is none yet."""
    blobs: Annotated[tuple[Fingerprint, ...], Meta(max_length=1_000)] = ()
    """The blobs that `server` names, and that the client gets for it."""
    servers: Annotated[dict[ProxyId, msgspec.Raw], Meta(max_length=1_000)] = {}
    """For each server that the client may link to, its `ServerSettings` in the format `server_format`."""
    standings: Annotated[dict[ProxyId, msgspec.Raw], Meta(max_length=1_000)] = {}
    """For each of them, which clients it may be linked by: a `link.standing.Standing`, for its eyes."""
