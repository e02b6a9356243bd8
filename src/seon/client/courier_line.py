"""The main's end of the line to its courier: questions with answers, events kept until they are on disk."""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from seon.api_messages import Enrolled, SealedKey, SealedKeyWanted
from seon.client.courier import messages as c
from seon.config import ProxyConfiguration
from seon.events import Event
from seon.link.messages import LinkError
from seon.process.outbox import Outbox

ANSWER_SECONDS = 60.0
T = TypeVar("T")


class CourierLine:
    """Talks to the courier. `run` ends when the courier does: without it the client is of no use."""

    def __init__(
        self,
        sock: socket.socket,
        on_configuration: Callable[[ProxyConfiguration], None],
        on_state: Callable[[c.ApiState], None],
    ) -> None:
        self._sock = sock
        self._on_configuration = on_configuration
        self._on_state = on_state
        self._sending = asyncio.Lock()
        self._outbox = Outbox()
        self._room = asyncio.Event()
        self._when_kept: deque[Callable[[], None] | None] = deque()
        self._enrolling: asyncio.Future[Enrolled] | None = None
        self._sealing: dict[str, asyncio.Future[SealedKey]] = {}
        self._kept: asyncio.Future[int] | None = None
        self._blobs: dict[str, asyncio.Future[bytes]] = {}
        self._resolving: dict[str, asyncio.Future[tuple[str, ...]]] = {}

    async def run(self) -> None:
        """Serve the line until the courier is gone."""
        feeder = asyncio.create_task(self._feed())
        try:
            while (octets := await c.receive(self._sock)) is not None:
                self._hear(c.from_courier.decode(octets))
        except (OSError, LinkError):
            return
        finally:
            feeder.cancel()
            await asyncio.gather(feeder, return_exceptions=True)

    # --- questions --------------------------------------------------------------------------------------------------

    async def enrol(self, csr: str) -> Enrolled:
        """Return a link certificate; waits as long as Seonapi is away."""
        self._enrolling = asyncio.get_running_loop().create_future()
        await self._say(c.Enrol(csr))
        return await self._enrolling

    async def ask_now(self) -> None:
        """Pass on the server's question for a changed configuration (mission B4)."""
        await self._say(c.AskNow())

    async def sealed(self, wanted: SealedKeyWanted) -> SealedKey:
        """Return the partners' TLS key sealed for a server. Raises ConnectionError, TimeoutError."""
        return await self._ask(self._sealing, wanted.certificate_id, c.WantSealed(wanted))

    async def blob(self, name: str) -> bytes:
        """Return the blob with this SHA-256. Raises ConnectionError, TimeoutError."""
        return await self._ask(self._blobs, name, c.WantBlob(name))

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Return the literal addresses of a name. Raises ConnectionError, TimeoutError."""
        return await self._ask(self._resolving, host, c.Resolve(host))

    async def _ask(self, asked: dict[str, asyncio.Future[T]], key: str, note: c.FromMain) -> T:
        """Ask and wait. Several may wait for one answer, so nobody's time limit may cancel it for the others."""
        future = asked.setdefault(key, asyncio.get_running_loop().create_future())
        await self._say(note)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await asyncio.shield(future)
        except TimeoutError:
            if asked.get(key) is future:
                del asked[key]
            raise

    # --- events -----------------------------------------------------------------------------------------------------

    def keep(self, event: Event, when_kept: Callable[[], None] | None = None) -> bool:
        """Queue an event for the spool; `when_kept` is called once it is on disk. False if there is no room."""
        dropped = self._outbox.dropped
        self._outbox.add(event)
        if self._outbox.dropped > dropped:
            return False
        self._when_kept.append(when_kept)
        self._room.set()
        return True

    def lost(self) -> int:
        """Return how many events there was no room for since this was last asked."""
        lost, self._outbox.dropped = self._outbox.dropped, 0
        return lost

    async def flushed(self, seconds: float) -> None:
        """Wait until every event is on disk, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(self._outbox):
                    await asyncio.sleep(0.02)

    async def _feed(self) -> None:
        """Send the oldest events whenever there are any and the courier has kept the ones before."""
        while True:
            await self._room.wait()
            self._room.clear()
            batch = self._outbox.batch(c.EVENTS_PER_MESSAGE, c.EVENTS_SIZE)
            if batch:
                self._kept = asyncio.get_running_loop().create_future()
                await self._say(c.Keep(batch))
                self._forget(await self._kept)

    def _forget(self, count: int) -> None:
        self._outbox.taken(count)
        for _ in range(count):
            when_kept = self._when_kept.popleft()
            if when_kept:
                when_kept()
        if len(self._outbox):
            self._room.set()

    # --- hearing ----------------------------------------------------------------------------------------------------

    def _hear(self, note: c.FromCourier) -> None:
        match note:
            case c.Kept():
                _answer(self._kept, note.count)
            case c.NewConfiguration():
                self._on_configuration(note.configuration)
            case c.HaveEnrolled() if self._enrolling:
                _answer(self._enrolling, note.answer)
            case c.GotSealed():
                problem = None if note.key else ConnectionError(note.problem)
                _answer(self._sealing.pop(note.certificate_id, None), note.key, problem)
            case c.GotBlob():
                problem = ConnectionError(note.problem) if note.problem else None
                _answer(self._blobs.pop(note.name, None), note.octets, problem)
            case c.Resolved():
                problem = None if note.addresses else ConnectionError(note.problem)
                _answer(self._resolving.pop(note.host, None), note.addresses, problem)
            case c.ApiState():
                self._on_state(note)

    async def _say(self, note: c.FromMain) -> None:
        await c.send(self._sock, self._sending, note)


def _answer(future: asyncio.Future[Any] | None, answer: object, problem: Exception | None = None) -> None:
    if future is None or future.done():
        return
    if problem:
        future.set_exception(problem)
    else:
        future.set_result(answer)
