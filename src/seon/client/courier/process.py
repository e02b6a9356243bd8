"""The courier: the one process of the client that knows the token, resolves names and talks to Seonapi.

It is started before anything else; the main is executed afresh after that, so that no octet of the token is in its
memory. It ends when the main does. Events are in its spool on disk before they are acknowledged.
"""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TypeVar

import setproctitle

from seon.api_messages import EVENTS_PER_BATCH, MAX_WAIT, EventBatch
from seon.client.courier import messages as c
from seon.client.courier.api import Api, ApiError, ApiRefusedError, ApiRejectedError
from seon.client.courier.spool import Spool, SpoolError
from seon.client.courier.token import read_token
from seon.config import ProxyConfiguration
from seon.events import Event
from seon.link.messages import LinkError

T = TypeVar("T")

BACKOFF = (1, 2, 5, 10, 30)
"""Seconds between tries."""
RESOLVE_SECONDS = 10.0


class Courier:
    """Carries between main and Seonapi."""

    def __init__(self, sock: socket.socket, api: Api, spool: Spool) -> None:
        self._sock = sock
        self._api = api
        self._spool = spool
        self._sending = asyncio.Lock()
        self._spooled = asyncio.Event()
        self._to_keep: asyncio.Queue[c.Keep] = asyncio.Queue()
        self._asking = False
        self._problem = ""
        self._enrolled = asyncio.Event()
        self._version: int | None = None
        self._away = False
        self._jobs: set[asyncio.Task[None]] = set()

    async def live(self, begin: c.Begin) -> None:
        """Serve the main until it is gone; what is in the spool then waits for the next start.

        If a part of the courier fails that must not, all of it ends: the main sees that and ends too.
        """
        await self._say(begin)
        self._spooled.set()
        parts = [asyncio.create_task(part()) for part in (self._hear, self._poll, self._deliver, self._keep_events)]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        except (OSError, LinkError):
            return
        finally:
            for task in [*parts, *self._jobs]:
                task.cancel()
            await asyncio.gather(*parts, *self._jobs, return_exceptions=True)
            await self._api.close()
            self._spool.close()

    async def _hear(self) -> None:
        while (octets := await c.receive(self._sock)) is not None:
            await self._answer(c.from_main.decode(octets))

    async def _answer(self, note: c.FromMain) -> None:
        match note:
            case c.Keep():
                self._to_keep.put_nowait(note)  # one at a time: the main waits for its acknowledgement
            case c.Enrol():
                self._start(self._enrol(note.csr))
            case c.WantSealed():
                self._start(self._seal(note))
            case c.WantBlob():
                self._start(self._blob(note.name))
            case c.Resolve():
                self._start(self._resolve(note.host))
            case c.AskNow():
                self._start(self._ask_now())

    def _start(self, job: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    # --- Seonapi ------------------------------------------------------------------------------------------------------

    async def _enrol(self, csr: str) -> None:
        answer = await self._insist(partial(self._api.enrol, csr))
        await self._say(c.HaveEnrolled(answer))
        self._enrolled.set()

    async def _poll(self) -> None:
        """Wait for changed configurations; the call waits at Seonapi, so a change is here at once."""
        await self._enrolled.wait()
        while True:
            wait = 0 if self._version is None else MAX_WAIT
            found = await self._insist(partial(self._api.configuration, self._version, wait))
            if found is not None:
                await self._take(found)

    async def _ask_now(self) -> None:
        if self._asking:
            return  # the server may ask as often as it likes: Seonapi is asked once at a time
        self._asking = True
        try:
            found = await self._api.configuration(self._version, 0)
            if found is not None:
                await self._take(found)
        except ApiError:
            return  # the waiting call says so
        finally:
            self._asking = False

    async def _take(self, found: ProxyConfiguration) -> None:
        if found.version != self._version:
            self._version = found.version
            await self._say(c.NewConfiguration(found))

    async def _seal(self, note: c.WantSealed) -> None:
        certificate_id = note.wanted.certificate_id
        try:
            key = await self._api.sealed_key(note.wanted)
        except ApiError as error:
            await self._say(c.GotSealed(certificate_id, None, str(error)))
        else:
            await self._say(c.GotSealed(certificate_id, key))

    async def _blob(self, name: str) -> None:
        try:
            octets = await self._api.blob(name)
        except ApiError as error:
            await self._say(c.GotBlob(name, problem=str(error)))
        else:
            await self._say(c.GotBlob(name, octets))

    async def _deliver(self) -> None:
        """Bring the spool to Seonapi, oldest first; forget only what it has stored."""
        await self._enrolled.wait()
        while True:
            await self._spooled.wait()
            self._spooled.clear()
            try:
                while await self._deliver_oldest(EVENTS_PER_BATCH):
                    pass
            except SpoolError as error:
                await self._say(c.ApiState("spool", str(error)[:400]))
                await asyncio.sleep(BACKOFF[-1])
                self._spooled.set()

    async def _deliver_oldest(self, most: int) -> bool:
        """Deliver a batch; return whether there was one. Events that Seonapi rejects are set aside, one by one."""
        number, events = self._spool.oldest(most)
        if not events:
            return False
        try:
            stored = await self._insist(partial(self._api.store, EventBatch(events)))
        except ApiRejectedError as error:
            if len(events) > 1:
                return await self._deliver_oldest(len(events) // 2)
            await self._say(c.ApiState("rejected", f"{events[0].id} {events[0].code}: {error}"[:400]))
            stored = 1
        if stored == len(events):
            self._spool.forget(number)
        return True

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Call until it works, with growing pauses; the main is told when Seonapi goes away and comes back."""
        tries = 0
        while True:
            try:
                answer = await call()
            except ApiRejectedError:
                raise
            except ApiError as error:
                seconds = BACKOFF[min(tries, len(BACKOFF) - 1)]
                tries += 1
                if not self._away or tries == 1:
                    state: c.State = "refused" if isinstance(error, ApiRefusedError) else "away"
                    await self._say(c.ApiState(state, f"{self._api.shown}: {error}"[:400], seconds))
                self._away = True
                await asyncio.sleep(seconds)
                continue
            if self._away:
                self._away = False
                await self._say(c.ApiState("back"))
            return answer

    # --- disk and names -----------------------------------------------------------------------------------------------

    async def _keep_events(self) -> None:
        """Write events to the spool and acknowledge them; while the disk is full the hops before keep theirs."""
        while True:
            note, said = await self._to_keep.get(), False
            while not self._kept(note.events):
                if not said:
                    await self._say(c.ApiState("spool", self._problem[:400]))
                said = True
                await asyncio.sleep(BACKOFF[2])
            self._spooled.set()
            await self._say(c.Kept(len(note.events)))

    def _kept(self, events: tuple[Event, ...]) -> bool:
        try:
            self._spool.keep(events)
        except SpoolError as error:
            self._problem = str(error)
            return False
        return True

    async def _resolve(self, host: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError) as error:
            await self._say(c.Resolved(host, (), str(error) or "no answer in time"))
        else:
            await self._say(c.Resolved(host, tuple(dict.fromkeys(str(entry[4][0]) for entry in found))))

    async def _say(self, note: c.FromCourier) -> None:
        await c.send(self._sock, self._sending, note)


def seonapi(url: str, token: str) -> Api:
    """Return Seonapi as the command line names it; `token` as `-T` takes it. Raises StartError."""
    return Api(url, read_token(token))


def live(sock: socket.socket, api: Api, home: Path, begin: c.Begin) -> int:
    """Be the courier to its end; return the exit status."""
    setproctitle.setproctitle("seon_proxyclient2: courier")
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends with the main, after the main's last events
    sock.setblocking(False)
    try:
        spool = Spool(home / "seon_proxyclient.spool")
    except SpoolError as error:
        sys.stderr.write(f"The event spool cannot be opened: {error}\n")
        return 1
    with contextlib.suppress(OSError):
        asyncio.run(Courier(sock, api, spool).live(begin))
    return 0
