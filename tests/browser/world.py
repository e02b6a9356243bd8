"""An installation that has been in use for a while, filled in by the acts and the ways that real programs use.

    python world.py plain|hostile

in the environment of an installation. `plain`: as an administrator would see it, for the pictures. `hostile`: every
text that a stranger or a partner chooses tries to be more than a text.
"""

import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from seon.backend.loading import load_django

load_django()

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.utils import timezone

from certificates import Made, make
from seon.api_messages import (
    CrlSource,
    LiveFile,
    LiveListener,
    LiveServer,
    LiveSession,
    LiveState,
    RefusedCertificate,
)
from seon.backend.acting.actors import owner
from seon.backend.anchors.actions import add_anchor
from seon.backend.configuration.actions import change_settings
from seon.backend.configuration.versioned import read_version
from seon.backend.journal import actions as journal
from seon.backend.journal.recording import record, store
from seon.backend.live.models import LastState
from seon.backend.partners import actions as partners
from seon.backend.proxies import actions as proxies
from seon.backend.refused.recording import remember as remember_refused
from seon.backend.revocation.places import remember as remember_crl
from seon.backend.trust import license_actions, own_actions, token_actions
from seon.backend.trust.models import Token
from seon.backend.users.actions import add_user
from seon.events import Event, Value
from seon.link.identity import proxy_id_of
from seon.pki import new_ed25519_key

PASSWORD = "a long enough password"
BY = owner()
NOW = time.time()
HOUR, DAY = 3_600, 86_400

EVIL = (
    "<script>window.evil=1</script><img src=x onerror=window.evil=1>\"'>"
    '<b x-init="window.evil=1" hx-get="/evil">{{ 7*7 }}'
)
SHORT_EVIL = "<img src=x id=evil>"
"""Where 26 characters are the most."""


@dataclass
class World:
    """What differs between the two."""

    hostile: bool
    events: list[Event] = field(default_factory=list)

    def text(self, plain: str, most: int = 10_000) -> str:
        """Return a text that a stranger chose."""
        if not self.hostile:
            return plain
        return EVIL[:most] if most >= len(EVIL) else SHORT_EVIL[:most]

    def said(self, code: str, ago: float, hop: str = "inside", session: str = "", **fields: Value) -> None:
        """Remember an event to be stored."""
        self.events.append(
            Event(id=f"{uuid.uuid4().hex}-{hop}-1", code=code, time=NOW - ago, hop=hop, session=session, fields=fields)  # type: ignore[arg-type]
        )


def name(world: World, common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, world.text(organisation, 64)),
            x509.NameAttribute(NameOID.COMMON_NAME, world.text(common, 64)),
        ]
    )


def san(world: World, host: str) -> tuple[x509.ExtensionType, bool]:
    names: list[x509.GeneralName] = [x509.DNSName(host)]
    if world.hostile:
        names.append(x509.UniformResourceIdentifier("oftp://" + EVIL.replace(" ", "")[:90]))
    return x509.SubjectAlternativeName(names), False


def configure(world: World) -> tuple[str, str, Made]:
    """Make settings, a server with its license, a client with its token, the own certificate; return their names."""
    proxy_id = proxy_id_of(new_ed25519_key().public_key())
    license_actions.issue_license(BY, proxy_id, 365)
    proxies.change_server(BY, proxy_id, name="DMZ Nord")
    proxies.add_client(BY, "inside-1", "127.0.0.1")
    token_actions.new_token(BY, "inside-1", client="inside-1")
    token_actions.new_token(BY, "spare")
    change_settings(BY, {"receive_daemon_host": "10.1.2.3", "receive_daemon_port": 3305, "outgoing_address": ""})
    own = make(
        name(World(False), "oftp.example.com", "Example Motors"),
        days=200,
        extensions=[san(World(False), "oftp.example.com")],
    )
    both = (own.pem + own.key_pem.decode()).encode()
    own_actions.add_certificate(BY, own_actions.Addition(files=(both,), use=True, force=True))
    ca = make(name(world, "Supplier CA 3", "Trust Center"), ca=True, days=900)
    add_anchor(BY, ca.pem.encode())
    journal.add_rule(BY, "scanner of the security team", "10.9.9.9")
    for role in ("operator", "auditor"):
        add_user(BY, role, [role], PASSWORD)
    return proxy_id, "inside-1", ca


PARTNERS = (
    ("BMW-MUC", "Bayern Motoren", "O0013001234BMW", 300),
    ("ZF-FN", "Zahnrad Friedrichshafen", "O0013005678ZF", 20),
    ("BOSCH-S", "Bosch Stuttgart", "O0013009012BOSCH", 5),
    ("MAGNA-G", "Magna Graz", "O0013003456MAGNA", 700),
    ("FAURECIA", "Faurecia Nanterre", "O0013007890FAUR", -3),
)


