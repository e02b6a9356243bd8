"""How the client opens sessions: each in a process of its own, which joins the station inside with a session link.

The client decides the destinations, counts and codes itself, from its own copy of the configuration (mission A9).
"""

import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seon import addresses
from seon.client.in_force import InForce
from seon.daemon.detail import Detail
from seon.daemon.rate import Bucket
from seon.daemon.session_table import Claim, Failed, SessionTable, Surroundings
from seon.link import messages as m
from seon.net.context import SESSION, KeyedContext, connecting
from seon.net.ends import Caller
from seon.session.assignment import LINK_SECONDS, Assignment, Connections, Direction, LinkAddress

NAME = "seon_proxyclient2"
START_SECONDS = 20.0
"""From the fork of an incoming session to its join; the server gives up after 10."""
REFUSALS_A_SECOND, REFUSALS_AT_ONCE = 1.0, 600.0
"""Refused sessions of the server that are told here; the server tells each of them itself. As many at once as there may
be new sessions in a minute."""
REMEMBERED = 20_000
"""Ids of past sessions that the server may not use again."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where and how session links are dialled: the server's literal address, and the link context in force."""

    where: LinkAddress
    context: KeyedContext


class Opening:
    """Brings the client's sessions about."""

    def __init__(
        self, surroundings: Surroundings, table: SessionTable, home: Path, in_force: Callable[[], InForce]
    ) -> None:
        self._our = surroundings
        self._table = table
        self._home = home
        self._in_force = in_force
        """Returns what is in force at the moment of the call."""
        self._seen: dict[str, None] = {}
        self._refusals = Bucket(REFUSALS_A_SECOND, REFUSALS_AT_ONCE)

    def incoming(self, opening: m.OpenSession, link: Link, failed: Failed) -> str | None:
        """Serve a partner that came in at the server; return why not, or None. `failed` is told of later trouble."""
        in_force = self._in_force()
        partner, daemon = in_force.partner(opening.partner), in_force.configuration.receive_daemon
        if opening.session in self._seen or self._table.has(opening.session):
            return "a session of this id was there before"
        self._remember(opening.session)
        if partner is None:
            reason = f"partner {opening.partner} is not known inside or disabled"
            return self._not_begun(opening.session, opening.partner, "incoming", reason)
        if daemon is None:
            reason = "no receive daemon is set (seonapi set receive_daemon HOST:PORT)"
            return self._not_begun(opening.session, partner.id, "incoming", reason)
        assignment = in_force.assignment(
            partner,
            "incoming",
            session=opening.session,
            source=opening.source,
            target=addresses.shown(daemon.host, daemon.port),
            fingerprint=opening.fingerprint,
            daemon=daemon,
            ticket=opening.ticket,
            link=link.where,
            directory=str(self._home),
        )
        return self._begin(assignment, None, link, START_SECONDS, failed)

    def outgoing(self, sock: socket.socket, caller: Caller, partner_id: str, link: Link) -> None:
        """Serve a connection of the send daemon to the listening port of a partner."""
        in_force = self._in_force()
        session = m.new_session_id(secrets.token_bytes(12))
        self._remember(session)  # the server learns it, and must not call a session of its own so
        partner = in_force.partner(partner_id)
        if partner is None:
            self._not_begun(session, partner_id, "outgoing", "the partner is disabled")
            return
        assignment = in_force.assignment(
            partner,
            "outgoing",
            session=session,
            source=caller.source,
            target=f"partner {partner.id}",
            arrival=caller.target,
            link=link.where,
            directory=str(self._home),
        )
        limit = assignment.limits.dial_seconds + 2 * LINK_SECONDS
        self._begin(assignment, sock, link, limit, lambda _: None)

    def _begin(
        self, assignment: Assignment, station: socket.socket | None, link: Link, start_seconds: float, failed: Failed
    ) -> str | None:
        claim = Claim(assignment.partner, assignment.direction, assignment.fingerprint)
        if why := self._table.barred(claim):
            return self._not_begun(assignment.session, assignment.partner, assignment.direction, why)
        limit = self._table.reserve(claim, assignment.limits, rated=assignment.direction == "incoming")
        if limit:
            reason = f"{limit} is reached"
            return self._not_begun(assignment.session, assignment.partner, assignment.direction, reason)
        incoming = assignment.direction == "incoming"
        asked = "OpenSession received from the server" if incoming else "the send daemon has connected"
        Detail(self._our.log, "session").say(
            f"[{assignment.session}] {asked}: partner {assignment.partner}, from {assignment.source}"
        )
        connections = Connections(station=station, dialling=connecting(link.context.context, SESSION))
        self._table.start(assignment, connections, start_seconds, failed)
        return None

    def _not_begun(self, session: str, partner: str, direction: Direction, reason: str) -> str:
        """Tell a session that does not begin; but a server in an attacker's hands must not write our log for us."""
        if direction == "outgoing" or self._refusals.take() == 0:
            self._our.report("SES-FAILED", session, partner=partner, direction=direction, reason=reason)
        return reason

    def _remember(self, session: str) -> None:
        """Remember a session's id: the server chooses it, and one used twice would mix two sessions in the journal."""
        self._seen[session] = None
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
