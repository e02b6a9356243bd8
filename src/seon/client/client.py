"""The client joins its parts: courier, link, ports and sessions. One thread, one loop; it reads no OFTP2."""

import asyncio
import gc
import os
import socket
from functools import partial
from pathlib import Path

from seon import addresses
from seon.api_messages import LiveListener, Order, OrderDone, OrdersDone
from seon.build import this_build
from seon.client.control import ControlLink
from seon.client.courier import messages as c
from seon.client.courier_line import CourierLine, Ears
from seon.client.dmz_events import DmzEvents, DmzPace
from seon.client.findings import Findings
from seon.client.in_force import EMPTY, InForce, NotUsable, put_in_force
from seon.client.linking import Linking
from seon.client.live import LinkSeen, Live, Own, Sessions
from seon.client.opening import NAME, Link, Opening
from seon.client.orders import Does, NotDoneError, Orders
from seon.client.outward import client_name
from seon.client.readiness import Readiness
from seon.client.receive_daemon import ReceiveDaemonWatch
from seon.client.rights import Rights
from seon.client.supply import Supply
from seon.client.uplink import Uplink
from seon.client.wanted import wanted_ports
from seon.config import ProxyConfiguration
from seon.daemon.assigning import traced_by
from seon.daemon.changes import say_changes
from seon.daemon.detail import Detail
from seon.daemon.host import misfit
from seon.daemon.life import Life
from seon.daemon.log import Log
from seon.daemon.ports import Port, Ports
from seon.daemon.recorder import Recorder
from seon.daemon.session_table import Seen, SessionTable, Surroundings
from seon.daemon.tasks import Tasks
from seon.endings import SessionEnd
from seon.events import Event
from seon.link import messages as m
from seon.net.ends import caller_of
from seon.process.levels import Level
from seon.session.assignment import Assignment
from seon.wording import fill

FLUSH_SECONDS, HURRIED_FLUSH_SECONDS = 5.0, 1.0
"""How long an end waits until the last events are on disk; the second: when somebody wants it to end at once."""
NO_SESSION = "no such session runs at this client"
DRAINED = "the client is drained: the administrator lets no session begin"
ACKNOWLEDGED_SECONDS = 5.0
"""How long the end of a link by order waits until Seonapi knows that it was done: else the next start of this client
would get the same order."""
LOST_RIGHTS_SECONDS = 2.0
"""How long sessions may hold up the end of a link that may not be any more, so that they can say why they end."""
PORTS_SECONDS = 5.0
"""How long an end waits until the listening ports are closed."""
EXIT_LINK, EXIT_COURIER, EXIT_REFUSED, EXIT_AWAY = 3, 4, 5, 6
"""EXIT_LINK: an established link has ended (mission A7); the service manager starts the client again. EXIT_REFUSED,
EXIT_AWAY: Seonapi has refused this client, or has not served it, for as long as the administrator allows."""
_API_STATES = {
    "away": "CLI-NOAPI",
    "refused": "CLI-TOKEN",
    "back": "CLI-API",
    "spool": "CLI-SPOOL",
    "spooled": "CLI-SPOOLED",
    "rejected": "CLI-REJECTED",
    "unreadable": "CLI-UNREADABLE",
    "courier": "CLI-COURIER",
}


