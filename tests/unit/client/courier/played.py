"""What the tests of the courier share: the main at the other end of the line, and Seonapi's usual answers."""

import asyncio
import socket

import msgspec

from seon import api_messages as a
from seon.client.courier import messages as c
from seon.config import FORMAT, OLDEST_FORMAT, ClientConfiguration, ProxyConfiguration
from seon.process.events import EventMaker

BEGIN = c.Begin("dmz.example", 2878, True)
ENROLLED = a.Enrolled("c", "ca", ("0" * 64 + "px",), 5, "b", FORMAT, FORMAT)
MAKER = EventMaker("inside")


class Main:
    """The main's end of the line."""

    def __init__(self, sock: socket.socket, courier: asyncio.Task[str]) -> None:
        self.sock, self.courier = sock, courier
        self._lock = asyncio.Lock()

    async def say(self, note) -> None:
        await c.send(self.sock, self._lock, note)

    async def enrol(self, number: int = 1) -> None:
        await self.say(c.Enrol(number, "csr"))

    async def hear(self, kind):
        """Return the next note of a kind; others are passed over."""
        while True:
            octets = await c.receive(self.sock)
            assert octets is not None, "the courier is gone"
            note = c.from_courier.decode(octets)
            if isinstance(note, kind):
                return note


class Versions:
    """Answers configuration calls as Seonapi does: with another version than the known one, or after a while 204."""

    def __init__(self) -> None:
        self.version = 1
        self.newest_format = FORMAT
        """Of the server's part."""

    async def __call__(self, request) -> tuple[int, bytes]:
        query = request.path.partition("?")[2]
        for _ in range(100 if "wait=50" in query else 1):
            if f"known={self.version}&" not in query:
                wanted = int(query.partition("server_format=")[2])
                if wanted < OLDEST_FORMAT:
                    return 409, b'{"error":"upgrade the host of the server"}'
                parts = msgspec.Raw(b"{}"), ClientConfiguration(), FORMAT, min(wanted, self.newest_format)
                return 200, msgspec.json.encode(ProxyConfiguration(self.version, *parts))
            await asyncio.sleep(0.02)
        return 204, b""


def journal(seonapi, rejects=lambda _: False) -> tuple[list[str], list[int]]:
    """Have Seonapi store events as it does; return the ids it has got, and the octets of each body."""
    stored, sizes = [], []

    def store(request) -> tuple[int, bytes]:
        sizes.append(len(request.body))
        if len(request.body) > a.MAX_BODY:
            return 413, b'{"error":"too long"}'
        batch = msgspec.json.decode(request.body, type=a.EventBatch)
        if any(rejects(event) for event in batch.events):
            return 400, b'{"error":"not an event of ours"}'
        stored.extend(event.id for event in batch.events)
        return 200, msgspec.json.encode(a.EventsStored(len(batch.events)))

    seonapi.answers["events"] = store
    return stored, sizes
