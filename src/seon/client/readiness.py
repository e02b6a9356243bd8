"""When the client counts as ready, what is missing, and who is told: the starting command and the service manager."""

import asyncio
import contextlib
import os
from typing import Literal

import msgspec

from seon.client.waiting import Wait, WaitFor
from seon.daemon.life import Life
from seon.events import Event, describe

Part = Literal["spool", "api", "linked"]
EXIT_NOT_READY = 7
"""The client runs, and has not got in time what the starting command was to wait for."""
_NEEDED: dict[WaitFor, frozenset[Part]] = {
    "": frozenset({"spool", "api", "linked"}),
    "api": frozenset({"spool", "api"}),
    "linked": frozenset({"spool", "api", "linked"}),
}
_GOOD: dict[str, Part] = {"CFG-NEW": "api", "CLI-API": "api", "CLI-LINKED": "linked", "CLI-SPOOLED": "spool"}
_BAD: dict[str, Part] = {
    "CLI-NOAPI": "api",
    "CLI-TOKEN": "api",
    "CLI-NOSERVER": "linked",
    "LNK-DOWN": "linked",
    "CLI-SPOOL": "spool",
}


class Readiness:
    """Follows the events of the client: they say what works and what does not."""

    def __init__(self, life: Life, server: str, wait: Wait) -> None:
        self._life = life
        self._wait = wait
        self._wrong: dict[Part, str] = {
            "spool": "The event spool is not written yet",
            "api": "Seonapi has not answered yet",
            "linked": f"Server {server} has not answered yet",
        }
        """What does not work, and why."""
        self._server = server
        self._said = False
        self._changed = asyncio.Event()

    def happened(self, event: Event) -> None:
        """Take what an event of the client's main says about it."""
        if part := _GOOD.get(event.code):
            self.works(part)
        elif part := _BAD.get(event.code):
            lasting = {name: value for name, value in event.fields.items() if name != "seconds"}
            self._wrong[part] = describe(msgspec.structs.replace(event, fields=lasting))
            self._show()

    def works(self, part: Part) -> None:
        """Note that something works."""
        self._wrong.pop(part, None)
        self._show()

    def _show(self) -> None:
        self._changed.set()
        if not self._life.is_ending:
            linked = "not linked" if "linked" in self._wrong else f"linked to {self._server}"
            self._life.show("; ".join([linked, *self._wrong.values()]))

    async def run(self) -> None:
        """Say it once: as soon as all works, or when the time is over.

        A service manager goes on waiting where the starting command does not: it is told when all works after all.
        """
        needed = _NEEDED[self._wait.what]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._wait.seconds):
                await self._works(needed)
        if not self._say(needed):
            await self._works(needed)
            self._life.ready()

    async def _works(self, needed: frozenset[Part]) -> None:
        while not needed.isdisjoint(self._wrong):
            self._changed.clear()
            await self._changed.wait()

    def _say(self, needed: frozenset[Part]) -> bool:
        """Say how it is; return whether it is ready."""
        missing = [text for part, text in self._wrong.items() if part in needed]
        self._said = True
        if not missing:
            self._life.ready(f"The client runs (process {os.getpid()}), linked to {self._server}"
                             if "linked" in needed else f"The client runs (process {os.getpid()})")  # fmt: skip
            return True
        text = "\n".join([f"The client runs (process {os.getpid()}) and goes on trying:", *missing])
        if self._wait.what or "spool" in self._wrong:
            self._life.not_ready(EXIT_NOT_READY, text)
            return False
        self._life.ready(text)
        return True

    def ended(self, status: int, reason: str) -> None:
        """The client ends: said to the starting command, if it still waits."""
        if not self._said:
            self._said = True
            self._life.not_ready(status or EXIT_NOT_READY, f"The client has ended: {reason}")
