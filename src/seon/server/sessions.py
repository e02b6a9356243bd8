"""The server's sessions: from an admitted partner, or a Dial from inside, to a session process of its own."""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable

from seon import addresses
from seon.admission.identity import identity_of
from seon.admission.partners import Refused, check_dialled
from seon.config import Limits, ServerPartner
from seon.daemon.children import Body
from seon.daemon.log import Log
from seon.daemon.session import MainLine, NotUsableError, Task, make_task, run, traced_by
from seon.daemon.session_table import SessionTable, Surroundings
from seon.link import messages as m
from seon.link.codec import encode
from seon.link.tickets import Tickets
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import connecting, peer_certificate
from seon.net.dial import DialError, dial
from seon.net.legs import TlsLeg
from seon.net.stream import AsyncTls, BlockingTls
from seon.server.control import ControlLink
from seon.server.gate import Admitted
from seon.server.in_force import InForce

JOIN_SECONDS = 10.0
"""From OpenSession to the session link with its ticket: what the client's 5 s to the receive daemon leave room for."""
START_GRACE_SECONDS = 5.0
NAME = "seon_proxyserver2"


class Sessions:
    """Brings the server's sessions about."""

    def __init__(self, surroundings: Surroundings, forget_secrets: Callable[[], None]) -> None:
        self.table = SessionTable(surroundings)
        self._our = surroundings
        self._forget_secrets = forget_secrets
        self._waiting: Tickets[asyncio.Future[AsyncTls]] = Tickets()
        self._opening: dict[str, asyncio.Future[AsyncTls]] = {}

    # --- incoming ---------------------------------------------------------------------------------------------------

    async def enter(self, admitted: Admitted, link: ControlLink | None, in_force: InForce) -> None:
        """Bring an admitted partner inside: wait for the client's session link, then fork."""
        limits, partner = in_force.configuration.limits, admitted.partner
        if link is None:
            self._our.report("ADM-LIMIT", source=admitted.source, limit="no client is connected; its end")
            return
        reached = self.table.reserve(partner.id, limits)
        if reached:
            self._our.report("ADM-LIMIT", source=admitted.source, limit=reached)
            await admitted.tls.end()
            return
        session = m.new_session_id(secrets.token_bytes(12))
        way, fingerprint = (admitted.source, link.client), admitted.identity.fingerprint
        try:
            task = make_task("dmz", "incoming", session, partner, way, in_force.configuration, fingerprint)
            inside = await self._await_link(session, admitted, link)
        except asyncio.CancelledError:  # the external port closes
            self.table.release(partner.id)
            raise
        except (TimeoutError, OSError, TlsError, m.LinkError, NotUsableError) as error:
            self.table.release(partner.id)
            reason = "no session link came from the client" if isinstance(error, TimeoutError) else str(error)
            self._our.report("SES-FAILED", partner=partner.id, direction="incoming", reason=reason)
            await admitted.tls.end()
            return
        body = _Incoming(task, admitted.tls, inside, self._our.log, self._forget_secrets)
        self._start(task, [admitted.tls, inside], body, limits)

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
        if self.table.has(wanted.session):
            return "this session is running already"
        if not partner.host or not in_force.dialler:
            return f"partner {partner.id} has no address to dial"
        way = source, addresses.shown(partner.host, partner.port)
        try:
            task = make_task("dmz", "outgoing", wanted.session, partner, way, in_force.configuration)
        except NotUsableError as error:
            return str(error)
        reached = self.table.reserve(partner.id, in_force.configuration.limits, rated=False)
        if reached:
            return f"{reached} is reached"
        body = _Outgoing(task, partner, tls, in_force, self._our.log, self._forget_secrets)
        self._start(task, [tls], body, in_force.configuration.limits)
        return None

    def follow(self, in_force: InForce) -> None:
        """End the sessions that may not go on; let those write a trace that are to."""
        self.table.end_where(in_force.bars)
        self.table.trace_where(traced_by(in_force.configuration))

    def _start(self, task: Task, own: list[AsyncTls], body: Body, limits: Limits) -> None:
        limit = limits.dial_seconds + START_GRACE_SECONDS
        self.table.start(task, [tls.sock for tls in own], body, limit, lambda _: None)
        for tls in own:
            tls.close()


# --- bodies: these run in the session process -------------------------------------------------------------------------


class _Incoming:
    """Partner and session link are both there: join them."""

    def __init__(
        self, task: Task, partner: AsyncTls, inside: AsyncTls, log: Log, forget_secrets: Callable[[], None]
    ) -> None:
        self._task, self._partner, self._inside = task, partner, inside
        self._log, self._forget_secrets = log, forget_secrets

    def __call__(self, sock: socket.socket) -> int:
        self._forget_secrets()
        main = MainLine(sock, self._log, self._task)
        partner = TlsLeg(self._partner.sock, self._partner.channel)
        inside = TlsLeg(self._inside.sock, self._inside.channel)
        tls = _welcome(self._task, partner, inside)
        run(main, self._task, partner, inside, tls)
        return 0


class _Outgoing:
    """A session link with a Dial: reach the partner, make sure that it is that partner, then join."""

    def __init__(
        self,
        task: Task,
        partner: ServerPartner,
        inside: AsyncTls,
        in_force: InForce,
        log: Log,
        forget_secrets: Callable[[], None],
    ) -> None:
        self._task, self._partner, self._inside, self._in_force = task, partner, inside, in_force
        self._log, self._forget_secrets = log, forget_secrets

    def __call__(self, sock: socket.socket) -> int:
        main = MainLine(sock, self._log, self._task)
        inside = TlsLeg(self._inside.sock, self._inside.channel)
        try:
            reached = self._reach(main)
        except (DialError, TlsError, EndOfStream, OSError) as error:
            reason = str(error) or "no answer in time"
            main.report("SES-FAILED", partner=self._partner.id, direction="outgoing", reason=reason)
            inside.write_octets(encode(m.NotJoined(reason[:500])))
            inside.finish()
            main.say_goodbye()
            return 0
        self._forget_secrets()
        partner = TlsLeg(reached.sock, reached.channel)
        tls = _welcome(self._task, partner, inside)
        run(main, self._task, inside, partner, tls)
        return 0

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


def _welcome(task: Task, partner: TlsLeg, inside: TlsLeg) -> str:
    """Tell the client that the OFTP2 stream begins, and return the partner's TLS in words."""
    connection = partner.channel.connection
    tls = f"{connection.get_protocol_version_name()} {connection.get_cipher_name()}"
    inside.write_octets(encode(m.Joined(task.target[:500], tls)))
    return tls
