"""The client's sessions: each in a process of its own, which joins the station inside with a session link.

The client decides the destinations, counts and codes itself, from its own copy of the configuration (mission A9).
"""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seon import addresses
from seon.admission.limits import SessionCounts
from seon.config import ClientConfiguration, ClientPartner, Limits, ReceiveDaemon
from seon.daemon import children, line
from seon.daemon.log import Log
from seon.daemon.memory import scrub_freed
from seon.daemon.session import MainLine, Task, run, session_title
from seon.daemon.session_events import Report
from seon.events import Event
from seon.link import messages as m
from seon.link.codec import HEADER, Decoder, encode
from seon.link.identity import IdentityError, check_link_server
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import SESSION, KeyedContext, connecting, forget_all_keys, peer_certificate
from seon.net.dial import DialError, dial
from seon.net.legs import PlainLeg, TlsLeg
from seon.net.stream import BlockingTls
from seon.oftp2.reasons import EndReason

NAME = "seon_proxyclient2"
START_SECONDS = 20.0
"""From the fork of an incoming session to its join; the server gives up after 10."""
LINK_SECONDS = 10.0
_answers: Decoder[m.SessionAnswer] = Decoder(m.SessionAnswer)


@dataclass(frozen=True, slots=True)
class Link:
    """Where and how session links are dialled: the server's literal address, and the link context in force."""

    address: str
    port: int
    context: KeyedContext
    proxy_ids: tuple[str, ...]


class Sessions:
    """Counts, forks and watches the sessions of one client."""

    def __init__(self, log: Log, report: Report, happened: Callable[[Event], None]) -> None:
        self._log = log
        self._report = report
        self._happened = happened
        self._counts = SessionCounts()
        self._running: dict[str, tuple[children.Child, str]] = {}
        self._watchers: set[asyncio.Task[None]] = set()

    def incoming(
        self, opening: m.OpenSession, configuration: ClientConfiguration, link: Link, refuse: Callable[[str], None]
    ) -> None:
        """Serve a partner that came in at the server; `refuse` is told why not, now or later."""
        partner = _partner(configuration, opening.partner)
        if partner is None:
            refuse(f"partner {opening.partner} is not known inside or disabled")
            return
        if configuration.receive_daemon is None:
            refuse("no receive daemon is set (seonapi set receive_daemon HOST:PORT)")
            return
        if opening.session in self._running:
            refuse("this session is running already")
            return
        daemon = configuration.receive_daemon
        target = addresses.shown(daemon.host, daemon.port)
        task = _task(opening.session, partner, "incoming", opening.source, target, configuration)
        body = _Incoming(task, opening.ticket, daemon, configuration.limits, link, self._log)
        self._begin(task, [], body, configuration.limits, START_SECONDS, refuse)

    def outgoing(
        self, sock: socket.socket, source: str, partner_id: str, configuration: ClientConfiguration, link: Link
    ) -> None:
        """Serve a connection of the send daemon to the listening port of a partner."""
        partner = _partner(configuration, partner_id)
        if partner is None:
            self._report("SES-FAILED", partner=partner_id, direction="outgoing", reason="the partner is disabled")
            return
        session = m.new_session_id(secrets.token_bytes(12))
        task = _task(session, partner, "outgoing", source, f"partner {partner.id}", configuration)
        body = _Outgoing(task, sock, configuration.limits, link, self._log)
        limit = configuration.limits.dial_seconds + 2 * LINK_SECONDS
        self._begin(task, [sock], body, configuration.limits, limit, lambda _: None)

    def _begin(
        self,
        task: Task,
        own: Sequence[socket.socket],
        body: Callable[[socket.socket], int],
        limits: Limits,
        start_seconds: float,
        refuse: Callable[[str], None],
    ) -> None:
        reached = self._counts.begin(task.partner, limits, time.monotonic())
        if reached:
            self._failed(task, f"{reached} is reached", refuse)
            return

        def on_message(message: line.FromSession) -> None:
            if isinstance(message, line.Happened):
                self._happened(message.event)
                if message.event.code == "SES-FAILED":
                    refuse(str(message.event.fields.get("reason", "")))

        try:
            child = children.fork(session_title(NAME, task), own, body, self._log, on_message)
        except OSError as error:
            self._counts.end(task.partner)
            self._failed(task, str(error), refuse)
            return
        self._running[task.session] = (child, task.partner)
        watcher = asyncio.create_task(self._watch(task, child, start_seconds, refuse))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)

    def _failed(self, task: Task, reason: str, refuse: Callable[[str], None]) -> None:
        self._report("SES-FAILED", partner=task.partner, direction=task.direction, reason=reason)
        refuse(reason)

    async def _watch(
        self, task: Task, child: children.Child, start_seconds: float, refuse: Callable[[str], None]
    ) -> None:
        done, _ = await asyncio.wait([child.ended], timeout=start_seconds)
        if not done and not child.running:
            self._failed(task, f"no start within {start_seconds:g} s", refuse)
            child.kill()
        status = await child.ended
        self._counts.end(task.partner)
        del self._running[task.session]
        if status != 0:
            reason = f"signal {-status}" if status < 0 else f"exit status {status}"
            self._report("SES-KILLED", pid=child.pid, partner=task.partner, reason=reason)

    def end_those_not_in(self, configuration: ClientConfiguration) -> None:
        """End the sessions of partners that were disabled or removed."""
        for child, partner in self._running.values():
            if _partner(configuration, partner) is None:
                child.end(EndReason.UNSPECIFIED, "the partner may not enter any more")

    async def end_all(self, seconds: float) -> None:
        """Give running sessions so long to end, then end them, then kill what is left."""
        for wait, act in ((seconds, None), (0.0, "end"), (7.0, "kill"), (2.0, None)):
            watchers = list(self._watchers)
            if watchers and wait:
                await asyncio.wait(watchers, timeout=wait)
            for child, _ in list(self._running.values()):
                if act == "end":
                    child.end(EndReason.EMERGENCY_CLOSE, "the proxy is ending")
                elif act == "kill":
                    child.kill()


def _partner(configuration: ClientConfiguration, partner_id: str) -> ClientPartner | None:
    return next((p for p in configuration.partners if p.id == partner_id and p.enabled), None)


def _task(
    session: str, partner: ClientPartner, direction: str, source: str, target: str, configuration: ClientConfiguration
) -> Task:
    return Task(
        session=session,
        partner=partner.id,
        direction="incoming" if direction == "incoming" else "outgoing",
        hop="inside",
        source=source,
        target=target,
        partner_codes=partner.ssid_codes,
        profile=configuration.profile,
        idle_seconds=configuration.limits.idle_seconds,
        drain_seconds=configuration.limits.drain_seconds,
    )


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
            tls, _ = _session_link(self._link, m.Ticket(self._ticket), time.monotonic() + LINK_SECONDS)
        except (DialError, TlsError, EndOfStream, OSError, IdentityError, m.LinkError) as error:
            return _give_up(main, self._task, error)
        _forget_keys()
        return _join(main, self._task, TlsLeg(tls.sock, tls.channel), PlainLeg(station), "the link")


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
        station = PlainLeg(self._station)
        return _join(main, self._task, station, TlsLeg(tls.sock, tls.channel), joined.tls)


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


def _join(main: MainLine, task: Task, initiator: PlainLeg | TlsLeg, responder: PlainLeg | TlsLeg, tls: str) -> int:
    main.report(
        "SES-START",
        partner=task.partner,
        direction=task.direction,
        source=task.source,
        target=task.target,
        tls=tls,
    )
    run(main, task, initiator, responder)
    return 0
