"""The server's sessions: from an admitted partner, or a Dial from inside, to a session process of its own."""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from seon import addresses
from seon.admission.identity import identity_of
from seon.admission.limits import SessionCounts
from seon.admission.partners import Refused, check_dialled
from seon.config import Limits, ServerPartner
from seon.daemon import children, line
from seon.daemon.log import Log
from seon.daemon.session import MainLine, Task, run, session_title
from seon.daemon.session_events import Report
from seon.events import Event
from seon.link import messages as m
from seon.link.codec import encode
from seon.link.tickets import Tickets
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import connecting, peer_certificate
from seon.net.dial import DialError, dial
from seon.net.legs import TlsLeg
from seon.net.stream import AsyncTls, BlockingTls
from seon.oftp2.reasons import EndReason
from seon.server.control import ControlLink
from seon.server.gate import Admitted
from seon.server.in_force import InForce

JOIN_SECONDS = 10.0
"""From OpenSession to the session link with its ticket: what the client's 5 s to the receive daemon leave room for."""
START_GRACE_SECONDS = 5.0
NAME = "seon_proxyserver2"


@dataclass(frozen=True, slots=True)
class Context:
    """What session processes get from the main."""

    log: Log
    report: Report
    happened: Callable[[Event], None]
    forget_secrets: Callable[[], None]


@dataclass(slots=True)
class _Running:
    child: children.Child
    partner: str
    fingerprint: str


