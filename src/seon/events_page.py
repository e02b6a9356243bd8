"""The page docs/events.md: each kind of event with its text, an example line of the log, and the same as ECS document.

Its addresses, names and numbers are those that are kept for documentation.
"""

import json
import textwrap
from collections.abc import Iterator

from seon import ecs
from seon.events import CATALOGUE, Event, Kind, Severity, Value, describe
from seon.process.levels import category_of

_WIDTH = 100
TIME = 1_795_730_580.125
"""When the examples happened: 2026-11-26 22:03:00.125 UTC."""
_STAMP = "2026-11-26 22:03:00.125"
_MAIN, _SESSION = 1234, 1310
"""Process ids."""
SESSION = "5f0c2f6e9a4b7d1c8e3a6b90"
_LEVELS = {Severity.CRITICAL: "FATAL"}
_OURS, _PARTNER, _DIGEST = "198.51.100.7:6619", "192.0.2.44:40718", "3f2a9c" + "0b71d4e8" * 7 + "a5"

VALUES: dict[str, Value] = {
    "act": "partner.change", "address": "198.51.100.7:6619", "advice": "get a new one from the partner",
    "authentication": True, "before": "CN=oftp.example,C=DE", "buffer": 4_096, "change": "handshakes: 64 to 128",
    "cipher": 2, "client": "client-3f2a9c01", "code": "SES-FINDING", "compression": True, "count": 12,
    "creator": "O0013PARTNER",
    "credit": 64, "date": "20261126", "days": 12, "destination": "O0013OURS", "direction": "incoming",
    "ended_by": "partner", "entries": 3, "enforced": "TLS 1.2 or higher, client certificates of known partners",
    "exchanges": 1_000, "field": "SSIDCODE", "file": "traces/5f0c2f6e9a4b7d1c8e3a6b90-dmz.oftp2", "files": 1,
    "fingerprint": _DIGEST, "format": "U", "holds": True, "host": "partner.example:6619", "initiator": "O0013PARTNER",
    "issuer": "CN=Example CA,C=DE", "key": "ADM-CODE", "job": "expiry", "kind": "ADM-TLS", "known": 42,
    "left_out": 1_024, "level": 5, "limit": "its source has a penalty for failed handshakes, 87 seconds more",
    "made": "2026-11-26 04:00 UTC", "missing": "a certificate for the external port",
    "name": "ORDERS", "number": "4711", "network": "2001:db8:5:6::/64", "octets": 8_192, "octets_in": 9_011,
    "octets_out": 204,
    "offset": 2, "order": "begin no session any more", "originator": "O0013PARTNER",
    "own": "/var/lib/seonapi/log/seonapi.log",
    "partner": "acme", "path": "/v1/configuration", "pid": 1310,
    "place": "http://crl.example/ca.crl",
    "proxy_id": "d4" * 32 + "px", "reason": "no partner has this certificate", "record_length": 128, "records": 64,
    "responder": "O0013OURS", "restart": 0, "result": "accepted", "rule": "ADM-CODE", "seconds": 2.5,
    "security": "none", "seen": '"O0013OTHER"', "serial": "4b1f09", "server": "198.51.100.7:2878", "sha256": _DIGEST,
    "side": "INITIATOR", "since": "2026-11-26 21:58:00 UTC",
    "signed": True, "signed_receipt": True, "size_k": 8, "source": _PARTNER, "stb": 1,
    "subject": "CN=Example Partner,O=Example,C=DE", "target": _OURS,
    "text": "SSIDCODE: identification code not allowed for this side", "time": "2203000001",
    "proxy": "10.0.0.2", "rate": 500, "token": "main",
    "tls": "TLSv1.3 TLS_AES_256_GCM_SHA384", "until": "2026-12-08 12:00 UTC", "url": "http://crl.example/ca.crl",
    "user": "admin", "verdict": "UNKNOWN", "version": 42,
    "way": "command line", "what": "serving a connection",
}  # fmt: skip
"""An example value of each field."""
_RETRY: dict[str, Value] = {"reason": "connection refused", "seconds": 4}
SPECIAL: dict[str, dict[str, Value]] = {
    "ADM-TLS": {"reason": "it speaks HTTP"},
    "ADM-REFUSED": {"partner": ""},
    "ADM-NETWORK": {"reason": "only from 198.51.100.0/24", "verdict": "NETWORK"},
    "ADM-WARNING": {"reason": "its extended key usage is serverAuth, without clientAuth (admission_usage)"},
    "ADM-MORE": {"source": "[2001:db8:5:6::9]:40718", "target": "[2001:db8:1::7]:6619"},
    "ADM-DIAL": {"source": "198.51.100.7:51022", "target": "192.0.2.44:6619",
                 "reason": "the certificate is not that partner's", "verdict": "IDENTITY"},
    "AUD-TOKEN": {"source": "192.0.2.44", "proxy": "10.0.0.2", "reason": "unknown security token"},
    "AUD-TOKENS": {"source": "192.0.2.44", "count": 480, "reason": "unknown security token"},
    "AUD-CHANGE": {"what": "partner acme", "change": "host: empty to 'oftp.example'"},
    "CFG-BAD": {"reason": "the certificate of the external port cannot be read"},
    "CFG-CLIENTS": {"version": 41},
    "CRL-BAD": {"reason": "its signature is not that of its issuer"},
    "CRL-LATE": {"count": 1, "seconds": 30, "missing": "http://crl.example/ca.crl"},
    "CFG-HOST": {"reason": "the limits need more open files than this host allows"},
    "CFG-OWN": {"subject": "CN=oftp.example,C=DE"},
    "CFG-OWNBAD": {"subject": "CN=oftp.example,C=DE", "reason": "it has expired meanwhile, at 2026-11-25 12:00 UTC"},
    "CLI-COURIER": {"reason": "it does not answer"},
    "CLI-END": {"reason": "signal SIGTERM"},
    "CLI-LISTEN": {"address": "10.0.0.5:3306"},
    "CLI-NOAPI": _RETRY,
    "CLI-NOSERVER": _RETRY,
    "CLI-UNKNOWN": {"address": "10.0.0.5"},
    "CLI-PORT": {"address": "10.0.0.5:3306", "reason": "Address already in use"},
    "CLI-REJECTED": {"reason": "400 Bad Request"},
    "CLI-SPOOL": {"reason": "No space left on device", "seconds": 4},
    "CLI-START": {"version": "0.1.0, build 20261126"},
    "CLI-TOKEN": {"reason": "the token is not known", "seconds": 30},
    "CLI-UNREADABLE": {"reason": "it is no event"},
    "CLI-FAULT": {"reason": "ValueError"},
    "CRL-FAILED": {"reason": "no answer for 10 s", "before": "of 2026-11-26 06:00 UTC, until 2026-12-03 06:00 UTC"},
    "CRL-NEW": {"kind": "complete"},
    "CRL-OVERDUE": {
        "reason": "the next one was due at 2026-11-26 06:00 UTC; partners whose certificates it is for are let in, "
                  "revoked or not, unless a partner has a rule of its own",
    },
    "CRL-UNSUPPORTED": {"reason": "not supported: an indirect list", "before": "of 2026-11-26 06:00 UTC"},
    "EXP-ENDED": {"what": "Certificate 3f2a9c0b71d4e80b of partner acme", "until": "2026-11-26 12:00 UTC"},
    "EXP-SOON": {"what": "Certificate 3f2a9c0b71d4e80b of partner acme"},
    "FIL-RECEIPT": {"kind": "EERP", "result": "delivered", "direction": "outgoing"},
    "LOG-AWAY": {"file": "/var/log/seon/api.log", "host": "inside1", "reason": "Permission denied"},
    "LOG-BACK": {"file": "/var/log/seon/api.log", "host": "inside1"},
    "LOG-EXPIRED": {"rule": "7, Acme moves house", "text": "connection refused"},
    "LIC-NEW": {"file": "/etc/seon_proxy.lic"},
    "LIC-REFUSED": {"file": "/etc/seon_proxy.lic", "reason": "group or others may write it"},
    "SCR-FAILED": {"file": "/etc/seon/on-event", "kind": "SRV-PORT", "reason": "exit status 1", "count": 2},
    "SCR-BAD": {"file": "/etc/seon/on-event", "reason": "/etc/seon may be written by its group or by others"},
    "SCR-FULL": {"count": 100_000},
    "LNK-DOWN": {"reason": "the client closed the connection"},
    "LNK-REFUSED": {"reason": "http request", "target": "198.51.100.7:2878"},
    "LNK-UP": {"source": "198.51.100.20:40112"},
    "ORD-DONE": {"client": "main at 10.0.0.5", "reason": "2 sessions go on"},
    "ORD-EXPIRED": {"client": "main at 10.0.0.5"},
    "ORD-FAILED": {"client": "main at 10.0.0.5", "order": f"end session {SESSION} with ESID 99",
                   "reason": "there is no such session"},
    "ORD-GIVEN": {"client": "main at 10.0.0.5"},
    "QUE-AWAY": {"host": "inside1"},
    "QUE-BACK": {"host": "inside1"},
    "QUE-FAILED": {"reason": "OperationalError: database is locked"},
    "SES-AGREED": {"restart": True},
    "SES-END": {"reason": "ESID 00 normal session termination"},
    "SES-FAILED": {"reason": "receive daemon: nothing listens on that port"},
    "SES-BARRED": {"reason": "partner acme is not admitted any more, REVOKED: the certificate is revoked"},
    "SES-KILLED": {"reason": "signal 9"},
    "SES-NOTRACE": {"reason": "No space left on device"},
    "SRV-CLOSED": {"reason": "no client is connected"},
    "SRV-END": {"reason": "signal SIGTERM"},
    "SRV-FAULT": {"reason": "ValueError"},
    "SRV-OUTGOING": {"address": "198.51.100.9", "reason": "cannot assign requested address"},
    "SRV-PORT": {"reason": "Address already in use"},
    "SRV-START": {"version": "0.1.0, build 20261126", "address": "198.51.100.7:2878"},
}  # fmt: skip
"""Values of a kind that differ from those."""

