"""The main process of seon_proxyclient2: dials the server, keeps the link, forks the session processes.

It is executed by `client.start` with a descriptor to its courier, and never sees token, URL or a name server.
"""

import asyncio
import gc
import os
import socket
import sys
from collections.abc import Coroutine

import msgspec
import setproctitle

from seon import __version__, addresses
from seon.client import courier_messages as c
from seon.client.control import ControlLink, SilentError
from seon.client.courier_line import CourierLine
from seon.client.listeners import Listeners
from seon.client.sessions import NAME, Link, Sessions
from seon.client.supply import Supply
from seon.client.uplink import LINK_ERRORS, Uplink
from seon.config import ProxyConfiguration
from seon.daemon import home as homes
from seon.daemon.home import StartError
from seon.daemon.log import Level, Log
from seon.daemon.memory import forbid_dumps
from seon.daemon.outbox import EventMaker
from seon.daemon.pidfile import PidFile
from seon.daemon.session_table import Surroundings
from seon.daemon.signals import ENDING, handle_levels
from seon.events import MAX_ID, Event, Value, may_come_from_dmz
from seon.link import messages as m

LOG_NAME = "seon_proxyclient"
PID_NAME = "seon_proxyclient2.pid"
BACKOFF = (1, 2, 5, 10, 30)
DIAL_SECONDS = 10.0
FLUSH_SECONDS = 5.0
EXIT_OK, EXIT_START, EXIT_LINK, EXIT_COURIER = 0, 1, 3, 4
"""EXIT_LINK: an established link has ended (mission A7); the service manager starts the client again."""


def main() -> int:
    """Run the main to its end; return the exit status."""
    forbid_dumps()
    sock = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(sock.fileno(), False)
    begin = _begin(sock)
    if begin is None:
        return EXIT_START
    home = homes.home()
    log = Log(home, LOG_NAME, echo=begin.echo)
    pid_file = PidFile(home / PID_NAME)
    try:
        log.check()
        pid_file.write()
    except OSError as error:
        sys.stderr.write(f"The log {log.path} cannot be written: {error.strerror}\n")
        return EXIT_START
    except StartError as error:
        log.line(Level.FATAL, str(error))
        sys.stderr.write(f"{error}\n")
        return EXIT_START
    handle_levels(log)
    try:
        return asyncio.run(Client(log, sock, begin).live())
    finally:
        pid_file.remove()


def _begin(sock: socket.socket) -> c.Begin | None:
    async def first() -> c.Begin | None:
        sock.setblocking(False)
        octets = await c.receive(sock)
        note = c.from_courier.decode(octets) if octets else None
        return note if isinstance(note, c.Begin) else None

    return asyncio.run(first())


_API_STATES = {
    "away": "CLI-NOAPI",
    "refused": "CLI-TOKEN",
    "back": "CLI-API",
    "spool": "CLI-SPOOL",
    "rejected": "CLI-REJECTED",
}