class Sessions:
    """Counts, joins, forks and watches the sessions of one server."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._counts = SessionCounts()
        self._waiting: Tickets[asyncio.Future[AsyncTls]] = Tickets()
        self._opening: dict[str, asyncio.Future[AsyncTls]] = {}
        self._running: dict[str, _Running] = {}
        self._watchers: set[asyncio.Task[None]] = set()

    # --- incoming ---------------------------------------------------------------------------------------------------

    async def enter(self, admitted: Admitted, link: ControlLink | None, in_force: InForce) -> None:
        """Bring an admitted partner inside: wait for the client's session link, then fork."""
        limits, partner = in_force.configuration.limits, admitted.partner
        if link is None:
            self._context.report("ADM-LIMIT", source=admitted.source, limit="no client is connected; its end")
            return
        reached = self._counts.begin(partner.id, limits, time.monotonic())
        if reached:
            self._context.report("ADM-LIMIT", source=admitted.source, limit=reached)
            await admitted.tls.end()
            return
        session = m.new_session_id(secrets.token_bytes(12))
        try:
            inside = await self._await_link(session, admitted, link)
        except asyncio.CancelledError:  # the external port closes
            self._counts.end(partner.id)
            raise
        except (TimeoutError, OSError, TlsError, m.LinkError) as error:
            self._counts.end(partner.id)
            reason = "no session link came from the client" if isinstance(error, TimeoutError) else str(error)
            self._context.report("SES-FAILED", partner=partner.id, direction="incoming", reason=reason)
            await admitted.tls.end()
            return
        task = _task(session, partner, "incoming", admitted.source, link.client, in_force)
        self._fork(task, [admitted.tls, inside], _Incoming(task, admitted, inside, self._context), limits)

    async def _await_link(self, session: str, admitted: Admitted, link: ControlLink) -> AsyncTls:
        arrived: asyncio.Future[AsyncTls] = asyncio.get_running_loop().create_future()
        ticket = self._waiting.issue(link.key, arrived, time.monotonic())
        self._opening[session] = arrived
        opening = m.OpenSession(ticket, session, admitted.partner.id, admitted.source, admitted.identity.fingerprint)
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                await link.open_session(opening)
                return await arrived
        finally:
            self._waiting.withdraw(ticket)
            del self._opening[session]

    def refused(self, session: str, reason: str) -> None:
        """The client will not serve a session that waits."""
        arrived = self._opening.get(session)
        if arrived and not arrived.done():
            arrived.set_exception(ConnectionError(f"refused inside: {reason}"))

    def redeem(self, ticket: bytes, client: str, tls: AsyncTls) -> bool:
        """Hand a session link to the partner that waits for it; False if the ticket is not good."""
        arrived = self._waiting.redeem(ticket, client, time.monotonic())
        if arrived is None or arrived.done():
            return False
        tls.keep()
        arrived.set_result(tls)
        return True

    # --- outgoing ---------------------------------------------------------------------------------------------------

    def dial(self, wanted: m.Dial, tls: AsyncTls, source: str, in_force: InForce) -> str | None:
        """Fork a session process that dials a partner for the inside; return why not, or None."""
        partner = in_force.partner(wanted.partner)
        if partner is None:
            return f"partner {wanted.partner} is not known or disabled"
        if not partner.host or not in_force.dialler:
            return f"partner {partner.id} has no address to dial"
        reached = self._counts.begin(partner.id, in_force.configuration.limits, time.monotonic())
        if reached:
            return f"{reached} is reached"
        target = addresses.shown(partner.host, partner.port)
        task = _task(wanted.session, partner, "outgoing", source, target, in_force)
        body = _Outgoing(task, partner, tls, in_force, self._context)
        self._fork(task, [tls], body, in_force.configuration.limits)
        return None

    # --- the life of a session process --------------------------------------------------------------------------------

    def _fork(self, task: Task, own: list[AsyncTls], body: Callable[[socket.socket], int], limits: Limits) -> None:
        try:
            child = children.fork(
                session_title(NAME, task), [tls.sock for tls in own], body, self._context.log, self._message
            )
        except OSError as error:
            self._counts.end(task.partner)
            self._context.report("SES-FAILED", partner=task.partner, direction=task.direction, reason=str(error))
            return
        finally:
            for tls in own:
                tls.close()
        fingerprint = body.fingerprint if isinstance(body, _Incoming) else ""
        self._running[task.session] = _Running(child, task.partner, fingerprint)
        watcher = asyncio.create_task(self._watch(task, child, limits))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)

    def _message(self, message: line.FromSession) -> None:
        if isinstance(message, line.Happened):
            self._context.happened(message.event)

    async def _watch(self, task: Task, child: children.Child, limits: Limits) -> None:
        limit = limits.dial_seconds + START_GRACE_SECONDS
        done, _ = await asyncio.wait([child.ended], timeout=limit)
        if not done and not child.running:
            self._context.report(
                "SES-FAILED", partner=task.partner, direction=task.direction, reason=f"no start within {limit:g} s"
            )
            child.kill()
        status = await child.ended
        self._counts.end(task.partner)
        del self._running[task.session]
        if status != 0:
            reason = f"signal {-status}" if status < 0 else f"exit status {status}"
            self._context.report("SES-KILLED", pid=child.pid, partner=task.partner, reason=reason)

    def end_those_not_in(self, in_force: InForce) -> None:
        """End the sessions of partners that may not enter any more: disabled, removed, or without that certificate."""
        for running in self._running.values():
            partner = in_force.partner(running.partner)
            if partner is None or (running.fingerprint and running.fingerprint not in partner.pins):
                running.child.end(EndReason.UNSPECIFIED, "the partner may not enter any more")

    async def end_all(self, seconds: float) -> None:
        """Give running sessions so long to end, then end them, then kill what is left."""
        for wait, act in ((seconds, None), (0.0, "end"), (7.0, "kill"), (2.0, None)):
            watchers = list(self._watchers)
            if watchers and wait:
                await asyncio.wait(watchers, timeout=wait)
            for running in list(self._running.values()):
                if act == "end":
                    running.child.end(EndReason.EMERGENCY_CLOSE, "the proxy is ending")
                elif act == "kill":
                    running.child.kill()

    def running(self) -> int:
        """Return how many session processes there are."""
        return len(self._running)


