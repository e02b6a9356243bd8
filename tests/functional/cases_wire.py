"""What a peer may do at the external port that no certificate tells: the second table of cases."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from OpenSSL import SSL
from OpenSSL._util import lib

from functional import cases_peer as peer
from functional.cases_peer import Heard
from functional.cases_pki import issue
from functional.cases_world import Shown, World
from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame

GOOD = "pinned"
"""The case whose certificate is shown here: there is nothing wrong with it."""
SILENCE_SECONDS = 15
Act = Callable[[int, World], Heard]


@dataclass(frozen=True)
class Wire:
    """One row: what is done, and what the event says."""

    act: Act
    kind: str
    reason: str
    """A pattern."""


def version(least: int, most: int) -> Act:
    """Offer old versions only."""
    return lambda port, world: peer.show(port, peer.context_of(world.shown(GOOD), least=least, most=most))


def suites(names: bytes) -> Act:
    """Offer some cipher suites of TLS 1.2 only."""

    def act(port: int, world: World) -> Heard:
        context = peer.context_of(world.shown(GOOD), most=SSL.TLS1_2_VERSION)
        context.set_cipher_list(names)
        return peer.show(port, context)

    return act


def nothing_shown(most: int) -> Act:
    """Show no certificate."""
    return lambda port, _: peer.show(port, peer.context_of(None, most=most))


def octets(said: bytes) -> Act:
    """Say something else than TLS."""
    return lambda port, _: peer.say(port, said)


def certificate_of(der: bytes) -> Act:
    """Show octets that are no certificate."""
    return lambda port, _: peer.show_octets(port, der)


def large(port: int, _: World) -> Heard:
    """Show a certificate of more octets than are taken before a handshake is done."""
    return peer.show(port, peer.context_of(Shown(issue("Large", fill=65 * 1024))))


WIRES: Mapping[str, Wire] = {
    "TLS 1.0": Wire(version(SSL.TLS1_VERSION, SSL.TLS1_VERSION), "ADM-TLS", r"TLS 1\.0|unsupported protocol"),
    "TLS 1.1": Wire(version(SSL.TLS1_1_VERSION, SSL.TLS1_1_VERSION), "ADM-TLS", r"TLS 1\.1|unsupported protocol"),
    "no forward secrecy": Wire(suites(b"AES256-GCM-SHA384:@SECLEVEL=0"), "ADM-TLS", "cipher"),
    "CBC only": Wire(suites(b"ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:@SECLEVEL=0"), "ADM-TLS", "cipher"),
    "no certificate, TLS 1.2": Wire(nothing_shown(SSL.TLS1_2_VERSION), "ADM-REFUSED", "did not return a certificate"),
    "no certificate, TLS 1.3": Wire(nothing_shown(SSL.TLS1_3_VERSION), "ADM-REFUSED", "did not return a certificate"),
    "no ASN.1": Wire(certificate_of(b"no certificate"), "ADM-REFUSED", "certificate cannot be read"),
    "ASN.1 cut off": Wire(
        certificate_of(bytes.fromhex("3082040030820300a003020102")), "ADM-REFUSED", "certificate cannot be read"
    ),
    "ASN.1 without end": Wire(
        certificate_of(bytes.fromhex("3080") * 2_000), "ADM-REFUSED", "certificate cannot be read"
    ),
    "a certificate of 65 KiB": Wire(large, "ADM-TLS", "48 KiB"),
    "plain OFTP2": Wire(octets(frame(encode(c.StartSessionReady(), 5))), "ADM-TLS", "OFTP2"),
    "HTTP": Wire(octets(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "ADM-TLS", "HTTP"),
    "noise": Wire(octets(bytes(range(1, 256)) * 8), "ADM-TLS", "."),
}


# --- more than one step -----------------------------------------------------------------------------------------------


SILENT = Wire(lambda *_: Heard("", b"", ""), "ADM-TLS", "it sent nothing")
"""What `silence` comes to."""


@contextlib.contextmanager
def silence(port: int) -> Iterator[Callable[[], Heard]]:
    """Connect and say nothing; yield what waits for the end."""
    with peer.dial(port) as sock:
        sock.settimeout(SILENCE_SECONDS)
        yield lambda: Heard("{}:{}".format(*sock.getsockname()), sock.recv(100), "closed")


def twice(port: int, world: World, most: int) -> list[Heard]:
    """Come in, and come in again with the session of the first time."""
    context, heard, session = peer.context_of(world.shown(GOOD), most=most), [], None
    for _ in range(2):
        with peer.dial(port) as sock:
            tls = peer.connecting(context)
            if session:
                tls.set_session(session)
            first = peer.talk(sock, tls)
            session = tls.get_session()
            heard.append(Heard(first.source, first.octets, first.end, first.tls, lib.SSL_session_reused(tls._ssl) == 1))
    return heard


def renegotiate(port: int, world: World) -> tuple[Heard, str]:
    """Come in by TLS 1.2, and ask for another handshake; return how that ends."""
    with peer.dial(port) as sock:
        tls = peer.connecting(peer.context_of(world.shown(GOOD), most=SSL.TLS1_2_VERSION))
        heard = peer.talk(sock, tls)
        assert tls.renegotiate()
        return heard, peer.talk(sock, tls).end


def both_at_once(port: int, context: SSL.Context) -> list[Heard]:
    """Come in twice, the second time while the first session runs."""
    with peer.dial(port) as one, peer.dial(port) as other:
        return [peer.talk(sock, peer.connecting(context)) for sock in (one, other)]
