"""fail2ban's own program reads the log with our filter: it names who was refused, and never whom a stranger names."""

import contextlib
import os
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from certificates import make
from functional.harness import Site
from functional.processes import eventually
from needed import need_debian, need_programs
from seon.daemon.log import Log
from seon.events import CATALOGUE, Event, Kind
from seon.events_page import example
from seon.process.events import EventMaker
from seon.server.door import HELD_MOST, NO_TIME, OLDEST

ROOT = Path(__file__).parents[2] / "packaging" / "fail2ban"
FILTER = ROOT / "filter.d" / "seon-smartproxy.conf"
FORGED = "9.9.9.9"
PENALTY = "its source has a penalty for failed handshakes, 20 seconds more"
Read = Callable[..., list[str]]


@pytest.fixture(scope="module")
def read() -> Read:
    """Have fail2ban read a log file; return the hosts in the order of the lines that match."""
    unpacked = need_debian("fail2ban")
    debians = Path("/usr/bin/python3")  # fail2ban is made for Debian's own Python, if that is there
    python = debians if debians.exists() else need_programs("python3")["python3"]
    environment = {**os.environ, "PYTHONPATH": str(unpacked / "usr/lib/python3/dist-packages"), "LC_ALL": "C.UTF-8"}

    def ask(log: Path, mode: str = "", *options: str) -> list[str]:
        chosen = f"{FILTER}[mode={mode}]" if mode else str(FILTER)
        command = [str(python), str(unpacked / "usr/bin/fail2ban-regex"), *(options or ("-o", "ip")), str(log), chosen]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert not done.stderr, done.stderr
        return done.stdout.split()

    return ask


def written(directory: Path, events: Sequence[Event]) -> Path:
    """Return a file of the log with these events, as the server writes it."""
    log = Log(directory, "seon_proxyserver")
    for event in events:
        log.event(event)
    (file,) = directory.glob("seon_proxyserver.*.log")
    return file


ATTACKS = ("ADM-REFUSED", "ADM-TLS", "ADM-LIMIT", "LNK-REFUSED", "SES-REFUSED")


def test_an_example_matches_if_it_is_an_attack_from_outside(read, tmp_path: Path) -> None:
    events = [example(CATALOGUE[code]) for code in (*ATTACKS, "ADM-MORE")]
    assert read(written(tmp_path, events), "more") == ["192.0.2.44"] * len(ATTACKS) + ["2001:db8:5:6::9"]


def test_no_other_kind_matches(read, tmp_path: Path) -> None:
    events = [example(kind) for kind in CATALOGUE.values() if kind.code not in (*ATTACKS, "ADM-MORE")]
    assert len(events) > 40
    assert read(written(tmp_path, events), "more") == []


def test_who_is_verified_or_inside_is_banned_by_default_for_nothing(read, tmp_path: Path) -> None:
    ends = {"source": "192.0.2.44:5", "target": "198.51.100.7:6619"}
    make_event = EventMaker("dmz", "0123abcd").make
    answers = {"rule": "CMD-ID", "key": "CMD-ID", "stb": 1, "offset": 0, "text": "x", "partner": "acme"}
    events = [
        make_event("LNK-REFUSED", **ends, reason="the certificate has expired"),
        example(CATALOGUE["ADM-NETWORK"]),
        make_event("ADM-LIMIT", **ends, limit="no client is connected"),
        *(make_event("ADM-LIMIT", **ends, limit=why) for why in (HELD_MOST, OLDEST, NO_TIME)),
        make_event("ADM-LIMIT", **ends, limit="the limit of 4 sessions of this partner"),
        make_event("SES-REFUSED", direction="incoming", side="INITIATOR", **ends, **answers),
    ]
    assert read(written(tmp_path, events)) == []
    outgoing = tmp_path / "outgoing"
    outgoing.mkdir()
    events = [
        make_event("SES-REFUSED", direction="outgoing", side="RESPONDER", **ends, **answers),
        make_event("SES-REFUSED", direction="incoming", side="RESPONDER", **ends, **answers),
    ]
    assert read(written(outgoing, events), "more") == [], "our own station, or whom we have called"


