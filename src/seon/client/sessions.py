"""The client's sessions: each in a process of its own, which joins the station inside with a session link.

The client decides the destinations, counts and codes itself, from its own copy of the configuration (mission A9).
"""

import secrets
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from seon import addresses
from seon.config import ClientConfiguration, ClientPartner, Limits, ReceiveDaemon
from seon.daemon.children import Body
from seon.daemon.log import Log
from seon.daemon.memory import scrub_freed
from seon.daemon.session import MainLine, NotUsableError, Task, make_task, run, traced_by
from seon.daemon.session_table import Failed, SessionTable, Surroundings
from seon.link import messages as m
from seon.link.codec import HEADER, Decoder, encode
from seon.link.identity import IdentityError, check_link_server
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import SESSION, KeyedContext, connecting, forget_all_keys, peer_certificate
from seon.net.dial import DialError, dial
from seon.net.legs import PlainLeg, TlsLeg
from seon.net.stream import BlockingTls

NAME = "seon_proxyclient2"
START_SECONDS = 20.0
"""From the fork of an incoming session to its join; the server gives up after 10."""
LINK_SECONDS = 10.0
REMEMBERED = 20_000
"""Ids of past sessions that the server may not use again."""
_answers: Decoder[m.SessionAnswer] = Decoder(m.SessionAnswer)


@dataclass(frozen=True, slots=True)
class Link:
    """Where and how session links are dialled: the server's literal address, and the link context in force."""

    address: str
    port: int
    context: KeyedContext
    proxy_ids: tuple[str, ...]


class Sessions:
    """Brings the client's sessions about."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.table = SessionTable(surroundings)
        self._our = surroundings
        self._seen: dict[str, None] = {}

    def incoming(
        self, opening: m.OpenSession, configuration: ClientConfiguration, link: Link, failed: Failed
    ) -> str | None:
        """Serve a partner that came in at the server; return why not, or None. `failed` is told of later trouble."""
        partner = _partner(configuration, opening.partner)
        if partner is None:
            return f"partner {opening.partner} is not known inside or disabled"
        daemon = configuration.receive_daemon
        if daemon is None:
            return "no receive daemon is set (seonapi set receive_daemon HOST:PORT)"
        if opening.session in self._seen or self.table.has(opening.session):
            return "a session of this id was there before"
        self._remember(opening.session)
        way = opening.source, addresses.shown(daemon.host, daemon.port)
        try:
            task = make_task("inside", "incoming", opening.session, partner, way, configuration, opening.fingerprint)
        except NotUsableError as error:
            return self._not_begun(partner.id, "incoming", str(error))
        body = _Incoming(task, opening.ticket, daemon, configuration.limits, link, self._our.log)
        return self._begin(task, [], body, configuration.limits, START_SECONDS, failed)

    def outgoing(
        self, sock: socket.socket, source: str, partner_id: str, configuration: ClientConfiguration, link: Link
    ) -> None:
        """Serve a connection of the send daemon to the listening port of a partner."""
        partner = _partner(configuration, partner_id)
        if partner is None:
            self._not_begun(partner_id, "outgoing", "the partner is disabled")
            return
        session = m.new_session_id(secrets.token_bytes(12))
        self._remember(session)  # the server learns it, and must not call a session of its own so
        way = source, f"partner {partner.id}"
        try:
            task = make_task("inside", "outgoing", session, partner, way, configuration)
        except NotUsableError as error:
            self._not_begun(partner.id, "outgoing", str(error))
            return
        body = _Outgoing(task, sock, configuration.limits, link, self._our.log)
        limit = configuration.limits.dial_seconds + 2 * LINK_SECONDS
        self._begin(task, [sock], body, configuration.limits, limit, lambda _: None)

    def _begin(
        self,
        task: Task,
        own: Sequence[socket.socket],
        body: Body,
        limits: Limits,
        start_seconds: float,
        failed: Failed,
    ) -> str | None:
        reached = self.table.reserve(task.partner, limits, rated=task.direction == "incoming")
        if reached:
            return self._not_begun(task.partner, task.direction, f"{reached} is reached")
        self.table.start(task, own, body, start_seconds, failed)
        return None

    def _not_begun(self, partner: str, direction: str, reason: str) -> str:
        self._our.report("SES-FAILED", partner=partner, direction=direction, reason=reason)
        return reason

    def _remember(self, session: str) -> None:
        """Remember a session's id: the server chooses it, and one used twice would mix two sessions in the journal."""
        self._seen[session] = None
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]

    def follow(self, configuration: ClientConfiguration) -> None:
        """End the sessions of partners that were disabled or removed; let those write a trace that are to."""
        self.table.end_where(lambda task: _partner(configuration, task.partner) is None)
        self.table.trace_where(traced_by(configuration))


