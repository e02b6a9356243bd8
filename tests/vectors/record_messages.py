"""Record one of every message of this build's protocol number, with made-up values: writes messages-N.jsonl.

    .venv/bin/python tests/vectors/record_messages.py

Run it once for a new number, before its first release. What is recorded of a released number is never written again:
it stands for programs that are out there, and tests/unit/link/test_recorded_messages.py decodes it for ever.
"""

from pathlib import Path

import msgspec

from seon import api_messages as a
from seon import config as c
from seon.events import Event
from seon.link import messages as m

PROXY_ID = "ab" * 32 + "px"
SHA256 = "cd" * 32
PEM = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
SESSION = "0123456789abcdef01234567"
OCTETS = bytes(range(256))
RULES = c.SessionRules(
    "strict", {"FLD-X/case": "warn", "REC-LEN": "decline"}, True, True, False,
    c.FileRules(10**9, ("A*", "B?"), ("O0013A",), ("O0013B",)), c.FileRules(1, ("C",), ("O0013C",), ("O0013D",)),
)  # fmt: skip
PARTNER_RULES = c.PartnerRules(
    "default", {"FLD-XPAD": "ignore"}, False, True, True,
    c.PartnerFileRules(0, ("*",), ("O0013A",), ("O0013B",)), c.PartnerFileRules(7, ("C",), (), None),
)  # fmt: skip
LIMITS = c.Limits(11, 65, 201, 51, 601, 301, 31, 6, 29)
SERVER = c.ServerConfiguration(
    "192.0.2.1", 6620, "192.0.2.2", c.OwnCertificate(SHA256, PEM),
    (
        c.ServerPartner(
            "P1", "Pärtner one", False, ("O0013P1",), (SHA256,), "p1.example", 6621, ("192.0.2.0/24",), (SHA256,),
            ("O0013P1",), (c.CertificateName("CN=Example CA", "CN=P1"),), 7, True,
            c.PartnerAdmission("ignore", "refuse", "warn", "ignore", "hard"), PARTNER_RULES, True,
        ),
    ),
    (c.Anchor(PEM, True),), c.AdmissionRules("refuse", "ignore", 3072, "warn", "ignore", "hard", 7, True),
    (c.RevocationList(SHA256, PEM, "http://crl.example/a.crl"),), ("192.0.2.7/32",), ("192.0.2.8/32",),
    LIMITS, RULES, (SESSION,),
)  # fmt: skip
CLIENT = c.ClientConfiguration(
    c.ReceiveDaemon("station.example", 3306), (c.OutgoingListener(4305, "P1", "::1"),),
    (c.ClientPartner("P1", "Pärtner one", False, ("O0013P1",), 7, PARTNER_RULES, True),), LIMITS, RULES, (SESSION,),
    ("0A1B2C",), {PROXY_ID: LIMITS},
)  # fmt: skip
SETTINGS = msgspec.Raw(msgspec.json.encode(c.ServerSettings("192.0.2.3", 6622, "192.0.2.4", LIMITS)))
RAW = msgspec.Raw(msgspec.json.encode(SERVER))
KEY = a.SealedKey(SHA256, OCTETS)
SOURCE = a.CrlSource("http://crl.example/a.crl", OCTETS)
REFUSED = a.RefusedCertificate(
    OCTETS, "[2001:db8::1]:40000", "UNKNOWN", "no partner has this certificate", 1764177000.5
)
HELLO_KEYS = bytes(1184), bytes(range(32)), bytes(range(64))
FILES = a.LiveFile("INVOICES", 1_048_576, 2_097_152), a.LiveFile("ORDERS", 5, 0)
LIVE = a.LiveState(
    "abcdef0123", 7, "0.1.0, build 20261126", 1764177000.5, 12, True, "station.example:3306", False, 1764177060.5,
    "connection refused", 3,
    (
        a.LiveServer(
            "dmz.example:2878", True, "", 1764177001.5, PROXY_ID, "0.1.0, build 20261126", 12, "192.0.2.1", 6620, False,
            "the address is in use", 7,
        ),
        a.LiveServer("other.example:2878", False, "connection refused"),
    ),
    (a.LiveListener("127.0.0.1", 4305, "P1", True), a.LiveListener("::1", 4306, "P2", False, "the address is in use")),
    (
        a.LiveSession(
            SESSION, "P1", "incoming", "receiving", 1764177002.5, "[2001:db8::1]:40000", SHA256, 1_050_000, 700,
            524_288, FILES[0], None, 3, 1, True,
        ),
        a.LiveSession("session-2", "P2", "outgoing", "sending", 1764177003.5, file_out=FILES[1]),
    ),
)  # fmt: skip
ORDERS = a.Orders((a.Order("order-0001", "kill", SESSION, 5, 58), a.Order("order-0002", "drain")))
DONE = a.OrdersDone((a.OrderDone("order-0001", True, "the session was told to end"),))
EVENTS = (
    Event(id="ab12-dmz-1", code="SRV-START", time=1764177000.25, hop="dmz", fields={"version": "0.1.0"}),
    Event(id="s-1", code="SES-END", time=1764177001, hop="inside", session=SESSION, fields={"files": 3, "a": True}),
    Event(id="s-2", code="ZZZ-OF-A-LATER-YEAR", time=1.5, hop="inside", fields={"x": 1.5, "text": "\u202e\n"}),
)