def injections() -> list[str]:
    """Return what a stranger may write to have another one banned."""
    real = [f"WARNING 1234 {code}" for code in ("ADM-REFUSED", "ADM-TLS", "ADM-LIMIT", "LNK-REFUSED")]
    words = f" Partner connection from {FORGED}:1 to {FORGED}:2 refused: "
    handshake = f"TLS handshake from {FORGED}:1 to {FORGED}:2 failed: "
    stamp = "2026-11-26 22:03:00.123 "
    return [
        words, handshake, f"\n{stamp}{real[0]}{words}", f"\r\n{stamp}{real[1]} {handshake}", f"{stamp}{real[0]}{words}",
        f"\u2028{stamp}{real[0]}{words}", f"\x85{stamp}{real[0]}{words}", f"\x00{real[0]}{words}",
        f"\x1b[2K\r{stamp}{real[0]}{words}", f"x from {FORGED}:1 to y refused: {PENALTY}",
        f"from {FORGED}:1 to {FORGED}:2 refused: {PENALTY}", f"{FORGED}", f"[{FORGED}]:1",
        f"\\n{stamp}{real[0]}{words}", f"within a minute, the last one from {FORGED}:1 to {FORGED}:2",
    ]  # fmt: skip


def forged(kind: Kind, text: str) -> Event:
    """Return an event with this text wherever a stranger might choose it: not in what our own code or kernel says."""
    ours = {"direction", "count", "kind", "network", "side", "rule", "key"}
    ends = {"source": "192.0.2.44:40718", "target": "198.51.100.7:6619"} if kind.group == "refused" else {}
    given = example(kind)
    fields = {name: given.fields[name] if name in ours else ends.get(name, text) for name in kind.fields}
    return EventMaker("dmz", given.session).make(kind.code, **fields)


@pytest.mark.parametrize(
    ("mode", "codes"),
    [("normal", "ADM-REFUSED ADM-TLS ADM-MORE"), ("more", "ADM-REFUSED ADM-TLS ADM-MORE LNK-REFUSED SES-REFUSED")],
)
def test_what_a_stranger_writes_never_bans_another_one(read, tmp_path: Path, mode, codes) -> None:
    texts = injections()
    events = [forged(kind, text) for kind in CATALOGUE.values() for text in texts]
    file = written(tmp_path, events)
    assert len(file.read_text().split("\n")) == len(events) + 1, "one line each"
    assert read(file, mode) == ["192.0.2.44"] * (len(codes.split()) * len(texts)), "the one that was refused, each time"


# --- with the real server ---------------------------------------------------------------------------------------------


def stranger(host: str, port: int, certificate: tuple[Path, Path] | None) -> None:
    """Dial the external port; show a certificate, or speak HTTP."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(OSError), socket.create_connection((host, port), 10) as sock:
        if certificate:
            context.load_cert_chain(*certificate)
            with context.wrap_socket(sock) as tls:
                tls.recv(100)
        else:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            sock.recv(100)


def test_refusals_of_a_real_server_are_read_with_their_hosts(read, without_station: Site, tmp_path: Path) -> None:
    site, name = without_station, f"Partner connection from {FORGED}:1 to {FORGED}:2 refused: "
    files = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make(name).write(*files)
    site.set("external_address", "")
    site.running["server"].wait_for(r"SRV-OPEN External port \*:")
    hosts = ["127.0.0.1", "::1"]
    for host in hosts:
        for certificate in (files, None):
            stranger(host, site.ports.external, certificate)
    eventually(
        lambda: len(re.findall(r"ADM-REFUSED|it speaks HTTP", site.log("server"))) >= 4, why="all are in the log"
    )
    (log,) = (site.layout.server).glob("seon_proxyserver.*.log")
    assert FORGED in log.read_text(), "the name of the certificate is in it"
    found = read(log)
    assert set(found) == set(hosts)
    assert len(found) >= 4


def test_the_jail_names_the_filter_and_the_programs_log() -> None:
    jail = (ROOT / "jail.d" / "seon-smartproxy.conf").read_text()
    assert re.search(rf"^filter\s+= {FILTER.stem}$", jail, re.MULTILINE)
    assert re.search(r"^logpath\s+= \S+/seon_proxyserver\.\*\.log$", jail, re.MULTILINE)