def _partner(configuration: ClientConfiguration, partner_id: str) -> ClientPartner | None:
    return next((p for p in configuration.partners if p.id == partner_id and p.enabled), None)


# --- bodies: these run in the session process -------------------------------------------------------------------------


class _Incoming:
    """Reach the receive daemon first: a partner is not let further in when nobody is there to take its files."""

    def __init__(self, task: Task, ticket: bytes, daemon: ReceiveDaemon, limits: Limits, link: Link, log: Log) -> None:
        self._task, self._ticket, self._daemon = task, ticket, daemon
        self._limits, self._link, self._log = limits, link, log

    def __call__(self, sock: socket.socket) -> int:
        main = MainLine(sock, self._log, self._task)
        try:
            deadline = time.monotonic() + self._limits.connect_seconds
            station = _reach_station(self._daemon, deadline)
            tls, joined = _session_link(self._link, m.Ticket(self._ticket), time.monotonic() + LINK_SECONDS)
        except (DialError, TlsError, EndOfStream, OSError, IdentityError, m.LinkError) as error:
            return _give_up(main, self._task, error)
        _forget_keys()
        run(main, self._task, TlsLeg(tls.sock, tls.channel), PlainLeg(station), joined.tls)
        return 0


class _Outgoing:
    """The send daemon is there: ask the server for the partner."""

    def __init__(self, task: Task, station: socket.socket, limits: Limits, link: Link, log: Log) -> None:
        self._task, self._station = task, station
        self._limits, self._link, self._log = limits, link, log

    def __call__(self, sock: socket.socket) -> int:
        main = MainLine(sock, self._log, self._task)
        deadline = time.monotonic() + self._limits.dial_seconds + LINK_SECONDS
        try:
            opening = m.Dial(self._task.session, self._task.partner)
            tls, joined = _session_link(self._link, opening, deadline)
        except (DialError, TlsError, EndOfStream, OSError, IdentityError, m.LinkError) as error:
            return _give_up(main, self._task, error)
        _forget_keys()
        run(main, self._task, PlainLeg(self._station), TlsLeg(tls.sock, tls.channel), joined.tls)
        return 0


def _reach_station(daemon: ReceiveDaemon, deadline: float) -> socket.socket:
    try:
        return dial(daemon.host, daemon.port, source="", deadline=deadline)
    except DialError as error:
        raise DialError(f"receive daemon: {error}") from error


def _session_link(link: Link, opening: m.SessionOpening, deadline: float) -> tuple[BlockingTls, m.Joined]:
    """Dial a session link and open it. Raises DialError, TlsError, IdentityError, LinkError, EndOfStream, OSError."""
    tls = BlockingTls(
        dial(link.address, link.port, source="", deadline=deadline), connecting(link.context.context, SESSION)
    )
    tls.handshake(deadline)
    certificate = peer_certificate(tls.channel.connection)
    if certificate is None:
        raise IdentityError("the server showed no certificate")
    check_link_server(certificate, link.proxy_ids)
    tls.sendall(encode(opening))
    length = _answers.length(tls.read_exactly(HEADER, deadline))
    answer = _answers.decode(tls.read_exactly(length, deadline))
    if isinstance(answer, m.NotJoined):
        raise DialError(f"the server did not join: {answer.reason}")
    return tls, answer


def _give_up(main: MainLine, task: Task, error: Exception) -> int:
    reason = str(error) or "no answer in time"
    main.report("SES-FAILED", partner=task.partner, direction=task.direction, reason=reason)
    main.say_goodbye()
    return 0


def _forget_keys() -> None:
    """The link key was needed to dial; from here on only the established connection is."""
    forget_all_keys()
    scrub_freed()
