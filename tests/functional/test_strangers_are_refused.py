"""Who is not a verified partner gets nowhere: refused, with reason and source in log and journal, and nobody inside
hears of it."""

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator

import pytest
from OpenSSL import SSL

from certificates import make
from functional.harness import HANDSHAKE_SECONDS, Site
from functional.peers import BROKEN, Partner, RecordingStation
from functional.processes import eventually
from seon.cli.quickstart.installation import PARTNER
from seon.oftp2.commands import EndSession
from seon.oftp2.reasons import EndReason

STRANGERS = {"unknown": 30, "expired": -1, "disabled": 30, "elsewhere": 30}
"""Certificates by name, with the days they are still valid."""


@pytest.fixture(scope="module")
def guarded(without_station: Site) -> Site:
    """A site that knows a partner with an expired certificate, a disabled one, and one of another network."""
    layout = without_station.layout
    for name, days in STRANGERS.items():
        make(name, days=days).write(layout.certificate(name), layout.key(name))
    without_station.seonapi(
        *(["partner", "add", name, "--certificate", str(layout.certificate(name)), "--force"] for name in STRANGERS
          if name != "unknown"),
        ["partner", "disable", "disabled"],
        ["partner", "network", "add", "elsewhere", "192.0.2.0/24"],
    )  # fmt: skip
    without_station.in_force()
    return without_station


@pytest.fixture
def station(guarded: Site) -> Iterator[RecordingStation]:
    with RecordingStation(guarded.ports.receive) as recording:
        yield recording


def dial(site: Site) -> socket.socket:
    return socket.create_connection(("127.0.0.1", site.ports.external), 10)


def refused_by_alert(site: Site, certificate: str = "") -> int:
    """Show a certificate or none; return our port. The alert must come: nothing is refused in silence."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(site.layout.certificate(certificate), site.layout.key(certificate))
    with dial(site) as sock:
        port: int = sock.getsockname()[1]
        with pytest.raises(ssl.SSLError, match="alert"), context.wrap_socket(sock) as tls:
            assert tls.recv(100) == b"", "nothing of OFTP2 before the partner is known"
    return port


def refused_after_handshake(site: Site, certificate: str) -> int:
    """Show a certificate that the handshake takes; return our port. The connection ends before any OFTP2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(site.layout.certificate(certificate), site.layout.key(certificate))
    with dial(site) as sock:
        port: int = sock.getsockname()[1]
        with context.wrap_socket(sock) as tls:
            assert tls.recv(100) == b"", "nothing of OFTP2 to who comes from elsewhere"
    return port


def garbage(site: Site) -> int:
    with dial(site) as sock:
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        read_to_end(sock)
        return int(sock.getsockname()[1])


def old_tls(site: Site) -> int:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_max_proto_version(SSL.TLS1_1_VERSION)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")
    context.use_certificate_file(str(site.layout.certificate("partner")))
    context.use_privatekey_file(str(site.layout.key("partner")))
    with dial(site) as sock:
        connection = SSL.Connection(context, None)
        connection.set_connect_state()
        with contextlib.suppress(SSL.WantReadError):
            connection.do_handshake()
        sock.sendall(connection.bio_read(65_536))
        answer = read_to_end(sock)
        assert answer[:1] == b"\x15", "an alert, and no server hello"
        return int(sock.getsockname()[1])


def silence(site: Site) -> int:
    began = time.monotonic()
    with dial(site) as sock:
        assert read_to_end(sock) == b""
        assert HANDSHAKE_SECONDS - 0.5 <= time.monotonic() - began < HANDSHAKE_SECONDS + 5
        return int(sock.getsockname()[1])


def read_to_end(sock: socket.socket) -> bytes:
    heard = b""
    with contextlib.suppress(ConnectionError):
        while octets := sock.recv(65_536):
            heard += octets
    return heard


