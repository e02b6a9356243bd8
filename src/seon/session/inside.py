"""The client's session processes: one joins the station inside with a partner that has come in, one lets it out."""

import socket
import time

from seon import addresses
from seon.config import ReceiveDaemon
from seon.link import messages as m
from seon.link.codec import HEADER, Decoder, encode
from seon.link.identity import IdentityError, check_link_server
from seon.net.callers import await_answer, misdirected
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import link_certificate
from seon.net.dial import DialError, dial, secure
from seon.net.legs import PlainLeg, TlsLeg
from seon.net.stream import BlockingTls
from seon.session.assignment import LINK_SECONDS, Assignment, Connections
from seon.session.failing import failed
from seon.session.keys import forget_keys
from seon.session.main_line import MainLine
from seon.session.run import run
from seon.session.steps import Steps

_TROUBLE = (DialError, TlsError, EndOfStream, OSError, IdentityError, m.LinkError)
_answers: dict[int, Decoder[m.SessionAnswer]] = {n: Decoder(union) for n, union in m.SESSION_ANSWER.items()}


def take_in(main: MainLine, assignment: Assignment, connections: Connections) -> None:
    """Reach the receive daemon first: a partner is not let further in when nobody is there to take its files."""
    assert assignment.daemon
    steps = Steps.of(main, assignment)
    steps.done("session process started, to reach the receive daemon")
    try:
        station = _reach_station(assignment.daemon, time.monotonic() + assignment.limits.connect_seconds, steps)
        opening = m.Ticket(assignment.ticket)
        tls, joined = _session_link(assignment, connections, opening, time.monotonic() + LINK_SECONDS, steps)
    except _TROUBLE as error:
        failed(main, assignment, error)
        return
    forget_keys()
    steps.done("all keys forgotten")
    run(main, assignment, TlsLeg(tls.sock, tls.channel), PlainLeg(station), joined.tls, steps=steps)


def let_out(main: MainLine, assignment: Assignment, connections: Connections) -> None:
    """Ask the server for the partner; the send daemon is there."""
    assert connections.station
    steps = Steps.of(main, assignment)
    steps.done("session process started, to ask the server for the partner")
    deadline = time.monotonic() + assignment.limits.dial_seconds + LINK_SECONDS
    try:
        opening = m.Dial(assignment.session, assignment.partner)
        tls, joined = _session_link(assignment, connections, opening, deadline, steps)
    except _TROUBLE as error:
        failed(main, assignment, error)
        return
    forget_keys()
    steps.done("all keys forgotten")
    run(main, assignment, PlainLeg(connections.station), TlsLeg(tls.sock, tls.channel), joined.tls, steps=steps)


def _reach_station(daemon: ReceiveDaemon, deadline: float, steps: Steps) -> socket.socket:
    try:
        return dial(daemon.host, daemon.port, deadline=deadline, tell=steps.done)
    except DialError as error:
        raise DialError(f"receive daemon: {error.target}", error.stage, error.cause) from error


def _session_link(
    assignment: Assignment, connections: Connections, opening: m.SessionOpening, deadline: float, steps: Steps
) -> tuple[BlockingTls, m.Joined]:
    """Dial a session link and open it. Raises DialError, TlsError, IdentityError, LinkError, EndOfStream, OSError.

    No partner is dialled for a caller that cannot be a send daemon (ConnectionError).
    """
    link, caller = assignment.link, connections.station
    assert link
    assert connections.dialling
    server = addresses.shown(link.address, link.port)
    sock = dial(link.address, link.port, deadline=deadline, tell=steps.done)
    tls = secure(sock, connections.dialling, server, deadline=deadline, tell=steps.handshake(server))
    certificate = link_certificate(connections.dialling)
    assert certificate is not None
    check_link_server(certificate, link.proxy_ids)
    steps.done(f"session link: TLS with {server}, its certificate is the server's")
    reason = misdirected(caller) if caller else None
    if not reason:
        tls.sendall(encode(opening))
        steps.done("session link: ticket sent" if isinstance(opening, m.Ticket) else "session link: partner asked for")
        reason = await_answer(tls, caller, deadline) if caller else None
    if reason:
        tls.end()
        raise ConnectionError(f"the caller is no send daemon: {reason}")
    decoder = _answers[link.protocol]
    length = decoder.length(tls.read_exactly(HEADER, deadline))
    answer = decoder.decode(tls.read_exactly(length, deadline))
    if isinstance(answer, m.NotJoined):
        raise ConnectionError(f"the server did not join: {answer.reason}")
    steps.done(f"session link: joined with the partner, {answer.tls}")
    return tls, answer
