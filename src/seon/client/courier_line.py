"""The main's end of the line to its courier: questions with answers, events kept until they are on disk.

The courier is trusted, but not to be alive: it may end, or hang in its disk. Both are told, and nothing waits for it in
silence.
"""

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from seon.api_messages import Enrolled, LiveState, OrdersDone, SealedKey, SealedKeyWanted
from seon.client.courier import messages as c
from seon.config import ProxyConfiguration
from seon.daemon.log import Source
from seon.events import Event
from seon.link.messages import LinkError
from seon.process.backoff import REMINDERS, Reminder
from seon.process.levels import Category, Level
from seon.process.outbox import Outbox
from seon.wording import fill

ANSWER_SECONDS = 60.0
BLOB_SECONDS = 150.0
"""For a blob: longer than the courier waits for it itself."""
SILENT_SECONDS = 3 * c.ALIVE_SECONDS
"""After so long without a word the courier hangs."""
NOTES_A_TURN = 16
"""What is heard of the courier before others have their turn."""
ENDED_SECONDS = 2.0
"""For a process whose end of the line is closed, to be gone."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ears:
    """What the main does with what the courier says by itself."""

    configuration: Callable[[ProxyConfiguration], None]
    state: Callable[[c.ApiState], None]
    end: Callable[[c.Ending], None]
    """The courier says that the client should end."""
    line: Callable[[Category, Level, str, Source], None]
    """A line for the log, and the process it comes from."""
    level: Callable[[Level, Source], None]
    """A signal has set the level of the courier."""
    orders: Callable[[c.Ordered], None] = lambda _: None
    """An administrator wants something of this client."""


class CourierLine:
    """Talks to the courier. `run` ends when the courier does: without it the client is of no use."""

    def __init__(self, sock: socket.socket, pid: int, ears: Ears) -> None:
        self._sock = sock
        self.pid = pid
        self.level: Level | None = None
        """What a signal has set in the courier (daemon.log.Source)."""
        self._ears = ears
        self._heard = time.monotonic()
        self._last_word = ""
        self._sending = asyncio.Lock()
        self._outbox = Outbox()
        self._wake = asyncio.Event()
        """Set when there may be events to send: one has come, or those before are on disk."""
        self._sent_up_to = 0
        self._when_kept: deque[Callable[[], None] | None] = deque()
        self._all_kept = asyncio.Event()
        self._all_kept.set()
        self._numbers = itertools.count(1)
        self._enrolling: dict[int, asyncio.Future[Enrolled]] = {}
        self._sealing: dict[str, asyncio.Future[SealedKey]] = {}
        self._blobs: dict[str, asyncio.Future[bytes | bytearray]] = {}
        self._parts: dict[str, bytearray] = {}
        """What has come of blobs."""
        self._posting: dict[int, asyncio.Future[None]] = {}
        self._resolving: dict[str, asyncio.Future[tuple[str, ...]]] = {}

    async def run(self) -> str:
        """Serve the line until the courier is gone; return how it ended, in words.

        Whatever the callbacks raise ends it, and is raised here.
        """
        self._heard = time.monotonic()
        parts = [asyncio.create_task(part) for part in (self._listen(), self._feed(), self._watch())]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        except LinkError as error:
            return f"the courier process said what cannot be understood: {error}"
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
        return f"the courier process has ended: {self._last_word or await _how_it_ended(self.pid)}"

    # --- questions --------------------------------------------------------------------------------------------------

    async def enrol(self, csr: str) -> Enrolled:
        """Return a link certificate, however long Seonapi gives none: the courier says so again and again meanwhile.

        Several may wait, each for its own.
        """
        number = next(self._numbers)
        future: asyncio.Future[Enrolled] = asyncio.get_running_loop().create_future()
        self._enrolling[number] = future
        try:
            await self._say(c.Enrol(number, csr))
            return await future
        finally:
            del self._enrolling[number]

    async def ask_now(self) -> None:
        """Pass on the server's question for a changed configuration (mission B4)."""
        await self._say(c.AskNow())

    async def verbosity(self, level: Level) -> None:
        """Let the courier know which lines are worth while."""
        await self._say(c.Verbosity(level))

    def state(self) -> str:
        """Return a line about the courier and what waits for it."""
        waiting = fill("{count:# event|# events|no event} waiting for the spool", {"count": len(self._outbox)})
        return f"Courier is process {self.pid}, heard of {time.monotonic() - self._heard:.0f} s ago; {waiting}"

    async def server_reads(self, newest_format: int) -> None:
        """Have the server's part of configurations served in a format that the linked server knows."""
        await self._say(c.ServerReads(newest_format))

    async def sealed(self, wanted: SealedKeyWanted) -> SealedKey:
        """Return the partners' TLS key sealed for a server. Raises ConnectionError, TimeoutError."""
        return await self._ask(self._sealing, wanted.certificate_id, c.WantSealed(wanted))

    async def blob(self, name: str) -> bytes | bytearray:
        """Return the blob with this SHA-256. Raises ConnectionError, TimeoutError."""
        return await self._ask(self._blobs, name, c.WantBlob(name), BLOB_SECONDS)

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Return the literal addresses of a name. Raises ConnectionError, TimeoutError."""
        return await self._ask(self._resolving, host, c.Resolve(host))

    async def _ask(
        self, asked: dict[str, asyncio.Future[T]], key: str, note: c.FromMain, seconds: float | None = None
    ) -> T:
        """Ask and wait. Several may wait for one answer, so nobody's time limit may cancel it for the others."""
        future = asked.setdefault(key, asyncio.get_running_loop().create_future())
        await self._say(note)
        try:
            async with asyncio.timeout(seconds or ANSWER_SECONDS):
                return await asyncio.shield(future)
        except TimeoutError:
            if asked.get(key) is future:
                del asked[key]
            raise

    async def post(self, note: c.Post) -> None:
        """Have a call made that answers nothing; it may be left out."""
        await self._say(note)

    async def orders_done(self, done: OrdersDone, seconds: float) -> None:
        """Acknowledge orders; returns once Seonapi knows it, at the latest after so many seconds."""
        number = next(self._numbers)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._posting[number] = future
        try:
            async with asyncio.timeout(seconds):
                await self._say(c.Post("orders-done", msgspec.Raw(msgspec.json.encode(done)), number))
                await future
        except TimeoutError:
            return
        finally:
            del self._posting[number]

    async def live(self, state: LiveState | None) -> None:
        """Say what runs; None: what was said last still does."""
        await self._say(c.Live(state) if state else c.LiveStill())

    # --- events -----------------------------------------------------------------------------------------------------

    def keep(self, event: Event, when_kept: Callable[[], None] | None = None) -> bool:
        """Queue an event for the spool; `when_kept` is called once it is on disk. False if there is no room."""
        if not self._outbox.add(event):
            return False
        self._when_kept.append(when_kept)
        self._all_kept.clear()
        self._wake.set()
        return True

    def has_room(self) -> bool:
        """Whether `keep` would keep an event."""
        return self._outbox.has_room()

    def lost(self) -> int:
        """Return how many events there was no room for since this was last asked."""
        lost, self._outbox.dropped = self._outbox.dropped, 0
        return lost

    async def flushed(self, seconds: float) -> None:
        """Wait until every event is on disk, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._all_kept.wait()

    async def _feed(self) -> None:
        """Send the oldest events whenever there are any and the courier has kept the ones before."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            first_number = self._outbox.first_number
            if len(self._outbox) and self._sent_up_to < first_number:
                batch = self._outbox.batch(c.EVENTS_PER_MESSAGE, c.EVENTS_SIZE)
                self._sent_up_to = first_number + len(batch) - 1
                await self._say(c.Keep(first_number, batch))

    def _kept(self, up_to: int) -> None:
        """All events up to this number are on disk. Raises LinkError if they were not sent."""
        if up_to > self._sent_up_to:
            raise LinkError(f"event {up_to} was acknowledged, and {self._sent_up_to} was the last that was sent")
        for _ in range(self._outbox.taken_up_to(up_to)):
            when_kept = self._when_kept.popleft()
            if when_kept:
                when_kept()
        if len(self._outbox):
            self._wake.set()
        else:
            self._all_kept.set()

    # --- hearing ----------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Hear the courier until it is gone. Raises LinkError for what cannot be understood."""
        with contextlib.suppress(OSError):
            for number in itertools.count(1):
                octets = await c.receive(self._sock)
                if octets is None:
                    return
                self._heard = time.monotonic()
                self._hear(c.from_courier.decode(octets))
                if number % NOTES_A_TURN == 0:  # receiving what is there already does not let others in
                    await asyncio.sleep(0)

    def _hear(self, note: c.FromCourier) -> None:
        match note:
            case c.Kept():
                self._kept(note.up_to)
            case c.NewConfiguration():
                self._ears.configuration(note.configuration)
            case c.HaveEnrolled() | c.GotSealed() | c.GotBlob() | c.Resolved() | c.Posted():
                self._hear_answer(note)
            case c.Ordered():
                self._ears.orders(note)
            case c.LogLine():
                self._ears.line(note.category, note.level, note.text, self)
            case c.LogLevel():
                self._ears.level(note.level, self)
            case c.ApiState():
                self._ears.state(note)
            case c.Ending(why="failed"):
                self._last_word = note.reason
            case c.Ending():
                self._ears.end(note)

    def _hear_answer(self, note: c.HaveEnrolled | c.GotSealed | c.GotBlob | c.Resolved | c.Posted) -> None:
        match note:
            case c.HaveEnrolled():
                _answer(self._enrolling.get(note.number), note.answer)
            case c.GotSealed():
                problem = None if note.key else ConnectionError(note.problem)
                _answer(self._sealing.pop(note.certificate_id, None), note.key, problem)
            case c.GotBlob():
                self._hear_blob(note)
            case c.Resolved():
                problem = None if note.addresses else ConnectionError(note.problem)
                _answer(self._resolving.pop(note.host, None), note.addresses, problem)
            case c.Posted():
                _answer(self._posting.get(note.number), None)

    def _hear_blob(self, note: c.GotBlob) -> None:
        """Take the next part of a blob; what nobody waits for any more is let go."""
        if note.name not in self._blobs:
            self._parts.pop(note.name, None)
            return
        octets = self._parts.setdefault(note.name, bytearray())
        octets += note.octets
        if note.problem or not note.more:
            del self._parts[note.name]
            problem = ConnectionError(note.problem) if note.problem else None
            _answer(self._blobs.pop(note.name), octets, problem)

    async def _watch(self) -> None:
        """Say that nothing is heard of the courier, again and again while it is so."""
        reminder = Reminder(REMINDERS)
        while True:
            await asyncio.sleep(SILENT_SECONDS / 6)
            now = time.monotonic()
            if now - self._heard < SILENT_SECONDS:
                reminder.reset()
            elif reminder.due(now):
                reason = (
                    f"nothing was heard of it for {int(now - self._heard)} s; is it stopped, or does its disk hang?"
                )
                self._ears.state(c.ApiState("courier", reason))

    async def _say(self, note: c.FromMain) -> None:
        with contextlib.suppress(OSError):  # the courier is gone: `run` is about to say so
            await c.send(self._sock, self._sending, note)


async def _how_it_ended(pid: int) -> str:
    """Return how our child, the courier, has ended; it may still be about to."""
    until = time.monotonic() + ENDED_SECONDS
    while pid > 0 and time.monotonic() < until:
        try:
            found, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            break
        if found:
            code = os.waitstatus_to_exitcode(status)
            return f"exit status {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
        await asyncio.sleep(0.01)
    return "nobody knows why"


def _answer(future: asyncio.Future[Any] | None, answer: object, problem: Exception | None = None) -> None:
    if future is None or future.done():
        return
    if problem:
        future.set_exception(problem)
    else:
        future.set_result(answer)