SAMPLES: dict[str, tuple[msgspec.Struct, ...]] = {
    "FromServer": (
        m.ServerHello(3, 3, 3, 3, "0.1.0, build 20261126", 1764177000.5, PROXY_ID, 12, *HELLO_KEYS),
        m.Heartbeat(),
        m.Bye("the server is ending"),
        m.ConfigurationWanted(12),
        m.BlobsWanted((SHA256,)),
        m.OpenSession(bytes(range(16)), SESSION, "P1", "[2001:db8::1]:40000", SHA256),
        m.SessionEnding(SESSION, "verifier", "rule", "FLD-X/case"),
        m.SessionEnding(SESSION, "idle", "idle", number=300),
        m.Events(1_000, EVENTS),
        m.CrlsFound((SOURCE,)),
        m.CertificateRefused(REFUSED),
        m.ServerState(12, "192.0.2.1", 6620, False, "the address is in use", 7),
    ),
    "FromClient": (
        m.ClientHello(3, 3, "0.1.0, build 20261126", 1764177000.5, "client one"),
        m.Heartbeat(),
        m.Bye("signal SIGTERM"),
        m.Leaving(),
        m.Offered("configuration", 70_000, SHA256),
        m.Part(OCTETS),
        m.SessionRefused(SESSION, "partner P1 is not known inside or disabled"),
        m.SessionEnding(SESSION, "station", "esid", number=6),
        m.EventsTaken(1_049),
        m.LicenseWithdrawn(),
        m.Draining(True),
    ),
    "SessionOpening": (m.Ticket(bytes(range(16))), m.Dial(SESSION, "P1")),
    "SessionAnswer": (m.Joined("p1.example:6620", "TLSv1.3 TLS_AES_256_GCM_SHA384"), m.NotJoined("no ticket")),
    "Delivery": (m.Delivery(12, 3, RAW, KEY, SETTINGS),),
    "Enrol": (a.Enrol(PEM, "0.1.0, build 20261126", 3, 3),),
    "Enrolled": (a.Enrolled(PEM, PEM, (PROXY_ID,), 1764781800, "0.1.0, build 20261126", 3, 3, ("0A1B2C",)),),
    "ProxyConfiguration": (c.ProxyConfiguration(12, RAW, CLIENT, 3, 3, SHA256, (SHA256,), {PROXY_ID: SETTINGS}),),
    "ServerConfiguration": (SERVER,),
    "ServerSettings": (c.ServerSettings("192.0.2.3", 6622, "192.0.2.4", LIMITS),),
    "SealedKeyWanted": (a.SealedKeyWanted(PROXY_ID, *HELLO_KEYS, SHA256),),
    "SealedKey": (KEY,),
    "EventBatch": (a.EventBatch(EVENTS),),
    "EventsStored": (a.EventsStored(3),),
    "CrlSource": (SOURCE,),
    "CrlSources": (a.CrlSources((SOURCE,)),),
    "RefusedCertificate": (REFUSED,),
    "LiveState": (LIVE,),
    "LiveServer": LIVE.servers,
    "LiveListener": LIVE.listeners,
    "LiveSession": LIVE.sessions,
    "LiveFile": FILES,
    "LiveUnchanged": (a.LiveUnchanged("abcdef0123", 8),),
    "Order": ORDERS.orders,
    "Orders": (ORDERS,),
    "OrderDone": DONE.orders,
    "OrdersDone": (DONE,),
    "Problem": (a.Problem("There is no call /api/proxy/v1/x"),),
}

if __name__ == "__main__":
    path = Path(__file__).with_name(f"messages-{m.PROTOCOL}.jsonl")
    lines = [{"of": name, "message": message} for name, messages in SAMPLES.items() for message in messages]
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    print(f"{path}: {len(lines)} messages")
