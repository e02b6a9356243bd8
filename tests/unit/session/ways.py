"""What the tests of the ways into a session share: a session process in this thread, and TLS peers in others."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from OpenSSL import SSL

from certificates import LinkPki
from seon.link.codec import HEADER, Decoder
from seon.link.messages import SessionAnswer
from seon.net.channel import Channel
from seon.net.context import accepting, connecting, link_dialler, link_listener
from seon.net.stream import BlockingTls
from seon.oftp2.reasons import EndReason
from seon.process import line
from seon.process.levels import Level
from seon.session.assignment import Assignment, Connections
from seon.session.start import begin
from unit.conftest import shake_hands
from unit.session.scenes import SSRM, Main, esid, ssid

Peer = Callable[[], Any]


def soon() -> float:
    return time.monotonic() + 10


def live(
    given: Assignment, connections: Connections, *peers: Peer, verbosity: Level = Level.INFO
) -> tuple[Main, list[Any]]:
    """Be a session process to its end, while these peers live; return what its main heard, and what they returned."""
    ours, theirs = line.pair()
    main = Main(ours)
    with ThreadPoolExecutor() as threads:
        futures = [threads.submit(peer) for peer in peers]
        assert begin(given, connections, theirs, verbosity) == 0
        results = [future.result(10) for future in futures]
    theirs.close()
    return main, results


def tls_pair(server: SSL.Connection, client: SSL.Connection) -> tuple[BlockingTls, BlockingTls]:
    """Return two ends of an established connection: the TLS server's, then the client's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = socket.create_connection(listener.getsockname(), 5)
        two = listener.accept()[0]
    for sock in (one, two):
        sock.settimeout(10)
    shake_hands(server, client)
    return BlockingTls(two, server), BlockingTls(one, client)


def session_link(pki: LinkPki) -> tuple[tuple[socket.socket, Channel], BlockingTls]:
    """Return an established session link: what the server's process gets, and the client's end."""
    listener = link_listener(pki.server_chain, pki.identity_pem, pki.ca_pem)
    dialler = link_dialler(pki.client_chain, pki.client_pem, pki.ca_pem)
    ours, theirs = tls_pair(accepting(listener.context), connecting(dialler.context, b"seon-session/1"))
    return (ours.sock, ours.channel), theirs


def answer(tls: BlockingTls) -> SessionAnswer:
    """Return the server's answer on a session link."""
    decoder: Decoder[SessionAnswer] = Decoder(SessionAnswer)
    return decoder.decode(tls.read_exactly(decoder.length(tls.read_exactly(HEADER, soon())), soon()))


def initiator(send: Callable[[bytes], None], read: Callable[[int], bytes]) -> None:
    """Play a short session as the one that dials."""
    assert read(len(SSRM)) == SSRM
    send(ssid("ONE"))
    assert read(len(ssid("TWO"))) == ssid("TWO")
    send(esid(EndReason.NORMAL))


def responder(send: Callable[[bytes], None], read: Callable[[int], bytes]) -> None:
    """Play a short session as the one that is dialled."""
    send(SSRM)
    assert read(len(ssid("ONE"))) == ssid("ONE")
    send(ssid("TWO"))
    assert read(len(esid(EndReason.NORMAL))) == esid(EndReason.NORMAL)


def over_tls(part: Callable[..., None], tls: BlockingTls) -> None:
    part(tls.sendall, lambda size: tls.read_exactly(size, soon()))
    tls.end()
    tls.sock.close()


def over_tcp(part: Callable[..., None], sock: socket.socket) -> None:
    sock.settimeout(10)
    part(sock.sendall, lambda size: sock.recv(size, socket.MSG_WAITALL))
    sock.close()
