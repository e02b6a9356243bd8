"""The client's session processes: the station first, then the link.

In Pythons of their own, since a session process forgets all keys.
"""

import socket
from pathlib import Path

import pytest

from certificates import make_link_pki
from seon.config import Limits, ReceiveDaemon
from seon.endings import SessionEnd
from seon.link import messages as m
from seon.link.codec import HEADER, Decoder, encode
from seon.net.context import SESSION, accepting, connecting, link_dialler, link_listener
from seon.net.stream import BlockingTls
from seon.process.levels import Level
from seon.session.assignment import Connections, LinkAddress
from unit.session.scenes import assignment
from unit.session.ways import initiator, live, over_tcp, over_tls, responder, soon

LIMITS = Limits(connect_seconds=5, dial_seconds=5)
TICKET = b"0123456789abcdef"
DEEP = b'{"type":' + b"[" * 100_000


class Server:
    """The server's internal port: takes one session link, notes what it is opened with, and answers."""

    def __init__(self, answers: m.SessionAnswer | bytes, part=None) -> None:
        self.pki = make_link_pki()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.opening: m.SessionOpening | None = None
        self._answers, self._part = answers, part
        self.link = LinkAddress("127.0.0.1", self.listener.getsockname()[1], (self.pki.proxy_id,), m.PROTOCOL)

    @property
    def dialling(self):
        pki = self.pki
        return connecting(link_dialler(pki.client_chain, pki.client_pem, pki.ca_pem).context, SESSION)

    def live(self) -> None:
        pki, decoder = self.pki, Decoder(m.SessionOpening)
        with self.listener:
            self.listener.settimeout(5)
            sock = self.listener.accept()[0]
        tls = BlockingTls(sock, accepting(link_listener(pki.server_chain, pki.identity_pem, pki.ca_pem).context))
        with sock:
            tls.handshake(soon())
            try:
                length = decoder.length(tls.read_exactly(HEADER, soon()))
            except Exception:
                return
            self.opening = decoder.decode(tls.read_exactly(length, soon()))
            tls.sendall(self._answers if isinstance(self._answers, bytes) else encode(self._answers))
            if self._part:
                over_tls(self._part, tls)


def incoming(server: Server, daemon: ReceiveDaemon, **fields):
    known = {"limits": LIMITS, "daemon": daemon, "ticket": TICKET, "link": server.link}
    return assignment(**{**known, **fields})


def station() -> tuple[socket.socket, ReceiveDaemon]:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)
    return listener, ReceiveDaemon("127.0.0.1", listener.getsockname()[1])


JOINED = m.Joined("peer", "TLSv1.3 X")


def test_a_partner_that_came_in_is_joined_with_the_receive_daemon(alone) -> None:
    alone(taken_in)


def taken_in() -> None:
    server, (listener, daemon) = Server(JOINED, initiator), station()

    def receive() -> None:
        with listener:
            over_tcp(responder, listener.accept()[0])

    main, _ = live(incoming(server, daemon), Connections(dialling=server.dialling), server.live, receive)
    assert server.opening == m.Ticket(TICKET)
    assert main.fields("SES-START")["tls"] == "TLSv1.3 X", "the partner's, as the server has seen it"
    assert main.fields("SES-AGREED")["initiator"] == "ONE"
    assert "SES-END" in main.codes


def test_a_connection_of_the_send_daemon_gets_the_partner_that_it_is_for(alone) -> None:
    alone(let_out)


def let_out() -> None:
    server = Server(JOINED, responder)
    theirs, ours = socket.socketpair()
    given = assignment(direction="outgoing", limits=LIMITS, link=server.link)
    connections = Connections(station=ours, dialling=server.dialling)
    main, _ = live(given, connections, server.live, lambda: over_tcp(initiator, theirs))
    assert server.opening == m.Dial(given.session, "P1"), "never an address"
    assert main.ends == [SessionEnd("station", "esid", "inside")]
    assert "SES-END" in main.codes


def test_without_a_receive_daemon_the_partner_is_not_let_further_in(alone) -> None:
    """No session link is dialled, and the ticket stays unused."""
    alone(no_station)


