"""The courier: the one process of the client that knows the token, resolves names and talks to Seonapi.

It is started before anything else; the main is executed afresh after that, so that no octet of the token is in its
memory. It ends when the main does. Events are in its spool on disk before they are acknowledged.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from seon.client.courier import messages as c
from seon.client.courier.api import Api
from seon.client.courier.delivery import Delivery
from seon.client.courier.lines import Lines
from seon.client.courier.living import Living
from seon.client.courier.names import resolve
from seon.client.courier.posting import Posting
from seon.client.courier.seonapi import Seonapi
from seon.client.courier.spool import Spool
from seon.client.courier.troubles import Patience, unforeseen
from seon.link.messages import LinkError
from seon.process.levels import Level
from seon.process.signals import LEVELS, OTHERS, let_through

LAST_WORD_SECONDS = 1.0


class MainGoneError(Exception):
    """The main has ended."""


class Courier:
    """Carries between main and Seonapi. Its tasks are one group: if one fails, all end, and the main is told why."""

    def __init__(self, sock: socket.socket, api: Api, spool: Spool, patience: Patience) -> None:
        self._sock = sock
        self._api = api
        self._spool = spool
        self._sending = asyncio.Lock()
        self._seonapi = Seonapi(api, self._say, patience)
        self._delivery = Delivery(api, self._seonapi, spool, self._say, patience)
        self._posting = Posting(api, self._seonapi, self._say)
        self._living = Living(api, self._seonapi, self._delivery.waiting)
        self._lines = Lines(self._say)
        api.tell = partial(self._lines.write, "api", Level.DEBUG)

    async def live(self, begin: c.Begin) -> str:
        """Serve the main until it is gone; what is in the spool then waits for the next start.

        Returns "" then, or why the courier cannot go on; the main has been told.
        """
        reason = ""
        try:
            await self._say(begin)
            async with asyncio.TaskGroup() as tasks:
                self._handle_signals(tasks)
                asyncio.get_running_loop().set_exception_handler(lambda _, context: self._uncaught(tasks, context))
                for part in (self._hear(tasks), self._beat(), self._seonapi.follow(),
                             self._delivery.keep_forever(), self._delivery.deliver_forever(),
                             self._posting.post_forever(), self._living.post_forever()):  # fmt: skip
                    tasks.create_task(part)
        except* MainGoneError:
            pass
        except* LinkError as group:
            reason = f"its main says what it does not understand: {group.exceptions[0]}"
        except* Exception as group:
            reason = unforeseen(group)
        finally:
            await self._finish(reason)
        return reason

    def _handle_signals(self, tasks: asyncio.TaskGroup) -> None:
        """Let signals choose the level of this process. It ends with the main alone, and has no files to open again."""
        loop = asyncio.get_running_loop()
        for number, level in LEVELS.items():
            loop.add_signal_handler(number, self._do, tasks, partial(self._lines.choose, level))
        loop.add_signal_handler(signal.SIGUSR2, self._do, tasks, self._state)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        let_through(OTHERS)

    def _do(self, tasks: asyncio.TaskGroup, job: Callable[[], Coroutine[None, None, None]]) -> None:
        self._ensure(tasks, job())

    async def _state(self) -> None:
        await self._lines.write("courier", Level.INFO, f"State of the courier: {self._delivery.state()}")

    async def _finish(self, reason: str) -> None:
        if reason:
            with contextlib.suppress(MainGoneError, TimeoutError):
                async with asyncio.timeout(LAST_WORD_SECONDS):
                    await self._say(c.Ending("failed", reason))
        await self._api.close()
        self._spool.close()

    async def _hear(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            try:
                octets = await c.receive(self._sock)
            except OSError:
                octets = None
            if octets is None:
                raise MainGoneError
            self._answer(c.from_main.decode(octets), tasks)

    def _answer(self, note: c.FromMain, tasks: asyncio.TaskGroup) -> None:
        match note:
            case c.Keep():
                self._delivery.keep(note)
            case c.Post():
                self._posting.take(note)
            case c.Live() | c.LiveStill():
                self._living.take(note)
            case c.Enrol():
                tasks.create_task(self._seonapi.enrol(note))
            case c.WantSealed():
                tasks.create_task(self._seonapi.seal(note))
            case c.WantBlob():
                tasks.create_task(self._seonapi.blob(note.name))
            case c.Resolve():
                tasks.create_task(self._resolve(note.host))
            case c.AskNow():
                tasks.create_task(self._seonapi.ask_now())
            case c.Verbosity():
                self._lines.follow(note.level)
            case c.ServerReads():
                self._seonapi.server_reads(note.format)

    async def _resolve(self, host: str) -> None:
        await self._say(await resolve(host))

    async def _beat(self) -> None:
        """Let the main know that this process is not stuck, in its disk for example."""
        while True:
            await asyncio.sleep(c.ALIVE_SECONDS)
            await self._say(c.Alive())

    def _uncaught(self, tasks: asyncio.TaskGroup, context: dict[str, Any]) -> None:
        """Be the loop's exception handler: what a library's own task or callback has failed with."""
        error = context.get("exception")
        text = unforeseen(error) if isinstance(error, BaseException) else str(context.get("message", "trouble"))
        self._ensure(tasks, self._say(c.ApiState("courier", text)))

    def _ensure(self, tasks: asyncio.TaskGroup, job: Coroutine[None, None, None]) -> None:
        try:
            tasks.create_task(job)
        except RuntimeError:  # the group is ending: so is the courier
            job.close()

    async def _say(self, note: c.FromCourier) -> None:
        try:
            await c.send(self._sock, self._sending, note)
        except OSError:
            raise MainGoneError from None