def _task(session: str, partner: ServerPartner, direction: str, source: str, target: str, in_force: InForce) -> Task:
    configuration = in_force.configuration
    return Task(
        session=session,
        partner=partner.id,
        direction="incoming" if direction == "incoming" else "outgoing",
        hop="dmz",
        source=source,
        target=target,
        partner_codes=partner.ssid_codes,
        profile=configuration.profile,
        idle_seconds=configuration.limits.idle_seconds,
        drain_seconds=configuration.limits.drain_seconds,
    )


# --- bodies: these run in the session process -------------------------------------------------------------------------


class _Incoming:
    """Partner and session link are both there: join them."""

    def __init__(self, task: Task, admitted: Admitted, inside: AsyncTls, context: Context) -> None:
        self.fingerprint = admitted.identity.fingerprint
        self._task, self._admitted, self._inside, self._context = task, admitted, inside, context

    def __call__(self, sock: socket.socket) -> int:
        self._context.forget_secrets()
        main = MainLine(sock, self._context.log, self._task)
        partner = TlsLeg(self._admitted.tls.sock, self._admitted.tls.channel)
        inside = TlsLeg(self._inside.sock, self._inside.channel)
        return _join(main, self._task, partner, inside, inside)


class _Outgoing:
    """A session link with a Dial: reach the partner, make sure that it is that partner, then join."""

    def __init__(
        self, task: Task, partner: ServerPartner, inside: AsyncTls, in_force: InForce, context: Context
    ) -> None:
        self._task, self._partner, self._inside = task, partner, inside
        self._in_force, self._context = in_force, context

    def __call__(self, sock: socket.socket) -> int:
        main = MainLine(sock, self._context.log, self._task)
        inside = TlsLeg(self._inside.sock, self._inside.channel)
        try:
            tls = self._reach(main)
        except (DialError, TlsError, EndOfStream, OSError) as error:
            reason = str(error) or "no answer in time"
            main.report("SES-FAILED", partner=self._partner.id, direction="outgoing", reason=reason)
            inside.write_octets(encode(m.NotJoined(reason[:500])))
            inside.finish()
            main.say_goodbye()
            return 0
        self._context.forget_secrets()
        return _join(main, self._task, inside, TlsLeg(tls.sock, tls.channel), inside)

    def _reach(self, main: MainLine) -> BlockingTls:
        configuration, partner = self._in_force.configuration, self._partner
        dialler = self._in_force.dialler
        assert dialler is not None
        deadline = time.monotonic() + configuration.limits.dial_seconds
        sock = dial(partner.host, partner.port, source=configuration.outgoing_address, deadline=deadline)
        tls = BlockingTls(sock, connecting(dialler.context, server_name=_server_name(partner.host)))
        tls.handshake(deadline)
        certificate = peer_certificate(tls.channel.connection)
        if certificate is None:
            raise DialError(f"{self._task.target} showed no certificate")
        identity = identity_of(certificate)
        verdict = check_dialled(identity, partner, time.time())
        if isinstance(verdict, Refused):
            main.report(
                "ADM-DIAL",
                partner=partner.id,
                target=self._task.target,
                reason=verdict.reason,
                subject=identity.subject,
                fingerprint=identity.fingerprint,
            )
            tls.end()
            raise DialError(f"{self._task.target}: {verdict.reason}")
        return tls


def _server_name(host: str) -> str:
    """Return the name for SNI: a literal address is none."""
    try:
        addresses.canonical(host)
    except addresses.AddressError:
        return host
    return ""


def _join(main: MainLine, task: Task, initiator: TlsLeg, responder: TlsLeg, inside: TlsLeg) -> int:
    partner = responder if inside is initiator else initiator
    connection = partner.channel.connection
    tls = f"{connection.get_protocol_version_name()} {connection.get_cipher_name()}"
    main.report(
        "SES-START",
        partner=task.partner,
        direction=task.direction,
        source=task.source,
        target=task.target,
        tls=tls,
    )
    inside.write_octets(encode(m.Joined(task.target[:500], tls)))
    run(main, task, initiator, responder)
    return 0