def add_partners(world: World, ca: Made) -> None:
    for at, (identifier, title, code, days) in enumerate(PARTNERS):
        made = make(
            name(world, f"oftp.{identifier.lower()}.example", title),
            issuer=ca,
            days=days,
            extensions=[san(world, f"oftp.{identifier.lower()}.example")],
        )
        partners.add_partner(
            BY, identifier, world.text(title, 120), [code], [], host=f"oftp{at}.example.com", port=6619
        )
        partners.add_certificates(BY, identifier, [made.pem.encode()], force=True)
        if at < 3:
            proxies.add_listener(BY, "inside-1", 3400 + at, identifier)
    partners.disable_partner(BY, "FAURECIA")


def add_refused(world: World) -> None:
    for at, (common, verdict) in enumerate(
        (("oftp.stranger.example", "UNKNOWN"), ("gw.oldpartner.example", "EXPIRED"))
    ):
        made = make(name(world, common, "Stranger Ltd"), days=-2 if at else 90, extensions=[san(world, common)])
        der = made.certificate.public_bytes(Encoding.DER)
        told = RefusedCertificate(
            der, f"203.0.113.{at + 7}:50112", verdict, world.text("no partner has this certificate", 400), NOW - 600
        )
        remember_refused(told)


@dataclass(frozen=True)
class Call:
    """One past session: when, with whom, and who called."""

    world: World
    at: int
    session: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def partner(self) -> tuple[str, str, str, int]:
        return PARTNERS[self.at % 4]

    @property
    def direction(self) -> str:
        return "incoming" if self.at % 3 else "outgoing"

    def says(self, code: str, after: float, *hops: str, **fields: Value) -> None:
        for hop in hops or ("inside",):
            self.world.said(code, 90 + self.at * 3_100.0 - after, hop, self.session, **fields)


def sessions(world: World) -> Iterator[str]:
    for at in range(40):
        call = Call(world, at)
        begins(call)
        passes_a_file(call)
        ends(call)
        yield call.session


def begins(call: Call) -> None:
    identifier, _, code, _ = call.partner
    common = {
        "partner": identifier,
        "direction": call.direction,
        "source": f"198.51.100.{call.at + 1}:41{call.at:03}",
        "target": "192.0.2.10:6619",
        "tls": "TLSv1.3, TLS_AES_256_GCM_SHA384, X25519MLKEM768",
    }
    call.says("SES-START", 0, "dmz", "inside", **common)
    agreed = {"level": 5, "buffer": 32_768, "credit": 99, "compression": True, "restart": True, "authentication": False}
    call.says("SES-AGREED", 1, initiator=call.world.text(code, 25), responder="O0013000001OWN", **agreed)
    if call.at % 9 == 4:
        broken = {
            "rule": "FLD-DATE",
            "key": "FLD-DATE",
            "side": "INITIATOR",
            "stb": 7,
            "offset": 12,
            "field": "SFIDDATE",
        }
        text, seen = call.world.text("the date is in the future", 200), call.world.text("20991231", 60)
        call.says("SES-FINDING", 3, **broken, text=text, seen=seen, partner=identifier)


def passes_a_file(call: Call) -> None:
    file = {
        "name": call.world.text(f"ENGDAT{call.at:04}", 26),
        "date": "20261127",
        "time": "1015000001",
        "direction": call.direction,
    }
    codes = {"originator": call.world.text(call.partner[2], 25), "destination": "O0013000001OWN"}
    offered = {"format": "U", "size_k": 5_120, "security": "none", "compression": False, "signed_receipt": False}
    call.says("FIL-START", 2, **file, **codes, **offered)
    call.says("FIL-END", 30, **file, result="accepted", octets=5_242_880, seconds=27.5)
    if call.at % 2:
        back = {"originator": codes["destination"], "destination": codes["originator"]}
        back["direction"] = "outgoing" if call.direction == "incoming" else "incoming"
        call.says("FIL-RECEIPT", 40, kind="EERP", **(file | back), result="delivered", signed=False)


def ends(call: Call) -> None:
    reason = call.world.text("ESID 03: user code not known", 300) if call.at % 11 == 7 else "ESID 00: normal end"
    counts = {"seconds": 50.2, "octets_in": 5_300_000, "octets_out": 4_200, "files": 1}
    call.says("SES-END", 50, "dmz", "inside", partner=call.partner[0], ended_by="partner", reason=reason, **counts)