def no_station() -> None:
    server = Server(JOINED)
    main, _ = live(incoming(server, ReceiveDaemon("127.0.0.1", 1)), Connections(dialling=server.dialling))
    assert main.codes == ["SES-FAILED"]
    failed = main.fields("SES-FAILED")
    assert (failed["partner"], failed["direction"]) == ("P1", "incoming")
    assert failed["reason"].startswith("receive daemon: 127.0.0.1:1: connect: ")
    server.listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.listener.accept()
    server.listener.close()


def test_a_server_that_does_not_join_is_quoted(alone) -> None:
    alone(not_joined)


def not_joined() -> None:
    server, (listener, daemon) = Server(m.NotJoined("the ticket is not good")), station()
    with listener:
        main, _ = live(incoming(server, daemon), Connections(dialling=server.dialling), server.live)
    assert main.codes == ["SES-FAILED"]
    assert main.fields("SES-FAILED")["reason"] == "the server did not join: the ticket is not good"


def test_a_server_with_another_proxy_id_gets_no_ticket(alone) -> None:
    alone(another_server)


def another_server() -> None:
    server, (listener, daemon) = Server(JOINED), station()
    link = LinkAddress(server.link.address, server.link.port, (make_link_pki().proxy_id,), m.PROTOCOL)
    with listener:
        main, _ = live(incoming(server, daemon, link=link), Connections(dialling=server.dialling), server.live)
    assert server.opening is None
    assert main.codes == ["SES-FAILED"]
    assert "not one this client may serve" in main.fields("SES-FAILED")["reason"]


@pytest.mark.parametrize(
    "octets",
    [b"\0\0\0\2{}", b"\xff" * 4, len(DEEP).to_bytes(4, "big") + DEEP, b""],
    ids=["empty", "long", "deep", "cut off"],
)
def test_a_server_that_answers_nonsense_is_a_failure_with_words(alone, tmp_path, octets) -> None:
    """What comes from the DMZ is hostile input: too long, too deep, cut off."""
    file = tmp_path / "octets"
    file.write_bytes(octets)
    alone(nonsense, file)


def nonsense(file: str) -> None:
    server, (listener, daemon) = Server(Path(file).read_bytes()), station()
    with listener:
        main, _ = live(incoming(server, daemon), Connections(dialling=server.dialling), server.live)
    assert main.codes == ["SES-FAILED"]
    assert main.fields("SES-FAILED")["reason"]


def test_at_debug_each_step_to_the_station_and_the_link_is_said_in_order(alone) -> None:
    alone(step_by_step)


def step_by_step() -> None:
    server, (listener, daemon) = Server(JOINED, initiator), station()

    def receive() -> None:
        with listener:
            over_tcp(responder, listener.accept()[0])

    secret = b"TICKET OF THE 16"
    given, connections = incoming(server, daemon, ticket=secret), Connections(dialling=server.dialling)
    main, _ = live(given, connections, server.live, receive, verbosity=Level.TRACE)
    there, dialled = f"127.0.0.1:{daemon.port}", f"127.0.0.1:{server.link.port}"
    beginnings = [
        "session process started, to reach the receive daemon",
        "127.0.0.1 resolved: 127.0.0.1",
        f"connected to {there} from 127.0.0.1:",
        "127.0.0.1 resolved: 127.0.0.1",
        f"connected to {dialled} from 127.0.0.1:",
        f"session link: TLS with {dialled}, its certificate is the server's",
        "session link: ticket sent",
        "session link: joined with the partner, TLSv1.3 X",
        "all keys forgotten",
        "running: octets pass from here on",
        "ended, ",
    ]
    steps = main.lines("session")
    assert [step[: len(beginning)] for step, beginning in zip(steps, beginnings, strict=True)] == beginnings
    assert f"{dialled}: write client hello" in main.lines("session.tls")
    assert main.lines("session.oftp2")[0] == "station -> partner: SSRM ready"
    assert server.opening == m.Ticket(secret)
    assert not [form for form in (secret.decode(), secret.hex(), str(secret)) if form in str(main.heard)]