class Client:
    """Holds what is in force, and decides nothing that one of its parts can decide."""

    def __init__(self, life: Life, log: Log, home: Path, sock: socket.socket, begin: c.Begin) -> None:
        self._life = life
        self._log = log
        self._server = addresses.shown(begin.host, begin.port)
        self._in_force = EMPTY
        self._recorder = Recorder("inside", log, self._keep, "CLI-FAULT")
        self.report = self._recorder.report
        self._tasks = Tasks(self._recorder.trouble)
        self._readiness = Readiness(life, self._server, begin.wait)
        ears = Ears(
            self._configured, self._api_state, self._seonapi_given_up, log.write, log.level_changed, self._ordered
        )
        self._courier = CourierLine(sock, begin.pid, ears)
        self._sessions = Sessions(self._seen)
        surroundings = Surroundings(
            NAME, log, self.report, self._keep, self._session_ends, self._tasks, self._sessions.changed
        )
        self._table = SessionTable(surroundings)
        self._opening = Opening(surroundings, self._table, home, self._now)
        self._ports: Ports[None] = Ports(self._let_out, self, Detail(log, "client"))
        self._findings = Findings()
        self._supply = Supply(self._courier, self.report, log)
        self._rights = Rights()
        uplink = Uplink(self._courier, begin, client_name(), self._rights, Detail(log, "link"))
        self._linking = Linking(uplink, self._server, self.report, log, self._tasks)
        self._control: ControlLink | None = None
        self._link: Link | None = None
        self._lost_rights = False
        """The client ends, since Seonapi has withdrawn its token or the server's license."""
        self._dmz_pace = DmzPace(self.report)
        self._dmz_events: DmzEvents
        self._supplying: asyncio.Task[None] | None = None
        self._link_seen = LinkSeen(self._server)
        self._daemon = ReceiveDaemonWatch(self._courier.resolve)
        self._live = Live(self._link_seen, self._daemon, self._sessions, self._own, self._courier.live)
        self._draining = False
        """No session begins, until an administrator says otherwise or this client ends."""
        self._orders = Orders(self._by_order())
        self._ends_by_order = False

    def _by_order(self) -> dict[str, Does]:
        return {
            "kill": self._kill,
            "drain": self._drain,
            "resume": self._drain,
            "end-link": self._end_link,
            "trace": self._trace,
            "untrace": self._trace,
        }

    # --- life -------------------------------------------------------------------------------------------------------

    async def live(self) -> int:
        """Serve until a signal, the end of an established link, or the courier's; return the exit status."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._recorder.uncaught)
        self._life.begin(self._state, self._settings_changed)
        gc.freeze()
        self._life.show("starting")
        self.report("CLI-START", version=this_build().short, server=self._server)
        courier = asyncio.create_task(self._courier.run())  # it outlives the others: it takes the last events
        courier.add_done_callback(self._courier_ended)
        self._settings_changed()  # the courier has not heard of any yet
        for job, name in (
            (self._linking.run(self, partial(self._life.stop, EXIT_LINK)), "keeping the link"),
            (self._ports.run(), "keeping the ports"),
            (self._life.watch_settings(self._settings_changed), "watching the log settings"),
        ):
            self._tasks.start(job, name).add_done_callback(self._vital_ended)
        self._tasks.start(self._life.beat(), "telling the watchdog")
        self._tasks.start(self._readiness.run(), "saying when it is ready")
        self._tasks.start(self._daemon.run(), "asking for the receive daemon")
        self._tasks.start(self._live.run(), "saying what runs")
        status, reason = await self._life.ended()
        self._readiness.ended(status, reason)
        if not await self._life.unless_hurried(self._finish(status, reason)):
            await self._table.kill_all()
            await self._courier.flushed(HURRIED_FLUSH_SECONDS)
        await self._tasks.end()
        courier.cancel()
        await asyncio.gather(courier, return_exceptions=True)
        return status

    async def _finish(self, status: int, reason: str) -> None:
        self.report("CLI-END", reason=reason)
        self._look_at_ports()
        try:
            await asyncio.wait_for(self._ports.settled(), PORTS_SECONDS)
        except TimeoutError:
            self._log.write("client", Level.ERROR, "The listening ports were not closed in time")
        if self._control:
            await self._control.leave()
        await self._end_sessions(status)
        await self._say_bye(reason)  # only now: what has ended the last sessions crosses before it
        if status != EXIT_COURIER:
            await self._courier.flushed(FLUSH_SECONDS)

    async def _end_sessions(self, status: int) -> None:
        """End the sessions: at once where the right to have any has gone, and then they do not hold up the link."""
        unlinked = status == EXIT_LINK and self._link is None
        drain = 0 if self._lost_rights else self._now().configuration.limits.drain_seconds
        ending = asyncio.ensure_future(self._table.end_all(drain, "unlinked" if unlinked else "shutdown"))
        if self._control and self._lost_rights:
            await asyncio.wait([ending], timeout=LOST_RIGHTS_SECONDS)
            await self._say_bye("the client may not be linked any more")
        await ending

    async def _say_bye(self, reason: str) -> None:
        if self._control:
            await self._control.bye(reason)

    def _state(self) -> list[str]:
        """Return a report of all that there is, in lines."""
        control, newest = self._control, self._supply.newest
        link = f"Linked to server {self._server}, protocol {control.protocol}, {control.hello.build}" if control else ""
        return [
            f"State of client {this_build()}, process {os.getpid()}",
            link or f"Not linked to server {self._server}",
            *(["Drained: no session begins, since the administrator wants it"] if self._draining else []),
            *self._ports.state(),
            f"Configuration {newest.version} in force" if newest else "No configuration yet",
            self._courier.state(),
            *self._table.state(),
        ]

    def _settings_changed(self) -> None:
        """Which lines are written has changed: who makes them needs to know."""
        self._table.verbosity_changed()
        self._tasks.start(self._courier.verbosity(self._log.verbosity()), "telling the courier what is worth while")

    def _courier_ended(self, task: "asyncio.Task[str]") -> None:
        if not task.cancelled():
            self._life.stop(
                EXIT_COURIER, f"internal error: {task.exception()!r}" if task.exception() else task.result()
            )

    def _seonapi_given_up(self, note: c.Ending) -> None:
        self._life.stop(EXIT_REFUSED if note.why == "refused" else EXIT_AWAY, note.reason)

    def _vital_ended(self, task: "asyncio.Task[None]") -> None:
        """Without link or ports the client is of no use; an end that was wanted cancels both."""
        if not task.cancelled():
            self._life.stop(EXIT_LINK, f"internal error while {task.get_name()}")

    # --- the link (linking.Linked, control.Owner) ---------------------------------------------------------------------

    def linked(self, control: ControlLink, link: Link) -> None:
        """A link stands."""
        self._control, self._link = control, link
        self._link_seen.up(control.hello)
        self._dmz_events = DmzEvents(self._courier, self._dmz_pace, partial(self._acknowledge, control))
        self._supply_over(control)
        self.report("CLI-LINKED", server=self._server, proxy_id=control.hello.proxy_id)
        self._look_at_ports()
        if self._draining:
            self._say_draining()
        self._may_be_linked(control)  # Seonapi may have said something else since it was dialled

    def unlinked(self, reason: str) -> None:
        """There is no link any more."""
        self._control = self._link = None
        self._link_seen.down(reason)
        self._supply_over(None)
        self.report("LNK-DOWN", reason=reason)
        self._look_at_ports()

    def not_linked(self, reason: str) -> None:
        """The server could not be linked; it is tried again."""
        if self._control is None:  # else it is the renewal of a link that stands
            self._link_seen.down(reason)

    def server_state(self, message: m.ServerState) -> None:
        """The server says how it is."""
        self._link_seen.says(message)

    def _supply_over(self, control: ControlLink | None) -> None:
        if self._supplying:
            self._supplying.cancel()
        self._supplying = None
        if control:
            self._supplying = self._tasks.start(self._supply.serve(control), "supplying the server")
            self._supplying.add_done_callback(self._vital_ended)

    async def configuration_wanted(self, known: int) -> None:
        """Send the configuration to the server if it is newer than what it knows; ask Seonapi besides."""
        if known >= 0:
            await self._courier.ask_now()
        newest = self._supply.newest
        if newest and newest.version != known:
            self._supply.want_configuration()

    def blobs_wanted(self, names: tuple[str, ...]) -> None:
        """Get blobs from Seonapi for the server, one after the other."""
        self._supply.want_blobs(names)

    # --- configuration and ports --------------------------------------------------------------------------------------

    def _configured(self, configuration: ProxyConfiguration) -> None:
        """A new version has come from Seonapi: in force here at once, and on its way to the server.

        What it says of licenses counts in any case, also where the rest cannot be followed here.
        """
        self._rights.configured(configuration.client.licenses)
        try:
            in_force = put_in_force(configuration.client)
        except NotUsable as error:
            self.report("CFG-BAD", version=configuration.version, reason=str(error))
            if self._control:
                self._may_be_linked(self._control)
            return
        say_changes(self._log, configuration.version, self._in_force.configuration, in_force.configuration)
        self._in_force, self._supply.newest = in_force, configuration
        self._table.follow(in_force.barred, traced_by(in_force.configuration))
        self._daemon.follow(in_force.configuration.receive_daemon)
        self.report("CFG-NEW", version=configuration.version)
        if reason := misfit(self._now().configuration.limits):
            self.report("CFG-HOST", version=configuration.version, reason=reason)
        self._look_at_ports()
        if self._control and self._may_be_linked(self._control):
            self._supply.want_configuration()

    def _may_be_linked(self, control: ControlLink) -> bool:
        """Whether this link has all its rights; if it has lost one, the link ends, and with it this client."""
        if self._lost_rights:
            return False
        if self._rights.refused:
            self._life.stop(EXIT_LINK, "Seonapi refuses this client")
        elif not self._rights.holds(control.serial):
            self.report("LIC-WITHDRAWN", serial=control.serial, proxy_id=control.hello.proxy_id)
            self._tasks.start(control.license_withdrawn(), "telling the server that its license was withdrawn")
            self._life.stop(EXIT_LINK, "the server's license was withdrawn")
        else:
            return True
        self._lost_rights = True
        return False

    def _now(self) -> InForce:
        """Return what is in force with the linked server."""
        return self._in_force.at(self._control.hello.proxy_id) if self._control else self._in_force

    def _look_at_ports(self) -> None:
        """Something that decides about ports may have changed."""
        linked, ending = self._link is not None, self._life.is_ending
        why = "the configuration has changed" if linked else "there is no server"
        if linked and ending:
            why = "the client is ending"
        elif linked and self._draining:
            why = DRAINED
        serves = linked and not ending and not self._draining
        self._ports.want(wanted_ports(self._in_force.configuration, linked=serves), why)

    def opened(self, port: Port[None]) -> None:
        """A port is open (daemon.ports.Tell)."""
        self.report("CLI-LISTEN", address=port.shown, partner=port.owner)

    def closed(self, port: Port[None], why: str) -> None:
        """A port is closed."""
        self._log.write("client", Level.INFO, f"Listening port {port.shown} for partner {port.owner} closed: {why}")

    def not_opened(self, port: Port[None], why: str) -> None:
        """A port cannot be opened."""
        self.report("CLI-PORT", address=port.shown, partner=port.owner, reason=why)

    # --- sessions -----------------------------------------------------------------------------------------------------

    def open_session(self, message: m.OpenSession) -> str | None:
        """A partner has come in at the server; what the server says of it is checked against our own copy.

        Returns why the session is refused at once, or None; a later failure is said to the server by itself.
        """
        control, link = self._control, self._link
        if control is None or link is None or self._in_force is EMPTY:
            return "there is no configuration yet"
        if self._life.is_ending:
            return "the client is ending"
        if self._draining:
            return DRAINED

        def failed(reason: str) -> None:
            self._tasks.start(control.refuse(message.session, reason), "refusing a session")

        return self._opening.incoming(message, link, failed)

    async def _let_out(self, port: Port[None], sock: socket.socket, source: str, number: int) -> None:
        if self._link and not self._draining:
            self._opening.outgoing(sock, caller_of(sock, source, number), port.owner, self._link)

    def session_ending(self, message: m.SessionEnding) -> None:
        """The server says what ends a session: a claim, for one that runs here."""
        if end := message.end("dmz"):
            self._table.told(message.session, end)

    def _session_ends(self, assignment: Assignment, end: SessionEnd) -> None:
        if self._control:
            message = m.SessionEnding.of(assignment.session, end)
            self._tasks.start(self._control.say_ending(message), "saying what ends a session")

    # --- what runs, and what an administrator wants of it -------------------------------------------------------------

    def _own(self) -> Own:
        """Return what is told of the client itself."""
        configuration, newest = self._in_force.configuration, self._supply.newest
        reasons = [(port, self._ports.why_closed(port)) for port in wanted_ports(configuration, linked=True)]
        listeners = [LiveListener(port.address, port.number, port.owner, not why, why[:500]) for port, why in reasons]
        return Own(newest.version if newest else 0, self._draining, listeners)

    def _seen(self, session: str) -> Seen | None:
        return self._table.seen(session)

    def _ordered(self, note: c.Ordered) -> None:
        done = self._orders.take(note.orders.orders, note.at)
        self._tasks.start(self._acknowledge_orders(done), "acknowledging orders")

    async def _acknowledge_orders(self, done: tuple[OrderDone, ...]) -> None:
        await self._courier.orders_done(OrdersDone(done), ACKNOWLEDGED_SECONDS)
        if self._ends_by_order:
            self._life.stop(EXIT_LINK, "the administrator wants the link to end")

    def _kill(self, order: Order) -> str:
        if not self._table.end_one(order.session, 5 if order.reason == 5 else 99):
            raise NotDoneError(NO_SESSION)
        self._log.write("session", Level.INFO, f"[{order.session}] is ended, since the administrator wants it")
        return "the session was told to end"

    def _trace(self, order: Order) -> str:
        if not self._table.trace_one(order.session, on=order.what == "trace"):
            raise NotDoneError(NO_SESSION)
        return "the session writes a trace" if order.what == "trace" else "the session writes no trace any more"

    def _drain(self, order: Order) -> str:
        wanted = order.what == "drain"
        if wanted != self._draining:
            self._draining = wanted
            self.report("CLI-DRAINED" if wanted else "CLI-RESUMED")
            self._look_at_ports()
            self._say_draining()
        running = fill("{count:# session runs|# sessions run|no session runs}", {"count": len(self._table)})
        return f"no session begins any more; {running}" if wanted else "sessions may begin again"

    def _say_draining(self) -> None:
        if self._control:
            self._tasks.start(self._control.draining(self._draining), "saying that the client is drained, or not")

    def _end_link(self, _: Order) -> str:
        if self._control is None:
            raise NotDoneError("there is no link to the server")
        self._ends_by_order = True
        return "the link ends, and with it this client"

    # --- events -------------------------------------------------------------------------------------------------------

    def _keep(self, event: Event) -> None:
        """Keep an event for Seonapi; it is in the log already."""
        self._readiness.happened(event)
        first = partial(self._readiness.works, "spool") if event.code == "CLI-START" else None
        if self._courier.keep(event, first) and (lost := self._courier.lost()):
            self.report("CLI-LOST", count=lost)

    def events(self, message: m.Events) -> None:
        """Keep the server's events."""
        self._dmz_events.take(message)

    async def found(self, message: m.Finding) -> None:
        """Pass on what the server has found in a certificate, unless it is too much."""
        if post := self._findings.post(message):
            await self._courier.post(post)

    def _acknowledge(self, control: ControlLink, up_to: int) -> None:
        if control is self._control:  # else another link has come; the server sends them again there
            self._tasks.start(control.events_taken(up_to), "acknowledging events")

    def _api_state(self, note: c.ApiState) -> None:
        self.report(_API_STATES[note.state], reason=note.reason, seconds=note.seconds)
        if note.state in ("refused", "back"):
            self._rights.refused = note.state == "refused"
        if self._control:  # if the token was withdrawn, what it had opened ends with it
            self._may_be_linked(self._control)
