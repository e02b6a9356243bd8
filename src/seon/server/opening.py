"""How the server opens sessions: from an admitted partner, or a Dial from inside, to a session process of its own."""

import asyncio
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from seon import addresses
from seon.admission.limits import limits_of
from seon.admission.revocation import RevocationLists
from seon.config import ServerPartner
from seon.daemon.detail import Detail
from seon.daemon.quieter import Quieter
from seon.daemon.session_table import Claim, SessionTable, Surroundings
from seon.link import messages as m
from seon.link.tickets import Tickets
from seon.net.channel import TlsError
from seon.net.context import connecting
from seon.net.stream import AsyncTls
from seon.process.pace import Pace
from seon.server.control import ControlLink
from seon.server.gate import Admitted
from seon.server.in_force import NO_LISTS, InForce
from seon.session.assignment import Assignment, Connections

JOIN_SECONDS = 10.0
"""From OpenSession to the session link with its ticket: what the client's 5 s to the receive daemon leave room for."""
START_GRACE_SECONDS = 5.0
NAME = "seon_proxyserver2"
_NO_LINK = (TimeoutError, OSError, TlsError, m.LinkError)
"""Why no session link may come."""


class Opening:
    """Brings the server's sessions about."""

    def __init__(
        self,
        surroundings: Surroundings,
        table: SessionTable,
        home: Path,
        in_force: Callable[[], InForce],
        lists: Callable[[], RevocationLists] = lambda: NO_LISTS,
    ) -> None:
        self._our = surroundings
        self._refused = Quieter(surroundings.report).refused
        self._detail = Detail(surroundings.log, "session")
        self._table = table
        self._home = home
        self._in_force = in_force
        """Returns what is in force at the moment of the call: it may be another after each await."""
        self._lists = lists
        self._tickets: Tickets[asyncio.Future[AsyncTls]] = Tickets()
        self._waiting: dict[str, asyncio.Future[AsyncTls]] = {}

    # --- incoming ---------------------------------------------------------------------------------------------------

    async def enter(self, admitted: Admitted, link: ControlLink | None) -> None:
        """Bring an admitted partner inside: wait for the client's session link, then fork."""
        in_force = self._in_force()
        partner = in_force.partner(admitted.partner.id) or admitted.partner
        limits = limits_of(partner, in_force.configuration.limits)
        if link is None:
            self._refuse(admitted, "no client is connected")
            return
        session = m.new_session_id(secrets.token_bytes(12))
        fingerprint, source = admitted.evidence.certificate.fingerprint, admitted.caller.source
        claim = Claim(partner.id, "incoming", fingerprint, source, link.mark, admitted.evidence)
        pace = self._detail.pace(f"[{session}]")
        pace.done(
            f"partner {partner.id} from {admitted.caller.source} is admitted; client {link.client} is to serve it"
        )
        if why := self._table.barred(claim):
            await self._not_opened(admitted, session, why)
            return
        if limit := self._table.reserve(claim, limits):
            self._refuse(admitted, limit)
            await admitted.tls.end()
            return
        try:
            inside = await self._await_link(session, admitted, link, pace)
        except BaseException as error:  # also when the external port closes, which cancels this
            self._table.release(partner.id)
            if not isinstance(error, _NO_LINK):
                raise
            late = isinstance(error, TimeoutError)
            await self._not_opened(admitted, session, "no session link came from the client" if late else str(error))
            return
        self._join(session, admitted, inside, link)
        pace.done("handed over to a session process")

    def _join(self, session: str, admitted: Admitted, inside: AsyncTls, link: ControlLink) -> None:
        in_force = self._in_force()
        assignment = in_force.assignment(
            in_force.partner(admitted.partner.id) or admitted.partner,
            "incoming",
            session=session,
            directory=str(self._home),
            source=admitted.caller.source,
            arrival=admitted.caller.target,
            target=link.client,
            fingerprint=admitted.evidence.certificate.fingerprint,
            evidence=admitted.evidence,
            client=link.client,
            mark=link.mark,
        )
        partner_end, link_end = admitted.tls, inside
        connections = Connections((partner_end.sock, partner_end.channel), (link_end.sock, link_end.channel))
        try:
            self._start(assignment, connections)
        finally:
            partner_end.close()
            link_end.close()

    def _refuse(self, admitted: Admitted, limit: str) -> None:
        """Tell it as the gate does: a partner that comes again and again must not write our log for us either."""
        self._refused(admitted.caller, "ADM-LIMIT", limit=limit)

    async def _not_opened(self, admitted: Admitted, session: str, reason: str) -> None:
        partner = admitted.partner.id
        self._our.report("SES-FAILED", session, partner=partner, direction="incoming", reason=reason)
        await admitted.tls.end()

    async def _await_link(self, session: str, admitted: Admitted, link: ControlLink, pace: Pace) -> AsyncTls:
        arrived: asyncio.Future[AsyncTls] = asyncio.get_running_loop().create_future()
        ticket = self._tickets.issue(link.client, arrived, time.monotonic())
        self._waiting[session] = arrived
        partner, caller = admitted.partner.id, admitted.caller
        fingerprint = admitted.evidence.certificate.fingerprint
        opening = m.OpenSession(ticket, session, partner, caller.source, fingerprint)
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                await link.open_session(opening)
                pace.done(f"OpenSession sent to client {link.client}")
                inside = await arrived
                pace.done("the session link has come with its ticket")
                return inside
        except BaseException:
            _close_if_there(arrived)
            raise
        finally:
            self._tickets.withdraw(ticket)
            del self._waiting[session]

    def refused(self, session: str, reason: str) -> None:
        """The client will not serve a session that waits."""
        arrived = self._waiting.get(session)
        if arrived and not arrived.done():
            arrived.set_exception(ConnectionError(f"refused inside: {reason}"))

    def redeem(self, ticket: bytes, client: str, tls: AsyncTls) -> bool:
        """Hand a session link to the partner that waits for it; False if the ticket is not good."""
        arrived = self._tickets.redeem(ticket, client, time.monotonic())
        if arrived is None or arrived.done():
            return False
        tls.take_over()
        arrived.set_result(tls)
        return True

    # --- outgoing ---------------------------------------------------------------------------------------------------

    def dial(self, wanted: m.Dial, tls: AsyncTls, source: str, client: str, mark: str = "") -> str | None:
        """Fork a session process that dials a partner for the inside; return why not, or None."""
        self._detail.say(f"[{wanted.session}] client {client} asks for partner {wanted.partner} over a session link")
        in_force = self._in_force()
        partner = in_force.partner(wanted.partner)
        if partner is None:
            return f"partner {wanted.partner} is not known or disabled"
        if why := self._why_not_dialled(wanted.session, partner, in_force, mark):
            return why
        assignment = in_force.assignment(
            partner,
            "outgoing",
            session=wanted.session,
            directory=str(self._home),
            source=source,
            target=addresses.shown(partner.host, partner.port),
            client=client,
            mark=mark,
            dialled=partner,
            trust=in_force.trust,
            lists=self._lists(),
            outgoing_address=in_force.configuration.outgoing_address,
        )
        dialling = connecting(in_force.dialler_for(partner).context, server_name=addresses.name_for_sni(partner.host))
        if why := self._start(assignment, Connections(link=(tls.sock, tls.channel), dialling=dialling)):
            return why
        tls.close()
        return None

    def _why_not_dialled(self, session: str, partner: ServerPartner, in_force: InForce, mark: str) -> str:
        """Say why a partner cannot be dialled; "" if it can, and then the session is reserved."""
        if self._table.has(session) or session in self._waiting:
            return "this session is running already"
        if not partner.host or not in_force.dialler:
            return f"partner {partner.id} has no address to dial"
        claim = Claim(partner.id, "outgoing", mark=mark)
        if why := self._table.barred(claim):
            return why
        limits = limits_of(partner, in_force.configuration.limits)
        limit = self._table.reserve(claim, limits, rated=False)
        return f"{limit} is reached" if limit else ""

    # --- both -------------------------------------------------------------------------------------------------------

    def _start(self, assignment: Assignment, connections: Connections) -> str:
        """Fork; return why there is no process, "" if there is one. The caller closes its connections."""
        failures: list[str] = []
        limit = assignment.limits.dial_seconds + START_GRACE_SECONDS
        self._table.start(assignment, connections, limit, failures.append)
        return failures[0] if failures else ""


def _close_if_there(arrived: "asyncio.Future[AsyncTls]") -> None:
    """Close a session link that came in the moment in which nobody waits for it any more."""
    if arrived.done() and not arrived.cancelled() and not arrived.exception():
        arrived.result().close()
