"""The server joins its parts: links bring the configuration, the gate brings partners, sessions bring both together.

One thread, one loop. It does handshakes and admission, and reads no OFTP2.
"""

import asyncio
import contextlib
import gc
import os
import socket
import time
from pathlib import Path

import msgspec

from seon import addresses
from seon.admission.evidence import Evidence
from seon.admission.revocation import RevocationLists
from seon.api_messages import CrlSource
from seon.build import this_build
from seon.daemon.assigning import traced_by
from seon.daemon.changes import say_changes
from seon.daemon.detail import Detail
from seon.daemon.host import misfit
from seon.daemon.life import Life
from seon.daemon.log import Log
from seon.daemon.ports import Port, Ports
from seon.daemon.recorder import Recorder
from seon.daemon.session_table import SessionTable, Surroundings
from seon.daemon.tasks import Tasks
from seon.endings import SessionEnd
from seon.events import Event
from seon.link import messages as m
from seon.link.identity import IdentityError
from seon.link.sealing import EphemeralKey
from seon.net.dial import can_bind
from seon.net.ends import Caller
from seon.net.listen import Job
from seon.net.stream import AsyncTls
from seon.pki import peer_certificate
from seon.process.levels import Level
from seon.server.clients import Clients
from seon.server.control import ENDED_HERE, ControlLink
from seon.server.delivered import NotUsable
from seon.server.distribution_points import DistributionPoints, Said
from seon.server.first_lists import FirstLists
from seon.server.gate import ENFORCED, Admitted, Gate
from seon.server.in_force import EMPTY, InForce, put_in_force
from seon.server.internal import InternalPort, Peer
from seon.server.license import DAY, LicenseWatch
from seon.server.links import Links
from seon.server.opening import NAME, Opening
from seon.server.refused import RefusedCertificates
from seon.server.revocation import Revocations
from seon.server.revocation_child import prepare_apart
from seon.server.wanted import EXTERNAL, Moment, Terms, internal_port, wanted_ports
from seon.session.assignment import Assignment
from seon.wording import fill

PORTS_SECONDS = 5.0
"""How long an end waits until the external port is closed."""
CLIENTS_SECONDS = 1.0
"""How often it is looked whether a linked client's token has ended, and what there is to tell the clients."""
EXIT_FATAL = 2
"""An error that makes the server useless, for example an outgoing address that this host does not have."""
_NOT_SAID = msgspec.Raw(b"null")