class Client:
    """Joins the parts: courier, control link, listeners, sessions."""

    def __init__(self, log: Log, sock: socket.socket, begin: c.Begin) -> None:
        self._log = log
        self._begin = begin
        self._server = addresses.shown(begin.host, begin.port)
        self._maker = EventMaker("inside")
        self._courier = CourierLine(sock, self._configured, self._api_state)
        self._sessions = Sessions(Surroundings(NAME, log, self.report, self._happened))
        self._listeners = Listeners(self.report, self._outgoing)
        self._supply = Supply(self._courier, self.report, log)
        self._control: ControlLink | None = None
        self._link: Link | None = None
        self._supplying: asyncio.Task[None] | None = None
        self._batch = 0
        """Events of the server that are not on disk yet."""
        self._uplink = Uplink(self._courier, begin, f"{socket.gethostname()}:{homes.home()}"[:120])
        self._jobs: set[asyncio.Task[None]] = set()
        self._end: asyncio.Future[tuple[int, str]]

    # --- life -------------------------------------------------------------------------------------------------------

    async def live(self) -> int:
        """Serve until a signal, the end of an established link, or the courier's; return the exit status."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._log.uncaught)
        self._end = loop.create_future()
        for number in ENDING:
            loop.add_signal_handler(number, self._stop, EXIT_OK, f"signal {number.name}")
        gc.freeze()
        self._show_title("starting")
        self.report("CLI-START", version=__version__, server=self._server)
        courier = asyncio.create_task(self._courier.run())
        courier.add_done_callback(lambda _: self._stop(EXIT_COURIER, "the courier process is gone"))
        linking = asyncio.create_task(self._keep_linked())
        linking.add_done_callback(self._linking_ended)
        status, reason = await self._end
        linking.cancel()
        await self._finish(status, reason)
        courier.cancel()
        await asyncio.gather(courier, linking, *self._jobs, return_exceptions=True)
        return status

    async def _finish(self, status: int, reason: str) -> None:
        self.report("CLI-END", reason=reason)
        await self._listeners.follow(())
        if self._control:
            await self._control.bye(reason)
        await self._sessions.table.end_all(self._drain_seconds())
        for job in self._jobs:
            job.cancel()
        if status != EXIT_COURIER:
            await self._courier.flushed(FLUSH_SECONDS)
        self._log.line(Level.DEBUG, f"Client process {os.getpid()} ended: {reason}")

    def _drain_seconds(self) -> float:
        newest = self._supply.newest
        return newest.client.limits.drain_seconds if newest else 0.0

    def _stop(self, status: int, reason: str) -> None:
        if not self._end.done():
            self._end.set_result((status, reason))

    def _linking_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception():
            self._stop(EXIT_LINK, f"internal error: {task.exception()!r}")

    # --- the link ---------------------------------------------------------------------------------------------------

    async def _keep_linked(self) -> None:
        await self._uplink.enrol()
        self._keep(self._uplink.renew_forever())
        tries = 0
        while True:
            try:
                control = await self._dial()
            except LINK_ERRORS as error:
                seconds = BACKOFF[min(tries, len(BACKOFF) - 1)]
                if tries == 0:
                    reason = str(error) or "no answer in time"
                    self.report("CLI-NOSERVER", server=self._server, reason=reason, seconds=seconds)
                tries += 1
                await asyncio.sleep(seconds)
                continue
            tries = 0
            try:
                reason = await self._serve(control)
            except SilentError as silence:
                self._unlinked(str(silence))
                continue
            self._unlinked(reason)
            self._stop(EXIT_LINK, f"the link has ended: {reason}")
            return

    async def _serve(self, control: ControlLink) -> str:
        """Serve the link to its end; after a renewal a new one, with the new certificate, takes its place."""
        serving = asyncio.create_task(control.run(self))
        while True:
            renewed = asyncio.create_task(self._uplink.renewed.wait())
            await asyncio.wait([serving, renewed], return_when=asyncio.FIRST_COMPLETED)
            renewed.cancel()
            if serving.done():
                return serving.result()
            self._uplink.renewed.clear()
            fresh = await self._dial_anew()
            if fresh:
                serving.cancel()  # the server has ended the old link already
                serving = asyncio.create_task(fresh.run(self))

    async def _dial(self) -> ControlLink:
        control, self._link = await self._uplink.dial()
        self._control, self._batch = control, 0
        if self._supplying:
            self._supplying.cancel()
        self._supplying = asyncio.create_task(self._supply.serve(control))
        self.report("CLI-LINKED", server=self._server, proxy_id=control.hello.proxy_id)
        self._show_title(f"linked to {self._server}")
        newest = self._supply.newest
        self._keep(self._listeners.follow(newest.client.listeners if newest else ()))
        return control

    async def _dial_anew(self) -> ControlLink | None:
        try:
            return await self._dial()
        except LINK_ERRORS as error:
            self._log.line(Level.ERROR, f"No link with the renewed certificate yet: {error}")
            return None

    def _unlinked(self, reason: str) -> None:
        self._control = self._link = None
        if self._supplying:
            self._supplying.cancel()
        self.report("LNK-DOWN", reason=reason)
        self._show_title("not linked")
        self._keep(self._listeners.follow(()))

    # --- configuration ------------------------------------------------------------------------------------------------

    def _configured(self, configuration: ProxyConfiguration) -> None:
        """A new version has come from Seonapi: in force here at once, and on its way to the server."""
        self._supply.newest = configuration
        self.report("CFG-NEW", version=configuration.version)
        self._sessions.follow(configuration.client)
        if self._control:
            self._keep(self._listeners.follow(configuration.client.listeners))
            self._supply.want_configuration()

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

    # --- sessions -----------------------------------------------------------------------------------------------------

    def open_session(self, message: m.OpenSession) -> str | None:
        """A partner has come in at the server; what the server says of it is checked against our own copy.

        Returns why the session is refused at once, or None; a later failure is said to the server by itself.
        """
        control, newest = self._control, self._supply.newest
        if control is None or self._link is None or newest is None:
            return "there is no configuration yet"

        def failed(reason: str) -> None:
            assert control is not None
            self._keep(control.refuse(message.session, reason))

        return self._sessions.incoming(message, newest.client, self._link, failed)

    def _outgoing(self, sock: socket.socket, source: str, partner: str) -> None:
        newest = self._supply.newest
        if self._link and newest:
            self._sessions.outgoing(sock, source, partner, newest.client, self._link)

    # --- events -------------------------------------------------------------------------------------------------------

    def report(self, code: str, **fields: Value) -> None:
        """Log an event and keep it for Seonapi."""
        event = self._maker.make(code, **fields)
        self._log.event(event)
        self._happened(event)

    def _happened(self, event: Event) -> None:
        if self._courier.keep(event) and (lost := self._courier.lost()):
            self.report("CLI-LOST", count=lost)

    def events(self, message: m.Events) -> None:
        """Keep the server's events, stamped as the DMZ's, and acknowledge the batch once all of it is on disk.

        Raises LinkError for a batch before the last was acknowledged, and for events that are not the DMZ's to send.
        """
        if self._batch:
            raise m.LinkError("events came before the last ones were acknowledged")
        if not all(may_come_from_dmz(event) for event in message.events):
            raise m.LinkError("an event came that a server has no reason to send")
        control, self._batch = self._control, len(message.events)

        def kept() -> None:
            if control is not self._control:
                return  # another link has come; the server sends them again there
            self._batch -= 1
            if not self._batch and control:
                self._keep(control.events_taken(len(message.events)))

        for event in message.events:
            if not self._courier.keep(_stamped(event), kept):
                kept()  # no room: lost, and counted as such by whoever keeps them

    def _api_state(self, note: c.ApiState) -> None:
        self.report(_API_STATES[note.state], reason=note.reason, seconds=note.seconds)
        if note.state == "refused" and self._control:  # the token was withdrawn: what it had opened ends with it
            self._stop(EXIT_LINK, "Seonapi refuses this client")

    # --- the rest -----------------------------------------------------------------------------------------------------

    def _show_title(self, state: str) -> None:
        setproctitle.setproctitle(f"seon_proxyclient2: main, {state}")

    def _keep(self, job: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(job)  # the loop keeps only weak references
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)


def _stamped(event: Event) -> Event:
    """Return an event of the DMZ marked as such: no id of the inside begins so, whatever the server calls its own."""
    return msgspec.structs.replace(event, hop="dmz", id=f"dmz.{event.id}"[:MAX_ID])


if __name__ == "__main__":
    sys.exit(main())
