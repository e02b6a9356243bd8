"""The server joins its parts: links bring the configuration, the gate brings partners, sessions bring both together.

One thread, one loop. It does handshakes and admission, and reads no OFTP2.
"""

import asyncio
import contextlib
import gc
import os
import time
from collections.abc import Coroutine
from pathlib import Path

import setproctitle

from seon.daemon import home as homes
from seon.daemon.home import StartError
from seon.daemon.log import Level, Log
from seon.daemon.memory import scrub_freed
from seon.daemon.outbox import EventMaker, Outbox
from seon.daemon.session_table import Surroundings
from seon.daemon.signals import ENDING
from seon.events import Event, Value
from seon.link import messages as m
from seon.link.identity import License
from seon.link.sealing import EphemeralKey, wipe
from seon.net.channel import TlsError
from seon.net.context import forget_all_keys, link_listener
from seon.net.dial import can_bind
from seon.net.stream import AsyncTls
from seon.server.control import ControlLink
from seon.server.files import load_identity, read_license
from seon.server.gate import Admitted, Gate
from seon.server.in_force import EMPTY, InForce, NotUsable, put_in_force
from seon.server.internal import InternalPort
from seon.server.sessions import NAME, Sessions

LICENSE_CHECK_SECONDS = 60.0
WARN_DAYS = 30
LAST_EVENTS_SECONDS = 5.0
"""How long an end waits until its events have been taken over (mission A4)."""
DAY = 86_400.0

EXIT_OK, EXIT_START, EXIT_FATAL = 0, 1, 2