def noise(world: World) -> None:
    for at in range(30):
        world.said(
            "ADM-REFUSED",
            120 + at * 2_000.0,
            "dmz",
            "",
            source=f"203.0.113.{at + 1}:5{at:04}",
            target="192.0.2.10:6619",
            reason=world.text("no partner has this certificate", 300),
            subject=world.text("CN=oftp.stranger.example", 300),
            issuer=world.text("CN=Unknown CA", 300),
            serial="0F2A",
            fingerprint="ab" * 32,
            verdict=("UNKNOWN", "EXPIRED", "CHAIN")[at % 3],
        )
        world.said(
            "ADM-TLS",
            300 + at * 3_000.0,
            "dmz",
            "",
            source=f"203.0.113.{at + 90}:4{at:04}",
            target="192.0.2.10:6619",
            reason=world.text("no shared cipher", 300),
        )
    world.said("SRV-START", 5 * DAY, "dmz", "", version="1.4", proxy_id="ab" * 32 + "px", address="192.0.2.10:2878")
    world.said("CLI-NOSERVER", 2 * DAY, "inside", "", server="192.0.2.10:2878", reason="connection refused", seconds=30)
    world.said("SRV-PORT", 2 * DAY, "dmz", "", address="192.0.2.10:6619", reason="Address already in use")
    record("AUD-LOGIN", source="10.0.0.9", reason=world.text("wrong password", 200), path="/panel/login/")
    record("AUD-DENIED", user=world.text("operator", 100), way="panel", act="license.issue")


def running(world: World) -> list[LiveSession]:
    made = []
    for at, (identifier, _, _, _) in enumerate(PARTNERS[:4]):
        size = 64 * 1024 * 1024 * (at + 1)
        moving = LiveFile(world.text(f"CATIA{at:03}", 26), size * (at + 1) // 6, size)
        made.append(
            LiveSession(
                session=uuid.uuid4().hex,
                partner=identifier,
                direction="incoming" if at % 2 else "outgoing",
                phase=("receiving", "sending", "idle", "negotiating")[at],
                since=NOW - 60 * (at + 1),
                source=f"198.51.100.{at + 1}:41000",
                octets_in=12_000_000 * at,
                octets_out=9_000_000,
                rate=11_500_000 if at < 2 else 0,
                file_in=moving if at == 0 else None,
                file_out=moving if at == 1 else None,
                files=at,
                findings=at % 2,
                traced=at == 1,
            )
        )
    return made


def hosts(world: World, proxy_id: str) -> tuple[LiveServer, LiveServer]:
    """Return a server that is linked, and one that is away."""
    linked = LiveServer(
        place="192.0.2.10:2878",
        linked=True,
        since=NOW - 5 * DAY,
        proxy_id=proxy_id,
        build="1.4",
        version=read_version(),
        external_port=6619,
        external_open=True,
        sessions=4,
    )
    return linked, LiveServer("192.0.2.11:2878", False, world.text("connection refused", 400))


def live(world: World, proxy_id: str) -> list[str]:
    """Say what runs, for so long that it stays fresh while the pages are looked at; return the sessions."""
    ports = tuple(
        LiveListener("127.0.0.1", 3400 + at, PARTNERS[at][0], at != 2, "" if at != 2 else "Address already in use")
        for at in range(3)
    )
    state = LiveState(
        run=uuid.uuid4().hex,
        number=1,
        build="1.4",
        since=NOW - 5 * DAY,
        version=read_version(),
        receive_daemon="10.1.2.3:3305",
        receive_daemon_reached=True,
        receive_daemon_asked=NOW - 20,
        servers=hosts(world, proxy_id),
        listeners=ports,
        sessions=tuple(running(world)),
    )
    until = timezone.now() + timedelta(hours=3)
    told = {"run": state.run, "number": 1, "heard_at": until, "state": msgspec.json.encode(state)}
    LastState.objects.create(token=Token.objects.get(name="inside-1"), address="127.0.0.1", **told)
    return [session.session for session in state.sessions]


def main(hostile: bool) -> None:
    """Fill the installation; print the ids of what was made, a line each."""
    world = World(hostile)
    proxy_id, client, ca = configure(world)
    add_partners(world, ca)
    add_refused(world)
    remember_crl([CrlSource("http://crl.example.com/ca3.crl", ca.certificate.public_bytes(Encoding.DER))], "inside-1")
    past = list(sessions(world))
    noise(world)
    for at in range(0, len(world.events), 100):
        store(world.events[at : at + 100], "inside-1")
    for word, value in (
        ("proxy_id", proxy_id),
        ("client", client),
        ("past", past[0]),
        ("live", live(world, proxy_id)[0]),
    ):
        print(word, value)


if __name__ == "__main__":
    main(sys.argv[1] == "hostile")
