"""The catalogue of events: one stable code per kind, its severity, its text and its fields.

An `Event` names its kind by code and carries values only; the text is made from the catalogue where it is shown, so
that logs, journal and documentation say the same. What a stranger sent may stand in a value: `describe` escapes and
caps it. The kinds of the groups refused, audit and license cannot be ignored by a rule that does not name their code.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from seon.wording import field_names, fill

MAX_VALUE = 300
"""Characters of one value in a shown text; the rest is cut and marked."""
MAX_FIELDS = 24
MAX_ID = 100
MAX_EVENT = 16 * 1024
"""Octets of an event as JSON, and more than `MAX_FIELDS` values of `MAX_VALUE_OCTETS` with their names need."""
MAX_VALUE_OCTETS = 560
"""Octets of one value as JSON. A stranger chooses some of them, and one control character becomes six octets."""

Group = Literal[
    "server", "client", "link", "session", "file", "refused", "audit", "license", "configuration", "seonapi"
]  # fmt: skip
Value = Annotated[str, Meta(max_length=2_000)] | int | float | bool


class Severity(IntEnum):
    """As the levels of the log; critical starts the event script (mission E3)."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened.

    A newer program may have reported it. Members that this build does not know are passed over, for ever; codes and
    fields that it does not know are kept, shown and passed on (`describe`, `severity_of`).
    """

    id: Annotated[str, Meta(min_length=1, max_length=MAX_ID, pattern=r"^[A-Za-z0-9.:_-]+\Z")]
    """`<random id of the process>-<hop>-<sequence>`: unique, so that a repeated delivery is stored once."""
    code: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[A-Z0-9-]+\Z")]
    time: float
    """Unix time, by the clock of the host where it happened."""
    hop: Literal["dmz", "inside"]
    """Where it happened. The client stamps what comes over the link as `dmz`, whatever it says of itself."""
    session: Annotated[str, Meta(max_length=64)] = ""
    """The session's id, the same on both hosts; empty for events of a main."""
    fields: Annotated[dict[Annotated[str, Meta(max_length=40)], Value], Meta(max_length=MAX_FIELDS)] = {}


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry of the catalogue. `text` is one of `seon.wording`: its places are the event's fields."""

    code: str
    severity: Severity
    group: Group
    text: str

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the values that `text` shows, in order."""
        return field_names(self.text)


_D, _I, _W, _E, _C = Severity.DEBUG, Severity.INFO, Severity.WARNING, Severity.ERROR, Severity.CRITICAL

_KINDS = (
    # server
    Kind("SRV-START", _I, "server", "Server {version} started with Proxy ID {proxy_id}; internal port {address}"),
    Kind("SRV-END", _I, "server", "Server ended: {reason}"),
    Kind("SRV-OPEN", _I, "server", "External port {address} open; enforced: {enforced}"),
    Kind("SRV-CLOSED", _I, "server", "External port closed: {reason}"),
    Kind("SRV-PORT", _C, "server", "External port {address} cannot be opened: {reason}"),
    Kind("SRV-OUTGOING", _C, "server", "Outgoing address {address} is not available on this host: {reason}"),
    Kind("SRV-FAULT", _E, "server", "Internal error while {what}: {reason}; please report it with the log"),
    Kind("SRV-LOST", _W, "server", "{count:# event was|# events were} lost for lack of room"),
    # link
    Kind("LNK-UP", _I, "link", "Client {client} connected from {source}"),
    Kind("LNK-DOWN", _W, "link", "Link ended: {reason}"),
    Kind("LNK-CLOCK", _W, "link", "The clocks of server and client differ by {seconds} s"),
    Kind("LNK-REFUSED", _W, "refused", "Connection to the internal port from {source} to {target} refused: {reason}"),
    # client
    Kind("CLI-START", _I, "client", "Client {version} started for server {server}"),
    Kind("CLI-END", _I, "client", "Client ended: {reason}"),
    Kind("CLI-LINKED", _I, "client", "Connected to server {server}, Proxy ID {proxy_id}"),
    Kind("CLI-NOSERVER", _E, "client", "Server {server} cannot be reached: {reason}[; trying again in {seconds} s]"),
    Kind("CLI-NOAPI", _E, "client", "Seonapi does not serve this client: {reason}[; trying again in {seconds} s]"),
    Kind("CLI-API", _I, "client", "Seonapi answers again"),
    Kind("CLI-TOKEN", _C, "client", "Seonapi refuses this client: {reason}[; trying again in {seconds} s]"),
    Kind("CLI-PORT", _C, "client", "Listening port {address} for partner {partner} cannot be opened: {reason}"),
    Kind("CLI-LISTEN", _I, "client", "Listening port {address} for partner {partner} open"),
    Kind("CLI-DRAINED", _W, "client",
         "The client is drained, since the administrator wants it: no session begins, those that run go on"),
    Kind("CLI-RESUMED", _I, "client", "Sessions may begin again, since the administrator wants it"),
    Kind("CLI-FAULT", _E, "client", "Internal error while {what}: {reason}; please report it with the log"),
    Kind("CLI-UNKNOWN", _W, "client",
         "The client with the token {token} called from {address}, which no entry of a client has: it gets no "
         "listening ports, and the receive daemon of all"),
    Kind("CLI-FLOOD", _W, "client",
         "The server reports more than {rate:# event|# events} a second, or many critical ones: it has to wait "
         "with them. If nobody floods its external port, look whether its host is in a stranger's hands"),
    Kind("CLI-LOST", _W, "client", "{count:# event was|# events were} lost for lack of room"),
    Kind("CLI-REJECTED", _E, "client", "Seonapi does not take an event, it is set aside in the spool: {reason}"),
    Kind("CLI-UNREADABLE", _E, "client", "An event in the spool cannot be read, it is set aside there: {reason}"),
    Kind("CLI-SPOOL", _C, "client", "The event spool cannot be used: {reason}[; trying again in {seconds} s]"),
    Kind("CLI-SPOOLED", _I, "client", "The event spool can be used again"),
    Kind("CLI-COURIER", _E, "client", "The courier process is in trouble: {reason}"),
    # configuration
    Kind("CFG-NEW", _I, "configuration", "Configuration {version} in force"),
    Kind("CFG-BAD", _E, "configuration", "Configuration {version} not taken, the one before stays: {reason}"),
    Kind("CFG-CLIENTS", _W, "configuration",
         "The list of clients of configuration {version} is passed over: that of configuration {known} is newer"),
    Kind("CFG-HOST", _W, "configuration", "Configuration {version} does not fit this host: {reason}"),
    Kind("CRL-TAKEN", _I, "configuration",
         "The revocation list of {issuer}[ from {url}] is in force on the server: {count:# entry|# entries|no entry}, "
         "made {made}"),
    Kind("CRL-BAD", _E, "configuration",
         "The revocation list with SHA-256 {sha256}[ from {url}] cannot be used by the server, and "
         "one that was in its place stays: {reason}"),
    Kind("CRL-LATE", _W, "configuration",
         "{count:# revocation list has|# revocation lists have} not come to the server within {seconds} s after its "
         "start, and the external port waits for them no longer: {missing}"),
    Kind("CFG-EMPTY", _W, "configuration", "Configuration {version} is not complete: {missing}"),
    Kind("CFG-OWN", _I, "configuration",
         "Own certificate {subject}, SHA-256 {fingerprint}, is in use from now on, as planned"
         "[; before: {before}]"),
    Kind("CFG-OWNBAD", _E, "configuration",
         "Own certificate {subject}, SHA-256 {fingerprint}, was to come into use now and does not: {reason}"),
    # admission
    Kind("ADM-REFUSED", _W, "refused",
         "Partner connection from {source} to {target} refused: {reason}[; partner {partner}][; certificate {subject}, "
         "issuer {issuer}, serial {serial}, SHA-256 {fingerprint}][; verdict {verdict}]"),
    Kind("ADM-NETWORK", _W, "refused",
         "Partner connection from {source} to {target} refused: partner {partner} may not come from this address, "
         "{reason}[; certificate {subject}, issuer {issuer}, serial {serial}, SHA-256 {fingerprint}]"
         "[; verdict {verdict}]"),
    Kind("ADM-WARNING", _W, "session",
         "Partner {partner} is admitted, {source} to {target}, in spite of its certificate: {reason}"
         "[; certificate {subject}, issuer {issuer}, serial {serial}, SHA-256 {fingerprint}]"),
    Kind("ADM-TLS", _W, "refused", "TLS handshake from {source} to {target} failed: {reason}"),
    Kind("ADM-LIMIT", _W, "refused", "Connection from {source} to {target} refused: {limit}"),
    Kind("ADM-MORE", _W, "refused",
         "{count:# more refusal|# more refusals} of kind {kind} from {network} within a minute, "
         "the last one from {source} to {target}"),
    Kind("ADM-DIAL", _W, "refused",
         "Outgoing connection from {source} to {target} refused, partner {partner}, {host}: {reason}"
         "[; certificate {subject}, issuer {issuer}, serial {serial}, SHA-256 {fingerprint}][; verdict {verdict}]"),
    # session
    Kind("SES-START", _I, "session",
         "Session with partner {partner} started, {direction}, {source} to {target}[, {tls}]"
         "[; certificate {fingerprint}]"),
    Kind("SES-FAILED", _E, "session", "Session with partner {partner}, {direction}, not started: {reason}"),
    Kind("SES-AGREED", _I, "session",
         "Initiator {initiator} and Responder {responder} agreed on level {level}, buffer {buffer}, credit {credit}, "
         "{compression:compression|no compression}, {restart:restart|no restart}, "
         "{authentication:authentication|no authentication}"),
    Kind("SES-REFUSED", _E, "refused",
         "OFTP2 refused, {direction}, from {source} to {target}: rule {rule}, key {key}, "
         "the {side:name}'s stream buffer {stb}, offset {offset}: {text}; "
         "partner {partner}[; field {field}][; seen {seen}]"),
    Kind("SES-FINDING", _W, "session",
         "OFTP2 finding: rule {rule}, key {key}, the {side:name}'s stream buffer {stb}, offset {offset}: {text}; "
         "partner {partner}[; field {field}][; seen {seen}]"),
    Kind("SES-MORE", _W, "session",
         "{count:# more OFTP2 finding|# more OFTP2 findings}: rule {rule}, key {key}, by the {side:name}; "
         "partner {partner}"),
    Kind("SES-NOCONTENT", _W, "session",
         "{exchanges:# turn, receipt or file|# turns, receipts and files} without content in a row, "
         "with partner {partner}"),
    Kind("SES-END", _I, "session",
         "Session with partner {partner} ended by {ended_by}: {reason}; {seconds} s"
         "[, {octets_in:# octet|# octets} in, {octets_out:# octet|# octets} out, {files:# file|# files}]"),
    Kind("SES-BARRED", _W, "session", "Session with partner {partner} has to end: {reason}"),
    Kind("SES-TRACE", _I, "session", "Session is traced to {file}"),
    Kind("SES-TRACED", _I, "session",
         "Session trace {file} written: {octets:# octet|# octets}"
         "[; {left_out:# octet|# octets} of data left out]"),
    Kind("SES-NOTRACE", _W, "session", "The trace of this session has ended, the session goes on: {reason}"),
    Kind("SES-KILLED", _W, "session", "Session process {pid} of partner {partner} ended abnormally: {reason}"),
    # file
    Kind("FIL-START", _I, "file",
         "File {name} of {date} {time} offered, {direction}, from {originator} to {destination}; format {format}"
         "[, record length {record_length}], {size_k} KiB[, restart at {restart}], security {security}"
         "[, cipher {cipher}], {compression:compressed|not compressed}, "
         "{signed_receipt:signed receipt wanted|no signed receipt wanted}"),
    Kind("FIL-END", _I, "file",
         "File {name} of {date} {time}, {direction}: {result}; {octets:# octet|# octets}"
         "[, {records:# record|# records}][, restart at {restart}], {seconds} s"),
    Kind("FIL-RECEIPT", _I, "file",
         "Receipt {kind} for file {name} of {date} {time}, {direction}, from {originator} to {destination}: {result}; "
         "{signed:signed|not signed}[, created by {creator}]"),
    # license
    Kind("LIC-SOON", _W, "license", "The license ends {days:in # day|in # days|within a day}, at {until}"),
    Kind("LIC-NEW", _I, "license",
         "A renewed license was taken over from {file}: serial {serial}, valid until {until}"),
    Kind("LIC-REFUSED", _E, "license",
         "License file {file} is not good: {reason}. The license taken over before "
         "{holds:holds until|does not hold any more, it ended at} {until}. "
         "To issue one for this server, type inside: seonapi license issue {proxy_id}"),
    Kind("LIC-END", _C, "license", "The license has ended at {until}; the external port is closed"),
    Kind("LIC-WITHDRAWN", _C, "license",
         "The license with serial {serial} was withdrawn in Seonapi, so the link ends. "
         "To issue another one for this server, type inside: seonapi license issue {proxy_id}"),
    # revocation lists
    Kind("CRL-NEW", _I, "seonapi",
         "Revocation list of {issuer} taken over, {place}: {entries:# entry|# entries}, {kind}[, number {number}]"
         "[; the next one is due at {until}]"),
    Kind("CRL-FAILED", _W, "seonapi",
         "Revocation list of {issuer} is not to be had and is tried again, {place}: {reason}"
         "[; the one before stays in force: {before}]"),
    Kind("CRL-WORKS", _I, "seonapi", "Revocation list of {issuer} is to be had again, {place}"),
    Kind("CRL-UNSUPPORTED", _W, "seonapi",
         "Revocation list of {issuer} cannot be used, {place}: {reason}[; the one before stays in force: {before}]"),
    Kind("CRL-OVERDUE", _E, "seonapi",
         "Revocation list of {issuer} in force is too old, {place}: {reason}. See: seonapi crl list"),
    # Seonapi itself
    Kind("QUE-FAILED", _E, "seonapi",
         "Job {job} of the Seon send queue daemon failed and is tried again: {reason}; the daemon's log says more"),
    Kind("QUE-WORKS", _I, "seonapi", "Job {job} of the Seon send queue daemon works again"),
    Kind("QUE-AWAY", _E, "seonapi",
         "The Seon send queue daemon has done nothing since {since}[; last on {host}, process {pid}]. "
         "Start it: seonapi queue"),
    Kind("QUE-BACK", _I, "seonapi", "The Seon send queue daemon runs again[, on {host}, process {pid}]"),
    Kind("EXP-SOON", _W, "seonapi", "{what} ends {days:in # day|in # days|within a day}, at {until}: {advice}"),
    Kind("EXP-ENDED", _E, "seonapi", "{what} has ended, at {until}: {advice}"),
    # orders for clients
    Kind("ORD-GIVEN", _I, "seonapi", "Order for the client {client} by {user} ({way}): {order}"),
    Kind("ORD-DONE", _I, "seonapi", "Order done by the client {client}: {order}[; {reason}]"),
    Kind("ORD-FAILED", _W, "seonapi", "Order not done by the client {client}: {order}[; it says: {reason}]"),
    Kind("ORD-EXPIRED", _W, "seonapi",
         "Order not taken by the client {client} in time, so it is void: {order}. Does the client run, and does it "
         "reach Seonapi? See: seonapi live"),
    # audit
    Kind("AUD-CHANGE", _I, "audit", "{user} ({way}), {act}: {what}: {change}"),
    Kind("AUD-DENIED", _W, "audit", "{user} ({way}) was refused: {act}"),
    Kind("AUD-TOKEN", _W, "audit",
         "API call without valid authentication from {source}[ through the proxy {proxy}]: {reason}; {path}"),
    Kind("AUD-LOGIN", _W, "audit",
         "Login to the panel refused from {source}[ through the proxy {proxy}]: {reason}; {path}"),
    Kind("AUD-TOKENS", _W, "audit",
         "{count:# more call|# more calls} without valid authentication from {source} within a minute; "
         "last reason: {reason}"),
    Kind("AUD-LICENSE", _I, "audit", "License for {proxy_id} issued by {user}, valid until {until}"),
    # Seonapi
    Kind("LOG-EXPIRED", _I, "seonapi",
         "Ignore rule {rule} has expired at {until} and was removed; its text: {text}[, for {code} only]"),
    Kind("LOG-AWAY", _E, "seonapi",
         "The API log {file} cannot be written on {host}: {reason}. Its lines go to {own} there"),
    Kind("LOG-BACK", _I, "seonapi", "The API log {file} is written again on {host}"),
    Kind("SCR-FAILED", _E, "seonapi",
         "The event script {file} failed for {kind}: {reason}[; {count:# more run|# more runs} failed since this was "
         "said last]"),
    Kind("SCR-BAD", _E, "seonapi", "The event script {file} cannot be run, its runs wait until it can: {reason}"),
    Kind("SCR-TEST", _C, "seonapi", "Test of the event script, by {user} ({way})"),
    Kind("SCR-FULL", _E, "seonapi",
         "The queue of the event script is full, with {count} runs: further critical events start no script"),
    Kind("SCR-LOST", _E, "seonapi",
         "{count:# critical event has|# critical events have} started no script, since its queue was full"),
)  # fmt: skip

_DMZ_GROUPS = {"server", "link", "refused", "session", "license", "configuration"}
"""Who was let in and what ended is the server's to say; files, receipts and audit are the inside's (design §9)."""

_DMZ_CODES = ("SRV-", "LNK-", "ADM-", "SES-", "LIC-", "CFG-", "CRL-")
"""How the codes of these groups begin; those that newer servers report, too."""

CATALOGUE: dict[str, Kind] = {kind.code: kind for kind in _KINDS}


def fitting(value: Value) -> Value:
    """Return a value as an event may carry it: a text is cut until its JSON has at most `MAX_VALUE_OCTETS`."""
    if not isinstance(value, str):
        return value
    text = value[:MAX_VALUE_OCTETS].encode("utf-8", "replace").decode()  # a lone surrogate has no UTF-8
    while (size := len(msgspec.json.encode(text))) > MAX_VALUE_OCTETS:
        text = text[: len(text) * MAX_VALUE_OCTETS // (size + 1)]
    return text


def may_come_from_dmz(event: Event) -> bool:
    """Whether an event is of a kind and size that a server in the DMZ has a reason to send.

    It may be newer than we are: a code that we do not know is judged by its beginning.
    """
    kind = CATALOGUE.get(event.code)
    ours = kind.group in _DMZ_GROUPS if kind else event.code.startswith(_DMZ_CODES)
    return ours and len(msgspec.json.encode(event)) <= MAX_EVENT


def shown(value: object, most: int = MAX_VALUE) -> str:
    """Return `value` as it may be shown in a log line: at most `most` characters, and safe ones only.

    Control characters, backslashes, line separators, bidirectional overrides and all else that is not printable are
    escaped (log injection).
    """
    text = str(value)
    cut = text[:most]
    if cut.isprintable() and "\\" not in cut:  # nearly always: hundreds of thousands a minute come by here
        return cut + ("…" if len(text) > most else "")
    safe = "".join(c if c.isprintable() and c != "\\" else c.encode("unicode_escape").decode("ascii") for c in cut)
    return safe + ("…" if len(text) > most else "")


def describe(event: Event) -> str:
    """Return the event's text with its values; of a code that this build does not know, the values by name."""
    kind = CATALOGUE.get(event.code)
    if kind is None:
        values = ", ".join(f"{shown(name)} {shown(value)}" for name, value in event.fields.items())
        return fill("Unknown event {code}[: {values}]", {"code": event.code, "values": values})
    return fill(kind.text, event.fields, shown)


def severity_of(code: str) -> Severity:
    """Return the severity of a code; one that this build does not know counts as an error."""
    kind = CATALOGUE.get(code)
    return kind.severity if kind else Severity.ERROR
