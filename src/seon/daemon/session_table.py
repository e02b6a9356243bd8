"""The sessions of one main, on either host: counted, forked, watched, ended. One piece of code for both."""

import asyncio
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seon.admission.limits import SessionCounts
from seon.config import Limits
from seon.daemon import children, line
from seon.daemon.log import Log
from seon.daemon.session import Task, session_title
from seon.daemon.session_events import Report
from seon.events import Event
from seon.oftp2.reasons import EndReason

ENDING_SECONDS = 7.0
"""What a session is given to say its ESID, close, and report: more than the pump's 5 s."""
KILLED_SECONDS = 2.0

Failed = Callable[[str], None]
"""Told why a session did not come about."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the main lends to its sessions."""

    program: str
    log: Log
    report: Report
    happened: Callable[[Event], None]
    """Takes the events that session processes report."""


class SessionTable:
    """A session is reserved first, so that limits hold while it is being brought about; then started, or released."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._our = surroundings
        self._counts = SessionCounts()
        self._running: dict[str, tuple[children.Child, Task]] = {}
        self._watchers: set[asyncio.Task[None]] = set()
        self._traced: Callable[[Task], bool] = _as_begun

    def reserve(self, partner: str, limits: Limits, *, rated: bool = True) -> str | None:
        """Count a session that is to begin; return the limit that it would break instead, or None."""
        return self._counts.begin(partner, limits, time.monotonic(), rated=rated)

    def release(self, partner: str) -> None:
        """Take back a reservation."""
        self._counts.end(partner)

    def start(
        self, task: Task, own: Sequence[socket.socket], body: children.Body, start_seconds: float, failed: Failed
    ) -> None:
        """Fork the process of a reserved session; `failed` is told if it does not come about within the time.

        The caller closes its copies of `own` right after.
        """

        def on_message(message: line.FromSession) -> None:
            if isinstance(message, line.Happened):
                self._our.happened(message.event)
                if message.event.code == "SES-FAILED":
                    failed(str(message.event.fields.get("reason", "")))

        try:
            child = children.fork(session_title(self._our.program, task), own, body, self._our.log, on_message)
        except OSError as error:
            self.release(task.partner)
            self._fail(task, str(error), failed)
            return
        self._running[task.session] = (child, task)
        child.tracing = task.trace
        child.trace(self._traced(task))
        watcher = asyncio.create_task(self._watch(task, child, start_seconds, failed))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)

    def has(self, session: str) -> bool:
        """Whether a session of this id is running."""
        return session in self._running

    def end_where(self, unwanted: Callable[[Task], bool]) -> None:
        """End the sessions that may not go on."""
        for child, task in self._running.values():
            if unwanted(task):
                child.end(EndReason.UNSPECIFIED, "the partner may not enter any more")

    def trace_where(self, traced: Callable[[Task], bool]) -> None:
        """Let these sessions write a trace and no others: running ones, and those that begin until the next call."""
        self._traced = traced
        for child, task in self._running.values():
            child.trace(traced(task))

    async def end_all(self, seconds: float) -> None:
        """Give running sessions so long to end, then end them, then kill what is left."""
        await self._wait(seconds)
        for child, _ in self._running.values():
            child.end(EndReason.EMERGENCY_CLOSE, "the proxy is ending")
        await self._wait(ENDING_SECONDS)
        for child, _ in self._running.values():
            child.kill()
        await self._wait(KILLED_SECONDS)

    async def _wait(self, seconds: float) -> None:
        if self._watchers:
            await asyncio.wait(list(self._watchers), timeout=seconds)

    async def _watch(self, task: Task, child: children.Child, start_seconds: float, failed: Failed) -> None:
        done, _ = await asyncio.wait([child.ended], timeout=start_seconds)
        if not done and not child.running:
            self._fail(task, f"no start within {start_seconds:g} s", failed)
            child.kill()
        status = await child.ended
        self.release(task.partner)
        del self._running[task.session]
        if status != 0:
            reason = f"signal {-status}" if status < 0 else f"exit status {status}"
            self._our.report("SES-KILLED", pid=child.pid, partner=task.partner, reason=reason)
            failed(reason)

    def _fail(self, task: Task, reason: str, failed: Failed) -> None:
        self._our.report("SES-FAILED", partner=task.partner, direction=task.direction, reason=reason)
        failed(reason)


def _as_begun(task: Task) -> bool:
    return task.trace