_PAGE = """# Events

`make docs` makes this page from `src/seon/events_page.py`, and the catalogue is
`src/seon/events.py`. A code never changes its meaning.

Each entry shows the code, the severity, the text, an example line of the log, and the same line as
the layout `json` writes it, by the names of the Elastic Common Schema. In the log that is one line;
here it is broken. [intrusion-detection.md](intrusion-detection.md) says what to do with it.

A word in braces is a field of the event. The notation around it is explained here.

* `{count:# event|# events}` shows one of several texts. The first is for 1 and for true, the second
  for all else. A third one is for 0. The sign `#` stands for the value.
* `{side:name}` shows a word in capitals as a name, as in Initiator.
* `[; restart at {restart}]` is left out when none of its fields says anything. A field says nothing
  if it is missing, empty, "-", 0 or false.

A field outside of square brackets that is missing, empty or "-" reads "(none)".

A critical event starts the event script. An ignore rule hides an event of the groups refused, audit
and license only if it names the code.
"""


def as_markdown() -> str:
    """Return the catalogue by groups: docs/events.md is this, and a test compares them."""
    kinds = CATALOGUE.values()
    groups = dict.fromkeys(kind.group for kind in kinds)
    return _PAGE + "".join(
        f"\n## {group.capitalize()}\n" + "".join(_entry(kind) for kind in kinds if kind.group == group)
        for group in groups
    )


