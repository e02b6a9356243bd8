"""The quick start's installation: its directory, ports, certificates and settings. Made once, used again."""

import datetime as dt
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from seon import pki
from seon.backend.home import replace_private
from seon.cli.quickstart.processes import free_port, program, run
from seon.cli.quickstart.seonapi import Seonapi, fingerprint_of

OUR_CODE, PARTNER_CODE, PASSWORD = "O0013000001SEONDEMO", "O0013000002PARTNER", "DEMO"
PARTNER, CLIENT = "demo-partner", "quickstart"
ADMINISTRATOR = "admin"
FIRST_PORTS = {"seonapi": 8443, "internal": 2878, "external": 6619, "partner": 6620, "receive": 3305, "outgoing": 3306}
CERTIFICATE_DAYS = 730
DRAIN_SECONDS = 3
"""What running sessions are given when the programs end: no more than a person waits after Ctrl-C."""
_MADE_AT_FIRST = ("seonapi", "server", "client", "pki")
"""Directories that only a whole installation can be used from."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stations:
    """Who talks: "ours" is the company's station behind the proxy, "partner" the demo partner that calls it."""

    our_code: str = OUR_CODE
    our_password: str | None = field(default=None, repr=False)
    """The password in the SSID of our station; None: DEMO, and a receive daemon of the user's own may show any."""
    partner_code: str = PARTNER_CODE
    partner_password: str = field(default=PASSWORD, repr=False)
    receive_daemon: str | None = None
    """HOST:PORT of the user's own receive daemon; None: the built-in one."""

    @property
    def our_password_counts(self) -> bool:
        """Whether the demo partner checks the receive daemon's password."""
        return self.our_password is not None or not self.receive_daemon


class Ports(msgspec.Struct):
    """TCP ports on 127.0.0.1."""

    seonapi: int
    internal: int
    external: int
    partner: int
    receive: int
    outgoing: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where what is."""

    root: Path

    def __getattr__(self, name: str) -> Path:
        """`layout.server` is the directory of that name."""
        return self.root / name.replace("_", "-")

    @property
    def token_file(self) -> Path:
        """The client's security token, mode 0600."""
        return self.root / "client" / "token"

    @property
    def our_password(self) -> Path:
        """A file with the password that the company's stations show in their SSID, mode 0600."""
        return self.root / "our-password"

    @property
    def partner_password(self) -> Path:
        """The same for the demo partner."""
        return self.root / "partner-password"

    @property
    def license_file(self) -> Path:
        """The server's license."""
        return self.root / "server" / "seon_proxy.lic"

    def certificate(self, name: str) -> Path:
        """A demo certificate; its key beside it."""
        return self.root / "pki" / f"{name}.pem"

    def key(self, name: str) -> Path:
        """The key of a demo certificate, mode 0600."""
        return self.root / "pki" / f"{name}.key"