CASES: dict[str, tuple[Callable[[Site], int], str, str]] = {
    "no certificate": (refused_by_alert, "ADM-REFUSED", "did not return a certificate"),
    "unknown": (lambda site: refused_by_alert(site, "unknown"), "ADM-REFUSED", "no partner has this certificate"),
    "expired": (lambda site: refused_by_alert(site, "expired"), "ADM-REFUSED", "certificate has expired"),
    "disabled": (lambda site: refused_by_alert(site, "disabled"), "ADM-REFUSED", "partner disabled is disabled"),
    "elsewhere": (
        lambda site: refused_after_handshake(site, "elsewhere"),
        "ADM-NETWORK",
        r"partner elsewhere may not come from this address, only from 192\.0\.2\.0/24",
    ),
    "no TLS at all": (garbage, "ADM-TLS", "it speaks HTTP"),
    "TLS 1.1": (old_tls, "ADM-TLS", r"it offers TLS 1\.1 at most: TLS 1\.2 or 1\.3 is needed"),
    "says nothing": (silence, "ADM-TLS", r"it sent nothing \(a plain OFTP2 station waits for SSRM\)"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_stranger_is_refused_and_nobody_inside_hears_of_it(
    guarded: Site, station: RecordingStation, case: str
) -> None:
    act, code, reason = CASES[case]
    port = act(guarded)
    pattern = f"from 127.0.0.1:{port} to 127.0.0.1:{guarded.ports.external} .*(?:{reason})"
    eventually(lambda: re.search(f"{code} .*{pattern}", guarded.log("server")), why=f"{code} {pattern} in the log")
    guarded.in_journal(code, pattern)
    assert all(hop == "dmz" for hop, _ in guarded.journal_rows(code))
    if code in ("ADM-REFUSED", "ADM-NETWORK") and case != "no certificate":
        assert re.search(f"{port}.*certificate CN={case}, issuer CN={case}, serial .*SHA-256", guarded.log("server"))
    assert station.heard == [], "the receive daemon saw no connection"
    assert not guarded.sessions("server")
    assert not guarded.sessions("client")


def test_a_partner_with_another_ones_code_is_refused(guarded: Site, station: RecordingStation) -> None:
    with Partner(guarded, code="O0013OTHER") as partner:
        partner.receive()
        partner.send(partner.profile.offer())
        heard = partner.until_end()
    assert [type(command) for command in heard] == [EndSession]
    assert heard[0].reason == EndReason.UNKNOWN_CODE
    eventually(lambda: station.closed and station.closed[0].is_set())
    assert b"O0013OTHER" not in bytes(station.heard[0])
    external = f"127.0.0.1:{guarded.ports.external}"
    ends = rf"incoming, from 127\.0\.0\.1:\d+ to {external}: rule ADM-CODE,"
    eventually(lambda: re.search(f"SES-REFUSED .*{ends}", guarded.log("server")), why="both ends in the log")
    guarded.in_journal("SES-REFUSED", f"{ends}.*partner {PARTNER}")


def test_a_stranger_at_the_internal_port_is_refused_with_both_ends(guarded: Site) -> None:
    with socket.create_connection(("127.0.0.1", guarded.ports.internal), 10) as sock:
        port = sock.getsockname()[1]
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        read_to_end(sock)
    ends = f"from 127.0.0.1:{port} to 127.0.0.1:{guarded.ports.internal} refused"
    eventually(lambda: re.search(f"LNK-REFUSED .*{ends}", guarded.log("server")), why="both ends in the log")
    guarded.in_journal("LNK-REFUSED", ends)


def test_a_partner_that_is_dialled_and_shows_another_certificate_is_refused_with_both_ends(guarded: Site) -> None:
    layout, ours = guarded.layout, guarded.running["server"]
    make("impostor", days=30).write(layout.certificate("impostor"), layout.key("impostor"))
    options = ["--tls", "--cert", str(layout.certificate("impostor")), "--key", str(layout.key("impostor"))]
    assert guarded.stop("partner") is not None
    arguments = ["--listen", f"127.0.0.1:{guarded.ports.partner}", "--code", "O0013IMPOSTOR", "--password", "X"]
    options += ["--inbox", str(layout.root / "impostor"), "--ca", str(layout.certificate("proxy"))]
    impostor = guarded.launch("impostor", ["seon", "station", "serve", *arguments, *options])
    try:
        impostor.wait_for(r"ready \S+")
        with socket.create_connection(("127.0.0.1", guarded.ports.outgoing), 10) as sock:
            read_to_end(sock)
        ends = rf"from 127\.0\.0\.1:\d+ to 127\.0\.0\.1:{guarded.ports.partner} refused, partner {PARTNER}, "
        ours.wait_for(f"ADM-DIAL .*Outgoing connection {ends}.*certificate CN=impostor")
        guarded.in_journal("ADM-DIAL", ends)
    finally:
        guarded.stop("impostor")
        guarded.launch_partner().wait_for(r"ready \S+")


def test_a_known_partner_still_gets_in(guarded: Site, station: RecordingStation) -> None:
    with Partner(guarded) as partner:
        partner.open()
        assert len(station.heard) == 1
        assert partner.profile.code.encode() in bytes(station.heard[0])


def test_a_partner_that_is_disabled_in_the_middle_is_thrown_out(guarded: Site, station: RecordingStation) -> None:
    with Partner(guarded) as partner:
        partner.open()
        guarded.seonapi(["partner", "disable", PARTNER])
        try:
            heard = partner.until_end()
            assert [(type(command), command.reason) for command in heard] == [(EndSession, EndReason.UNSPECIFIED)]
            assert not opens(guarded)
        finally:
            guarded.seonapi(["partner", "enable", PARTNER])
    eventually(lambda: opens(guarded), why="the partner is let in again")


def opens(site: Site) -> bool:
    with contextlib.suppress(*BROKEN), Partner(site) as partner:
        partner.open()
        return True
    return False
