"""What the courier asks of Seonapi for its main: certificate, configurations, the sealed key, blobs."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from seon.api_messages import MAX_WAIT, Orders
from seon.client.courier import messages as c
from seon.client.courier.api import Api, ApiError, ApiRefusedError, ApiRejectedError
from seon.client.courier.troubles import Patience, Say, Trouble, duration, words
from seon.config import FORMAT, ProxyConfiguration
from seon.process.backoff import Backoff

T = TypeVar("T")
News = ProxyConfiguration | Orders | None
ORDERS_SECONDS = 0.2
"""Between two looks at orders: they come again until they are acknowledged."""
SOON = 1.0
"""Seconds: a waiting call that is answered sooner, and with nothing new, did not wait."""


class Seonapi:
    """Asks until there is an answer, and lets the main know while there is none."""

    def __init__(self, api: Api, say: Say, patience: Patience) -> None:
        self.enrolled = asyncio.Event()
        """Set once the main has a certificate: what is wrong until then is said of that call alone."""
        self._api = api
        self._say = say
        self._patience = patience
        self._trouble = Trouble("back", say, patience)
        self._ending = False
        self._asking = False
        self._version: int | None = None
        self._server_format = FORMAT
        """The newest that the linked server knows; before there is one, it is taken for one of our version."""
        self._other_format = asyncio.Event()

    async def insist(self, what: str, call: Callable[[], Awaitable[T]]) -> T:
        """Call until it works, with growing pauses. `what` names the call; each may be made once at a time.

        The main is told of what is wrong, again and again while it lasts, and to end if that is too long.
        """
        pauses = Backoff(self._patience.pauses)
        while True:
            try:
                answer = await call()
            except ApiError as error:
                seconds = pauses.next()
                await self._failed(what, error, seconds)
                await asyncio.sleep(seconds)
            else:
                await self._trouble.mended(what)
                return answer

    async def _failed(self, what: str, error: ApiError, seconds: float) -> None:
        state: c.State = "refused" if isinstance(error, ApiRefusedError) else "away"
        hint = "; are both of the same version?" if isinstance(error, ApiRejectedError) else ""
        reason = f"{self._api.shown}: {error}{hint}"
        await self._trouble.found(what, state, reason, seconds)
        await self._end_if_too_long(reason)

    async def _end_if_too_long(self, reason: str) -> None:
        why: c.Why = "refused" if self._trouble.state == "refused" else "away"
        most = self._patience.refused if why == "refused" else self._patience.away
        lasted = self._trouble.lasted()
        if most and lasted >= most and not self._ending:
            self._ending = True
            what = "has refused this client" if why == "refused" else "has not served this client"
            await self._say(c.Ending(why, words(f"Seonapi {what} for {duration(lasted)}: {reason}")))

    # --- the certificate and the configuration ------------------------------------------------------------------------

    async def enrol(self, note: c.Enrol) -> None:
        """Get a certificate for the main's key, however long it takes."""
        answer = await self.insist(f"enrol {note.number}", partial(self._api.enrol, note.csr))
        await self._say(c.HaveEnrolled(note.number, answer))
        self.enrolled.set()

    async def follow(self) -> None:
        """Wait for changed configurations; the call waits at Seonapi, so a change is here at once."""
        loop = asyncio.get_running_loop()
        await self.enrolled.wait()
        while True:
            began, server_format = loop.time(), self._server_format
            asking = asyncio.create_task(self.insist("configuration", self._newer))
            found = await self._unless_another_format(asking)
            if isinstance(found, Orders):
                await self._say(c.Ordered(found, time.monotonic()))
                await asyncio.sleep(ORDERS_SECONDS)
                continue
            if server_format != self._server_format:
                continue  # it is of no use to the server that is linked now
            if found is not None:
                await self._take(found)
            elif loop.time() - began < SOON:
                await asyncio.sleep(SOON)

    def server_reads(self, number: int) -> None:
        """Another server is linked, or another build of it: what it reads is fetched, even if we know the version."""
        if number != self._server_format:
            self._server_format, self._version = number, None
            self._other_format.set()

    async def _unless_another_format(self, asking: "asyncio.Task[News]") -> News:
        """Return the answer, or None when it would be of no use any more."""
        self._other_format.clear()
        changed = asyncio.create_task(self._other_format.wait())
        try:
            both: list[asyncio.Task[Any]] = [asking, changed]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else None
        finally:
            for task in (asking, changed):
                task.cancel()
            await asyncio.gather(asking, changed, return_exceptions=True)

    async def _newer(self) -> News:
        # After a failure it does not wait: that Seonapi is back is said as soon as it is.
        wait = 0 if self._version is None or self._trouble.concerns("configuration") else MAX_WAIT
        return await self._api.orders_or_configuration(self._version, wait, self._server_format)

    async def ask_now(self) -> None:
        """Ask for a changed configuration once. The server may want that as often as it likes: one call at a time."""
        if self._asking:
            return
        self._asking = True
        try:
            found = await self._api.configuration(self._version, 0, self._server_format)
        except ApiError:
            return  # the waiting call says so
        finally:
            self._asking = False
        if found is not None:
            await self._take(found)

    async def _take(self, found: ProxyConfiguration) -> None:
        if found.version != self._version:
            self._version = found.version
            await self._say(c.NewConfiguration(found))

    # --- what the server needs ----------------------------------------------------------------------------------------

    async def seal(self, note: c.WantSealed) -> None:
        """Get the partners' TLS key sealed for a server, or say why not."""
        certificate_id = note.wanted.certificate_id
        try:
            answer = c.GotSealed(certificate_id, await self._api.sealed_key(note.wanted))
        except ApiError as error:
            answer = c.GotSealed(certificate_id, None, words(str(error)))
        await self._say(answer)

    async def blob(self, name: str) -> None:
        """Get a blob and say it in parts, or say why not."""
        try:
            octets = await self._api.blob(name)
        except ApiError as error:
            await self._say(c.GotBlob(name, problem=words(str(error))))
            return
        for at in range(0, max(1, len(octets)), c.BLOB_PART):
            end = at + c.BLOB_PART
            await self._say(c.GotBlob(name, octets[at:end], more=end < len(octets)))
