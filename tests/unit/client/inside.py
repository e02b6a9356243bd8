"""A whole client in this process, with courier and server that the test plays: for processes of their own."""

import asyncio
import contextlib
import os
import socket
import time
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seon.api_messages import Enrolled, LiveState, Order, OrderDone, Orders, OrdersDone
from seon.client.client import Client
from seon.client.courier import messages as c
from seon.config import (
    FORMAT,
    ClientConfiguration,
    ClientPartner,
    Limits,
    OutgoingListener,
    ProxyConfiguration,
    ReceiveDaemon,
)
from seon.daemon.life import Life
from seon.daemon.log import Log
from seon.daemon.message_stream import MessageStream
from seon.events import Event
from seon.link import messages as m
from seon.link.codec import Decoder, encode
from seon.link.identity import issue_client_certificate, issue_license, new_link_ca, proxy_id_of, read_license
from seon.link.sealing import EphemeralKey
from seon.net.context import CONTROL, KeyedContext, accepting, link_listener
from seon.net.stream import AsyncTls
from seon.pki import pem_of, pem_of_key

CONTROLS: Decoder[m.FromClient] = Decoder(m.FromClient)
OPENINGS: Decoder[m.SessionOpening] = Decoder(m.SessionOpening)


class Inside:
    """The client, its courier and its server."""

    def __init__(self, directory: str) -> None:
        os.environ["SEON_HOME"] = directory
        self.ca_key, self.ca = new_link_ca()
        identity = Ed25519PrivateKey.generate()
        self.proxy_id = proxy_id_of(identity.public_key())
        self.ephemeral = EphemeralKey(identity)
        self.licenses: list[str] = []
        """Serials of all that were issued here: those in force, unless a scene says otherwise."""
        self.context = self.context_of(identity)
        self.log = Log(Path(directory), "log")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        ours, self._courier = socket.socketpair()
        for sock in (ours, self._courier):
            sock.setblocking(False)
        begin = c.Begin("dmz", self.listener.getsockname()[1], False)
        self.main = Life("seon_proxyclient2", "client", self.log)
        self.client = Client(self.main, self.log, Path(directory), ours, begin)
        self.life = 3_600
        """Seconds that a link certificate is said to live."""
        self.kept: list[Event] = []
        self.hold = False
        """Whether the courier's disk is full."""
        self._held: list[MessageStream] = []
        self.live: LiveState | None = None
        """What was said last of what runs."""
        self.done: list[OrderDone] = []
        """Orders that were acknowledged."""
        self.controls: asyncio.Queue[MessageStream] = asyncio.Queue()
        self.sessions: asyncio.Queue[tuple[m.SessionOpening, AsyncTls]] = asyncio.Queue()
        self._saying = asyncio.Lock()
        self._jobs: set[asyncio.Task[None]] = set()

    def context_of(self, identity: Ed25519PrivateKey) -> KeyedContext:
        """Return the context of a server of this installation."""
        license_ = issue_license(self.ca_key, self.ca, proxy_id_of(identity.public_key()), 5)
        self.licenses.append(read_license(license_.encode()).serial)
        chain = license_.partition("-----END CERTIFICATE-----\n")
        pem = pem_of_key(identity)
        return link_listener(chain[0] + chain[1], pem, pem_of(self.ca))

    def play(self, scene, tasks=None) -> int:
        """Run the client while the scene plays; return its exit status, of which the scene is the cause.

        `tasks`: a task factory.
        """

        async def live() -> int:
            asyncio.get_running_loop().set_task_factory(tasks)
            async with asyncio.timeout(40):
                for job in (self._be_courier(), self._be_server()):
                    self._jobs.add(asyncio.create_task(job))
                living = asyncio.create_task(self.client.live())
                self.ended = living
                await asyncio.sleep(0)
                await scene(self)
                self.stop()
                status = await living
                for task in self._jobs:
                    task.cancel()
                await asyncio.gather(*self._jobs, return_exceptions=True)
                return status

        with self.listener, self._courier:
            return asyncio.run(live())

    def stop(self) -> None:
        """End the client as a signal does."""
        self.main.stop(0, "signal SIGTERM")

    def logged(self, text: str) -> bool:
        """Whether the log has it."""
        return self.log.path.exists() and text in self.log.path.read_text()

    async def until(self, text: str) -> None:
        """Wait for words in the log."""
        while not self.logged(text):
            await asyncio.sleep(0.01)

    # --- the courier --------------------------------------------------------------------------------

    async def say(self, note) -> None:
        """Say something as the courier."""
        await c.send(self._courier, self._saying, note)

    async def _be_courier(self) -> None:
        with contextlib.suppress(OSError):
            while octets := await c.receive(self._courier):
                match c.from_main.decode(octets):
                    case c.Enrol(number, csr):
                        certificate = issue_client_certificate(self.ca_key, self.ca, csr, [self.proxy_id])
                        moment = int(time.time()) + self.life
                        pems = pem_of(certificate), pem_of(self.ca)
                        answer = Enrolled(*pems, (self.proxy_id,), moment, "b", FORMAT, FORMAT, tuple(self.licenses))
                        await self.say(c.HaveEnrolled(number, answer))
                    case c.Resolve(host):
                        await self.say(c.Resolved(host, ("127.0.0.1",)))
                    case c.Live(state):
                        self.live = state
                    case c.Post(call="orders-done", body=body, number=number):
                        self.done += msgspec.json.decode(body, type=OrdersDone).orders
                        await self.say(c.Posted(number))
                    case c.Keep(first_number, events):
                        self._jobs.add(asyncio.create_task(self._write(first_number, events)))

    async def _write(self, first_number: int, events: tuple[Event, ...]) -> None:
        while self.hold:
            await asyncio.sleep(0.01)
        self.kept += events
        with contextlib.suppress(OSError):
            await self.say(c.Kept(first_number + len(events) - 1))

    async def order(self, what: str, session: str = "", reason: int = 99, number: int = 0) -> OrderDone:
        """Give an order as Seonapi does; return what became of it."""
        count = len(self.done)
        order = Order(f"order-{number or count:04}", what, session, reason)
        await self.say(c.Ordered(Orders((order,)), time.monotonic()))
        while len(self.done) == count:
            await asyncio.sleep(0.005)
        return self.done[-1]

    async def runs(self, condition) -> LiveState:
        """Wait until what runs is so; return it."""
        while not (self.live and condition(self.live)):
            await asyncio.sleep(0.01)
        return self.live

    async def configure(self, version: int = 1, **fields) -> None:
        """Let Seonapi have a configuration for the client, and wait until it is in force."""
        await self.offer(version, **fields)
        await self.until(f"Configuration {version} in force")

    async def offer(self, version: int, **fields) -> None:
        """Let Seonapi have a configuration for the client."""
        known = {"partners": (ClientPartner("P1", "One"),), "limits": Limits(drain_seconds=1, connect_seconds=2),
                 "licenses": tuple(self.licenses)}  # fmt: skip
        client, nothing = ClientConfiguration(**{**known, **fields}), msgspec.Raw(b"{}")
        made = ProxyConfiguration(version, nothing, client, servers={self.proxy_id: nothing})
        await self.say(c.NewConfiguration(made))

    # --- the server ---------------------------------------------------------------------------------

    async def _be_server(self) -> None:
        while True:
            sock, _ = await asyncio.get_running_loop().sock_accept(self.listener)
            sock.setblocking(False)
            self._jobs.add(asyncio.create_task(self._serve(AsyncTls(sock, accepting(self.context.context)))))

    async def _serve(self, tls: AsyncTls) -> None:
        await tls.handshake()
        if tls.channel.connection.get_alpn_proto_negotiated() == CONTROL:
            stream = MessageStream(tls, CONTROLS)
            e = self.ephemeral
            hello = m.ServerHello(
                m.PROTOCOL, m.PROTOCOL, FORMAT, FORMAT, "b", time.time(), e.proxy_id, 0, e.mlkem_key, e.x25519_key,
                e.signature,
            )  # fmt: skip
            await stream.send(hello)
            await stream.receive()
            self._held.append(stream)
            await self.controls.put(stream)
        else:
            await self.sessions.put((await MessageStream(tls, OPENINGS).receive(), tls))

    async def next(self, stream: MessageStream, kind):
        """Return the server's next message of a kind."""
        while not isinstance(message := await stream.receive(), kind):
            pass
        return message

    async def join(self) -> tuple[m.SessionOpening, AsyncTls]:
        """Take the next session link, and say that the OFTP2 stream begins."""
        opening, tls = await self.sessions.get()
        await tls.write(encode(m.Joined("P1", "TLSv1.3 X")))
        return opening, tls


def opening(partner: str = "P1", session: str = "session-1") -> m.OpenSession:
    """Return what the server says of a partner that has come in."""
    return m.OpenSession(bytes(range(16)), session, partner, "192.0.2.1:5", "0" * 64)


class Station:
    """A receive daemon that answers with a text and collects what comes."""

    def __init__(self, greeting: bytes) -> None:
        self.greeting, self.heard, self.accepted = greeting, b"", 0
        """`accepted`: connections, without those that only ask whether it is there."""

    @contextlib.asynccontextmanager
    async def serving(self):
        """Serve on a free port; yields where."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield ReceiveDaemon("127.0.0.1", server.sockets[0].getsockname()[1])
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.greeting)
        await asyncio.sleep(0.05)
        self.accepted += not reader.at_eof()
        while octets := await reader.read(65_536):
            self.heard += octets
        writer.close()


def listener(port: int) -> OutgoingListener:
    """Return a listening port of the client for partner P1."""
    return OutgoingListener(port, "P1")