class Server:
    """Holds what is in force, and decides nothing that one of its parts can decide."""

    def __init__(
        self, life: Life, log: Log, home: Path, ephemeral: EphemeralKey, license_: LicenseWatch, where: tuple[str, int]
    ) -> None:
        self._life = life
        self._log = log
        self._ephemeral = ephemeral
        self._license = license_
        self._where = where
        self._in_force = EMPTY
        self._withdrawn: set[str] = set()
        """Serials of licenses that were told to be withdrawn."""
        self._recorder = Recorder("dmz", log, self._keep, "SRV-FAULT")
        self.report = self._recorder.report
        self._clients = Clients(ephemeral.proxy_id, lambda: license_.ca_key, self.report)
        self._tasks = Tasks(self._recorder.trouble)
        self._links = Links(self.report, self._look_at_ports)
        self._points = DistributionPoints(self._links.look_for_crls)
        self._revocations = Revocations(self.report, prepare_apart, self.follow, self._list_done)
        self._first_lists = FirstLists(self._revocations.pending, self.report, self._look_at_ports)
        surroundings = Surroundings(NAME, log, self.report, self._links.keep, self._session_ends, self._tasks)
        self._table = SessionTable(surroundings, self._clients.barred, self._witness)
        self._opening = Opening(surroundings, self._table, home, lambda: self._in_force, self.lists)
        self._gate = Gate(self.report, self._enter, self._tasks, Detail(log, "gate"), self.lists, self._points.of_chain)
        self._gate.keep_refused = RefusedCertificates(self._links.say_refused).refused
        self._internal = InternalPort(ephemeral.proxy_id, self.report, self, self._tasks, Detail(log, "link"))
        self._ports: Ports[Terms] = Ports(self._serve, self, Detail(log, "server"))
        self._applying = asyncio.Lock()

    # --- life -------------------------------------------------------------------------------------------------------

    async def live(self, listener: socket.socket) -> int:
        """Serve until a signal or a fatal error; return the exit status. `listener`: the internal port, open."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._recorder.uncaught)
        self._life.begin(self._state, self._table.verbosity_changed)
        gc.freeze()
        self._ports.adopt(internal_port(self._moment()), listener)
        self._look_at_ports()
        for job, name in (
            (self._ports.run(), "keeping the ports"),
            (self._license.run(self.report, self._look_at_ports), "watching the license"),
            (self._watch_clients(), "watching the clients' rights"),
            (self._revocations.run(), "reading revocation lists"),
            (self._life.watch_settings(self._table.verbosity_changed), "watching the log settings"),
        ):
            self._tasks.start(job, name).add_done_callback(self._vital_ended)
        self._tasks.start(self._life.beat(), "telling the watchdog")
        where = addresses.shown(self._where[0] or "*", self._where[1])
        self._life.ready(f"The server runs (process {os.getpid()}), and waits for a client on port {where}")
        status, reason = await self._life.ended()
        if not await self._life.unless_hurried(self._finish(reason)):
            await self._table.kill_all()
        await self._tasks.end()
        return status

    async def _finish(self, reason: str) -> None:
        self.report("SRV-END", reason=reason)
        self._look_at_ports()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ports.settled(), PORTS_SECONDS)
        await self._table.end_all(self._in_force.configuration.limits.drain_seconds)
        await self._links.bye(reason)

    def _vital_ended(self, task: "asyncio.Task[None]") -> None:
        """Without ports or license there is nothing to serve; but an end that was wanted cancels both."""
        if not task.cancelled():
            self._life.stop(EXIT_FATAL, f"internal error while {task.get_name()}")

    def _state(self) -> list[str]:
        """Return a report of all that there is, in lines."""
        version, problem = self._in_force.version, self._license.problem()
        return [
            f"State of server {this_build()}, process {os.getpid()}",
            *self._links.state(),
            *self._ports.state(),
            f"Configuration {version} in force" if version else "No configuration yet",
            f"License {'does not hold: ' + problem if problem else 'holds'}",
            *self._revocations.state(time.time(), self._in_force.configuration.admission.crl_days * DAY),
            *self._table.state(),
        ]

    # --- ports ------------------------------------------------------------------------------------------------------

    def _moment(self) -> Moment:
        internal = (*self._where, self._license.context)
        ending = self._life.is_ending
        linked, awaits = self._links.takes_sessions, self._first_lists.awaited
        return Moment(internal, self._in_force, linked, self._license.problem(), ending, awaits, self._links.drained)

    def _standing(self) -> m.ServerState:
        """Return what the clients are told of this server."""
        in_force, (ports, why) = self._in_force, wanted_ports(self._moment())
        external = next((port for port in ports if port.owner == EXTERNAL), None)
        reason = self._ports.why_closed(external) if external else why
        return m.ServerState(
            version=in_force.version,
            address=in_force.configuration.external_address,
            port=in_force.configuration.external_port,
            open=not reason,
            reason=reason[:500],
            sessions=len(self._table),
        )

    def _look_at_ports(self) -> None:
        """Something that decides about ports may have changed."""
        self._first_lists.look(can_come=bool(self._in_force.version) and self._links.takes_sessions)
        ports, why = wanted_ports(self._moment())
        self._ports.want(ports, why)
        if all(port.owner != EXTERNAL for port in ports):
            self._gate.drop_entering()
        linked = fill("{count:# client|# clients} connected", {"count": len(self._links)})
        closed = "" if len(ports) > 1 else f"; external port closed: {why}"
        if not self._life.is_ending:
            self._life.show(f"{linked}{closed}" if len(self._links) else "waiting for a client")

    def _serve(self, port: Port[Terms], sock: socket.socket, source: str, number: int) -> Job | None:
        if isinstance(port.terms, InForce):
            return self._gate.serve(port.terms, sock, source, number)
        return self._internal.serve(port.terms, sock, source, number)

    def opened(self, port: Port[Terms]) -> None:
        """A port is open (daemon.ports.Tell)."""
        if port.owner == EXTERNAL:
            self.report("SRV-OPEN", address=port.shown, enforced=ENFORCED)

    def closed(self, port: Port[Terms], why: str) -> None:
        """A port is closed."""
        if port.owner == EXTERNAL:
            self.report("SRV-CLOSED", reason=why)

    def not_opened(self, port: Port[Terms], why: str) -> None:
        """A port cannot be opened."""
        self.report("SRV-PORT", address=port.shown, reason=why)

    # --- links (internal.Links, control.Owner) ------------------------------------------------------------------------

    async def control(self, tls: AsyncTls, peer: Peer, caller: Caller) -> None:
        """Serve a control link to its end; the external port closes with the last one."""
        detail = Detail(self._log, "link")
        link = ControlLink(tls, peer.key, caller, self._ephemeral, self._links.outbox, self.report, detail=detail)
        link.mark, link.serial, reason = peer.mark, self._license.serial, "internal error"
        try:
            reason = await link.run(self)
        except asyncio.CancelledError:  # its end was waited for, but not for ever
            reason = ENDED_HERE
            raise
        finally:  # whatever went wrong: without a client the external port is closed
            self._links.remove(link, reason)

    def linked(self, link: ControlLink) -> None:
        """A client's link stands."""
        self._links.add(link)
        link.say_state(self._standing())

    def leaving(self, link: ControlLink) -> None:
        """A client takes no more sessions."""
        self._links.leave(link)

    def draining(self, link: ControlLink, *, on: bool) -> None:
        """A client's administrator lets no session begin, or lets them begin again."""
        self._log.write("link", Level.INFO, f"Client {link.client} {'is drained' if on else 'takes sessions again'}")
        self._links.drain(link, on=on)

    def carries_events(self, link: ControlLink) -> bool:
        """Whether this link is the one that takes the events inside."""
        return self._links.carries_events(link)

    def has_room(self) -> None:
        """Some events have been taken over."""
        self._links.has_room()

    def protocol(self, key: str) -> int:
        """Return what was agreed with a client; for a link that has ended, what every client speaks."""
        return self._links.protocol(key)

    def barred(self, mark: str) -> str:
        """Say why a client whose certificate has this mark may not be linked, "" if it may."""
        return self._clients.barred(mark)

    async def _watch_clients(self) -> None:
        """A token may end while its client is linked, and nobody says so then. They are told how the server is."""
        while True:
            self._end_barred()
            self._links.say_state(self._standing())
            await asyncio.sleep(CLIENTS_SECONDS)

    def _end_barred(self) -> None:
        self._links.refuse(self._clients.barred)
        self._table.clients_changed()

    def session(self, opening: m.SessionOpening, tls: AsyncTls, peer: Peer, source: str) -> str | None:
        """Take a session link: a ticket's, or one that wants a partner dialled."""
        client = self._links.client_of(peer.key)
        if isinstance(opening, m.Ticket):
            return None if self._opening.redeem(opening.ticket, client, tls) else "the ticket is not good"
        if not client:
            return "this client has no control link"
        if self._life.is_ending:
            return "the server is ending"
        if problem := self._license.problem():
            return f"the license does not hold: {problem}"
        if self._in_force.version and self._first_lists.awaited:
            return "the revocation lists have not come yet"
        refused = self._opening.dial(opening, tls, source, client, peer.mark)
        if refused:
            about = {"partner": opening.partner, "direction": "outgoing", "reason": refused}
            self.report("SES-FAILED", opening.session, **about)
        return refused

    # --- sessions ---------------------------------------------------------------------------------------------------

    async def _enter(self, admitted: Admitted) -> None:
        await self._opening.enter(admitted, self._links.next())

    def session_refused(self, session: str, reason: str) -> None:
        """The client will not serve a session."""
        self._opening.refused(session, reason)

    def session_ending(self, link: ControlLink, message: m.SessionEnding) -> None:
        """The client says what ends a session: passed on to its process, if it is that client's."""
        running = self._table.assignment(message.session)
        end = message.end("inside")
        if running and running.client == link.client and end:
            self._table.told(message.session, end)

    def _session_ends(self, assignment: Assignment, end: SessionEnd) -> None:
        self._links.tell(assignment.client, assignment.session, end)

    def _keep(self, event: Event) -> None:
        self._links.keep(event)

    def license_withdrawn(self, link: ControlLink) -> None:
        """The client says that Seonapi has withdrawn the license shown on its link, which ends: told once of each."""
        if link.serial not in self._withdrawn:
            self._withdrawn.add(link.serial)
            self.report("LIC-WITHDRAWN", serial=link.serial, proxy_id=self._ephemeral.proxy_id)

    # --- configuration ----------------------------------------------------------------------------------------------

    def configuration_version(self) -> int:
        """Return the version in force."""
        return self._in_force.version

    def follow(self) -> None:
        """Let sessions go by the configuration and the lists in force: after each change of one of them."""
        in_force = self._in_force
        self._table.follow(lambda claim: in_force.barred(claim, self.lists()), traced_by(in_force.configuration))

    def _witness(self, shown: tuple[bytes, ...]) -> Evidence:
        """Return the evidence of a partner that a session process has dialled. Raises PkiError."""
        evidence = self._in_force.witnessed([peer_certificate(der) for der in shown], self.lists())
        if evidence.chain:
            self._points.of_chain(evidence.chain)
        return evidence

    async def deliver(self, delivery: m.Delivery) -> None:
        """Put a configuration in force, or keep the one before and say why."""
        async with self._applying:
            try:
                if delivery.standing != _NOT_SAID:
                    self._clients.take(bytes(delivery.standing))
                in_force = await put_in_force(delivery, self._ephemeral)
            except (NotUsable, IdentityError) as error:
                self.report("CFG-BAD", version=delivery.version, reason=str(error))
                return
            if not self._outgoing_available(in_force):
                return
            self._end_barred()
            say_changes(self._log, in_force.version, self._in_force.configuration, in_force.configuration)
            self._in_force = in_force
            self._revocations.follow(in_force.configuration.crls)
            self._points.of_anchors(in_force.trust.anchors)
            self.follow()
            self.report("CFG-NEW", version=in_force.version)
            if reason := misfit(in_force.configuration.limits):
                self.report("CFG-HOST", version=in_force.version, reason=reason)
            if in_force.missing():
                self.report("CFG-EMPTY", version=in_force.version, missing=in_force.missing())
            self._look_at_ports()

    # --- revocation -------------------------------------------------------------------------------------------------

    def lists(self) -> RevocationLists:
        """Return the revocation lists in force at the moment of the call: other ones may come at any time."""
        return self._revocations.lists

    def take_blob(self, name: str, octets: bytes | bytearray) -> None:
        """Take a revocation list that has come."""
        self._revocations.take(name, octets)

    def _list_done(self) -> None:
        """A list was taken, or found unusable."""
        self._links.look_for_blobs()
        if self._first_lists.awaited:
            self._look_at_ports()

    def missing_blobs(self) -> tuple[str, ...]:
        """Return which revocation lists to ask for now."""
        return self._revocations.missing()

    def crls_to_say(self, said: Said) -> tuple[CrlSource, ...]:
        """Return distribution points that a link has not said for a day."""
        return self._points.to_say(said)

    def _outgoing_available(self, in_force: InForce) -> bool:
        address = in_force.configuration.outgoing_address
        problem = can_bind(address) if address else None
        if problem:
            self.report("SRV-OUTGOING", address=address, reason=problem)
            self._life.stop(EXIT_FATAL, f"outgoing address {address} is not available")
        return problem is None