def example(kind: Kind) -> Event:
    """Return an example of a kind."""
    inside = kind.group in ("client", "file", "audit", "seonapi") or kind.code in ("SES-AGREED", "SES-NOCONTENT")
    given = SPECIAL.get(kind.code, {})
    return Event(
        id=f"7c9e6679f3ba4c1e8d2b5a60c1d4e8f0-{'inside' if inside else 'dmz'}-7",
        code=kind.code,
        time=TIME,
        hop="inside" if inside else "dmz",
        session=SESSION if kind.code.startswith(("SES-", "FIL-", "ADM-DIAL")) else "",
        fields={name: given.get(name, VALUES[name]) for name in kind.fields},
    )


def example_line(kind: Kind) -> str:
    """Return the line of the log that an example is, by the layout `seon_layout` on a host whose time is UTC."""
    event = example(kind)
    session = f" [{event.session}]" if event.session else ""
    return f"{_STAMP} {_level(kind):<7} {_pid(event)} {event.code}{session} {describe(event)}"


def example_document(kind: Kind) -> ecs.Document:
    """Return the same as a document."""
    event = example(kind)
    program = f"seon_proxy{'client' if event.hop == 'inside' else 'server'}2"
    category = category_of(kind.code)
    return ecs.document(
        event, time=TIME, level=_level(kind), category=category, pid=_pid(event), program=program, text=describe(event)
    )


def _pid(event: Event) -> int:
    return _SESSION if event.session else _MAIN


def _level(kind: Kind) -> str:
    return _LEVELS.get(kind.severity, kind.severity.name)


def _entry(kind: Kind) -> str:
    text = f"{kind.severity.name.capitalize()}: {kind.text}"
    wrapped = textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    broken = ",\n".join(_members(example_document(kind)))
    return (
        f"\n### {kind.code}\n\n" + "\n".join(wrapped) + f"\n\n```text\n{example_line(kind)}\n```\n\n"
        f"```json\n{{\n{broken}\n}}\n```\n"
    )


def _members(made: ecs.Document) -> Iterator[str]:
    """Yield the members of a document, each in a line of its own."""
    for name, value in made.items():
        yield f"  {json.dumps(name)}: {json.dumps(value)}"