class Server:
    """Joins the parts: links bring configuration, the gate brings partners, sessions bring both together."""

    def __init__(self, log: Log, ephemeral: EphemeralKey, license_: License, license_path: Path) -> None:
        self._log = log
        self._ephemeral = ephemeral
        self._license = license_
        self._license_path = license_path
        self._maker = EventMaker("dmz")
        self._outbox = Outbox()
        self._in_force = EMPTY
        self._blobs: dict[str, bytes] = {}
        self._links: dict[str, ControlLink] = {}
        self._carrier: ControlLink | None = None
        self._jobs: set[asyncio.Task[None]] = set()
        self._sessions = Sessions(Surroundings(NAME, log, self.report, self._happened), self._forget_secrets)
        self._gate = Gate(self.report, self._enter)
        self._end: asyncio.Future[tuple[int, str]]
        self._applying = asyncio.Lock()

    # --- life -------------------------------------------------------------------------------------------------------

    async def live(self, port: InternalPort) -> int:
        """Serve until a signal or a fatal error; return the exit status."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._log.uncaught)
        self._end = loop.create_future()
        for number in ENDING:
            loop.add_signal_handler(number, self._stop, EXIT_OK, f"signal {number.name}")
        gc.freeze()
        self._show_title()
        jobs = [asyncio.create_task(port.serve()), asyncio.create_task(self._watch_license(port))]
        for job in jobs:  # neither ends by itself
            job.add_done_callback(lambda _: self._stop(EXIT_FATAL, "internal error"))
        status, reason = await self._end
        await self._finish(reason)
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        return status

    async def _finish(self, reason: str) -> None:
        self.report("SRV-END", reason=reason)
        await self._gate.close("the server is ending")
        await self._sessions.table.end_all(self._in_force.configuration.limits.drain_seconds)
        await self._events_gone()
        for link in list(self._links.values()):
            await link.bye(reason)
        self._log.line(Level.DEBUG, f"Server process {os.getpid()} ended: {reason}")

    async def _events_gone(self) -> None:
        """Wait until the client has taken the last events, if there is one, at most 5 s."""
        until = time.monotonic() + LAST_EVENTS_SECONDS
        while self._links and len(self._outbox) and time.monotonic() < until:
            await asyncio.sleep(0.05)

    def _stop(self, status: int, reason: str) -> None:
        if not self._end.done():
            self._end.set_result((status, reason))

    # --- events -----------------------------------------------------------------------------------------------------

    def report(self, code: str, **fields: Value) -> None:
        """Log an event and keep it for the inside."""
        event = self._maker.make(code, **fields)
        self._log.event(event)
        self._happened(event)

    def _happened(self, event: Event) -> None:
        self._outbox.add(event)
        for link in self._links.values():
            link.wake.set()

    # --- links (internal.Links, control.Owner) ------------------------------------------------------------------------

    async def control(self, tls: AsyncTls, key: str, source: str) -> None:
        """Serve a control link to its end; the external port closes with the last one."""
        link = ControlLink(tls, key, source, self._ephemeral, self._outbox, self.report)
        reason = "internal error"
        try:
            reason = await link.run(self)
        finally:  # whatever went wrong: without a client the external port is closed
            await self._unlinked(link, source, reason)

    async def _unlinked(self, link: ControlLink, source: str, reason: str) -> None:
        if not link.client:  # it ended before or at Hello: another version, say
            self.report("LNK-REFUSED", source=source, reason=reason)
        if self._links.get(link.client) is not link:
            return
        del self._links[link.client]
        self._hand_over(link, next(iter(self._links.values()), None))
        self.report("LNK-DOWN", reason=reason)
        if not self._links:
            await self._gate.close("no client is connected")
            self._show_title()

    def _hand_over(self, before: ControlLink | None, after: ControlLink | None) -> None:
        """Let another link carry the events, if `before` was the one that did."""
        if self._carrier is before:
            self._carrier = after
            if after:
                after.wake.set()

    def carries_events(self, link: ControlLink) -> bool:
        """Whether this link is the one that takes the events inside."""
        return link is self._carrier

    def has_room(self) -> None:
        """Some events have been taken over: say now how many there was no room for."""
        lost, self._outbox.dropped = self._outbox.dropped, 0
        if lost:
            self.report("SRV-LOST", count=lost)

    def linked(self, link: ControlLink) -> None:
        """A client's link stands; it takes the place of an older one of the same client."""
        old = self._links.pop(link.client, None)
        if old:
            old.end_now()
        self._links[link.client] = link
        self._hand_over(old, link)
        self.report("LNK-UP", client=link.client, source=link.source)
        link.wake.set()
        if self._in_force.version:
            self._keep(self._open_gate())

    def session(self, opening: m.SessionOpening, tls: AsyncTls, key: str, source: str) -> str | None:
        """Take a session link: a ticket's, or one that wants a partner dialled."""
        if isinstance(opening, m.Ticket):
            return None if self._sessions.redeem(opening.ticket, key, tls) else "the ticket is not good"
        if not any(link.key == key for link in self._links.values()):
            return "this client has no control link"
        if self._end.done():
            return "the server is ending"
        if self._problem():
            return f"the license does not hold: {self._problem()}"
        return self._sessions.dial(opening, tls, source, self._in_force)

    def session_refused(self, session: str, reason: str) -> None:
        """The client will not serve a session."""
        self._sessions.refused(session, reason)

    def configuration_version(self) -> int:
        """Return the version in force."""
        return self._in_force.version

    async def deliver(self, delivery: m.Delivery) -> None:
        """Put a configuration in force, or keep the one before and say why."""
        async with self._applying:
            try:
                in_force = put_in_force(delivery, self._ephemeral)
            except NotUsable as error:
                self.report("CFG-BAD", version=delivery.version, reason=str(error))
                return
            if not self._outgoing_available(in_force):
                return
            self._in_force = in_force
            wanted = in_force.configuration.crls
            self._blobs = {name: octets for name, octets in self._blobs.items() if name in wanted}
            self.report("CFG-NEW", version=in_force.version)
            if in_force.missing():
                self.report("CFG-EMPTY", version=in_force.version, missing=in_force.missing())
            self._sessions.follow(in_force)
            await self._open_gate()

    def take_blob(self, name: str, octets: bytes) -> None:
        """Keep a blob in memory as long as the configuration in force names it."""
        if name in self._in_force.configuration.crls:
            self._blobs[name] = octets

    def missing_blobs(self) -> tuple[str, ...]:
        """Return what the configuration in force names and is not here."""
        return tuple(name for name in self._in_force.configuration.crls if name not in self._blobs)

    def _outgoing_available(self, in_force: InForce) -> bool:
        address = in_force.configuration.outgoing_address
        problem = can_bind(address) if address else None
        if problem:
            self.report("SRV-OUTGOING", address=address, reason=problem)
            self._stop(EXIT_FATAL, f"outgoing address {address} is not available")
        return problem is None

    async def _open_gate(self) -> None:
        if self._links and not self._problem():
            await self._gate.open(self._in_force)
        self._show_title()

    # --- partners -----------------------------------------------------------------------------------------------------

    async def _enter(self, admitted: Admitted) -> None:
        link = next(iter(self._links.values()), None)
        if link:  # the next session goes to the next client
            self._links[link.client] = self._links.pop(link.client)
        await self._sessions.enter(admitted, link, self._in_force)

    # --- license ------------------------------------------------------------------------------------------------------

    def _problem(self) -> str | None:
        return self._license.problem_at(time.time())

    async def _watch_license(self, port: InternalPort) -> None:
        """Warn ahead, take over a renewed file, close the external port when the license ends."""
        warned = ended = False
        while True:
            self._renew(port)
            left = self._license.not_after - time.time()
            until = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(self._license.not_after))
            if left <= 0 and not ended:
                self.report("LIC-END", until=until)
                await self._gate.close("the license has ended")
            elif ended and left > 0:
                await self._open_gate()
            elif left < WARN_DAYS * DAY and not warned:
                self.report("LIC-SOON", days=max(0, int(left // DAY)), until=until)
            warned, ended = left < WARN_DAYS * DAY, left <= 0
            await asyncio.sleep(min(LICENSE_CHECK_SECONDS, max(0.5, left)))

    def _renew(self, port: InternalPort) -> None:
        """A renewal counts only under the same CA key: a new anchor needs a person's hand and a restart."""
        with contextlib.suppress(StartError, TlsError):
            found = read_license(self._license_path, self._ephemeral.proxy_id)
            if found == self._license or found.problem_at(time.time()) or found.ca_key != self._license.ca_key:
                return
            pem = load_identity(homes.home(), make=False)
            port.context = link_listener(found.certificate_pem, pem, found.ca_pem)
            wipe(pem)
            scrub_freed()
            self._license = found
            self._log.line(Level.INFO, "A renewed license was taken over")

    # --- the rest -----------------------------------------------------------------------------------------------------

    def _forget_secrets(self) -> None:
        """In a session process: give up every key this main holds."""
        self._ephemeral.forget()
        forget_all_keys()
        scrub_freed()

    def _show_title(self) -> None:
        state = f"{len(self._links)} client connected" if self._links else "waiting for a client"
        setproctitle.setproctitle(f"seon_proxyserver2: main, {state}")

    def _keep(self, job: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(job)  # the loop keeps only weak references
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
