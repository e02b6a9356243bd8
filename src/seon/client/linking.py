"""The link to the server is dialled, renewed, and dialled again: what a client does all its life."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from seon.client.control import ControlLink, Owner, SilentError
from seon.client.opening import Link
from seon.client.uplink import LINK_ERRORS, Uplink
from seon.daemon.log import Log
from seon.daemon.tasks import Tasks
from seon.net.channel import TlsError
from seon.process.backoff import Backoff, Reminder
from seon.process.events import Report
from seon.process.levels import Level


class Linked(Owner, Protocol):
    """What the client does with its link."""

    def linked(self, control: ControlLink, link: Link) -> None:
        """A link stands."""

    def unlinked(self, reason: str) -> None:
        """There is no link any more."""

    def not_linked(self, reason: str) -> None:
        """A try to make one has failed."""


class Linking:
    """Keeps the client linked. An established link that has ended ends the client (mission A7)."""

    def __init__(self, uplink: Uplink, server: str, report: Report, log: Log, tasks: Tasks) -> None:
        self._uplink = uplink
        self._server = server
        self._report = report
        self._log = log
        self._tasks = tasks

    async def run(self, owner: Linked, lost: Callable[[str], None]) -> None:
        """Keep the link; `lost` is told why when an established one has ended, and that is the end of it."""
        await self._enrol_until_it_works()
        self._tasks.start(self._uplink.renew_forever(self._enrol_until_it_works), "renewing the link certificate")
        while True:
            control = await self._dial_until_it_works(owner)
            try:
                reason = await self._serve(control, owner)
            except SilentError as silence:
                owner.unlinked(str(silence))
                continue
            owner.unlinked(reason)
            lost(f"the link has ended: {reason}")
            return

    async def _enrol_until_it_works(self) -> None:
        """Get a certificate; the courier says what is wrong with Seonapi, but not what is wrong with its answer."""
        pauses, reminder, loop = Backoff(), Reminder(), asyncio.get_running_loop()
        while True:
            try:
                return await self._uplink.enrol()
            except TlsError as error:
                seconds = pauses.next()
                if reminder.due(loop.time()):
                    reason = f"the link certificate that it has issued cannot be used: {error}"
                    self._report("CLI-NOAPI", reason=reason, seconds=seconds)
                await asyncio.sleep(seconds)

    async def _dial_until_it_works(self, owner: Linked) -> ControlLink:
        pauses, reminder, loop = Backoff(), Reminder(), asyncio.get_running_loop()
        while True:
            try:
                return await self._dial(owner)
            except LINK_ERRORS as error:
                seconds, reason = pauses.next(), str(error) or "no answer in time"
                owner.not_linked(reason)
                if reminder.due(loop.time()):
                    self._report("CLI-NOSERVER", server=self._server, reason=reason, seconds=seconds)
                await asyncio.sleep(seconds)

    async def _dial(self, owner: Linked) -> ControlLink:
        control, link = await self._uplink.dial()
        owner.linked(control, link)
        return control

    async def _serve(self, control: ControlLink, owner: Linked) -> str:
        """Serve the link to its end; after a renewal a new one, with the new certificate, takes its place."""
        serving = asyncio.create_task(control.run(owner))
        renewed = asyncio.create_task(self._uplink.renewed.wait())
        try:
            while True:
                await asyncio.wait([serving, renewed], return_when=asyncio.FIRST_COMPLETED)
                if serving.done():
                    return serving.result()
                self._uplink.renewed.clear()
                renewed = asyncio.create_task(self._uplink.renewed.wait())
                try:
                    fresh = await self._dial(owner)
                except LINK_ERRORS as error:
                    self._log.write("link", Level.ERROR, f"No link with the renewed certificate yet: {error}")
                    continue
                serving.cancel()  # the server has ended the old link already
                serving = asyncio.create_task(fresh.run(owner))
        finally:
            serving.cancel()
            renewed.cancel()