def prepare(root: Path, stations: Stations, say: Say) -> tuple[Layout, Ports, str]:
    """Make the installation, or take the one that is there; return it with its ports and the panel's password."""
    layout, installed = Layout(root), root / "installed"
    if not installed.exists():
        _clear_interrupted(root, say)
    for name in (*_MADE_AT_FIRST, "output", "files",
                 "receive-daemon/inbox", "receive-daemon/outbox", "partner/inbox", "partner/outbox"):  # fmt: skip
        (root / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    password = _password(root / "panel-password")
    _keep_secret(layout.our_password, PASSWORD if stations.our_password is None else stations.our_password)
    _keep_secret(layout.partner_password, stations.partner_password)
    ports = _ports(root / "ports.json", "receive" if stations.receive_daemon else "", say)
    seonapi = Seonapi(layout.seonapi, root / "settings.json", say)
    if not installed.exists():
        _install(layout, say)
        _configure(seonapi, layout, ports, stations, say)
        installed.write_text("seon quickstart\n")
        (root / "installing").unlink()
    else:
        _configure(seonapi, layout, ports, stations, say)
    return layout, ports, password


def _clear_interrupted(root: Path, say: Say) -> None:
    """Remove what an interrupted first start has made; what is half made cannot be told from what is whole.

    The file `installing` names the directories that were not there before it: nothing else is removed, whatever else
    it names.
    """
    root.mkdir(parents=True, exist_ok=True)
    marker = root / "installing"
    if marker.exists():
        say("an earlier start was interrupted: making the installation again")
        for name in set(marker.read_text(errors="replace").split()).intersection(_MADE_AT_FIRST):
            shutil.rmtree(root / name, ignore_errors=True)
    marker.write_text(" ".join(name for name in _MADE_AT_FIRST if not (root / name).exists()))
    (root / "settings.json").unlink(missing_ok=True)


def _ports(path: Path, unused: str, say: Say) -> Ports:
    """Return the ports of last time, each replaced if it is taken now; `unused`: the one that nobody will open."""
    known = msgspec.json.decode(path.read_bytes(), type=dict[str, int]) if path.exists() else {}
    before, taken = FIRST_PORTS | known, set[int]()
    now = {name: port if name == unused else free_port(port, taken) for name, port in before.items()}
    for name, port in now.items():
        if port != before[name]:
            say(f"port {before[name]} is taken: {name} uses {port}")
    replace_private(path, msgspec.json.encode(now))
    return msgspec.convert(now, Ports)


def _install(layout: Layout, say: Say) -> None:
    say("seonapi init: database, master key, link CA, API CA, administrator")
    home = layout.seonapi
    api = program("seonapi")
    password = str(layout.root / "panel-password")
    # It is for this host alone, and lives on after the host has another name or address.
    run([api, "init", "--host", "localhost", "--user", ADMINISTRATOR, "--password-file", password], home)
    say("seon_proxyserver2 -L: identity key and Proxy ID")
    proxy_id = run([program("seon_proxyserver2"), "-L"], layout.server).split()[-1]
    say(f"seonapi license issue {proxy_id[:12]}...")
    run([api, "license", "issue", proxy_id, "--out", str(layout.license_file)], home)
    layout.license_file.chmod(0o600)
    say("seonapi token add")
    replace_private(layout.token_file, run([api, "token", "add", CLIENT], home).split()[-1].encode())


def _configure(seonapi: Seonapi, layout: Layout, ports: Ports, stations: Stations, say: Say) -> None:
    """Tell Seonapi the ports and stations of this start; nothing is said again that it knows already."""
    ours, partner = layout.certificate("proxy"), layout.certificate("partner")
    if seonapi.known("partner") and not seonapi.known("pinned"):  # an installation from before codes could be chosen
        seonapi.note(our_code=OUR_CODE, partner_code=PARTNER_CODE, partner_id=PARTNER, pinned=fingerprint_of(partner))
    if seonapi.known("our_code") != stations.our_code:
        say(f"making the certificate for the external port: {stations.our_code}")
        seonapi.note(our_code="")  # if it is killed here, the next start makes it again
        make_certificate(layout, "proxy", stations.our_code, "Seon SmartProxy demo")
        seonapi.own_certificate(ours, layout.key("proxy"))
        seonapi.note(our_code=stations.our_code)
    if seonapi.known("partner_code") != stations.partner_code:
        say(f"making the demo partner's certificate: {stations.partner_code}")
        seonapi.note(partner_code="")
        make_certificate(layout, "partner", stations.partner_code, "Demo partner")
        seonapi.note(partner_code=stations.partner_code)
    seonapi.set("external_address", "127.0.0.1")
    seonapi.set("external_port", str(ports.external))
    seonapi.set("receive_daemon", stations.receive_daemon or f"127.0.0.1:{ports.receive}")
    seonapi.set("drain_seconds", str(DRAIN_SECONDS))
    identifier = seonapi.partner(PARTNER, stations.partner_code, partner, str(ports.partner))
    seonapi.listener(CLIENT, str(ports.outgoing), identifier)


def _keep_secret(path: Path, secret: str) -> None:
    if not path.exists() or path.read_text() != secret:
        replace_private(path, secret.encode())


def _password(path: Path) -> str:
    if not path.exists():
        replace_private(path, secrets.token_urlsafe(12).encode())
    return path.read_text().strip()


def make_certificate(layout: Layout, name: str, code: str, common_name: str) -> None:
    """Make a self-signed certificate in the manner of Odette's: the code as serialNumber and as SAN URI."""
    key = pki.new_ecdsa_key()
    leaf = pki.Leaf(
        common_name=common_name,
        serial_number=code,
        until=dt.datetime.now(dt.UTC) + dt.timedelta(days=CERTIFICATE_DAYS),
        purposes=[pki.Purpose.CLIENT, pki.Purpose.SERVER],
        names=pki.AlternativeNames(uris=[f"oftp://{code}"], hosts=["localhost"]),
    )
    layout.certificate(name).write_text(pki.pem_of(pki.self_signed(key, leaf)))
    replace_private(layout.key(name), pki.pem_of_key(key))
