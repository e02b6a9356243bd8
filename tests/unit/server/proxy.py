"""A whole server in this process, with a client and a partner that the test plays: for processes of their own."""

import asyncio
import contextlib
import hashlib
import os
import socket
import time
from pathlib import Path

import msgspec
from OpenSSL import SSL

import ports
from certificates import Made, make
from seon.api_messages import SealedKeyWanted
from seon.config import FORMAT, Limits, OwnCertificate, ServerConfiguration, ServerPartner
from seon.daemon.life import Life
from seon.daemon.log import Log
from seon.daemon.message_stream import MessageStream
from seon.events import Event
from seon.link import messages as m
from seon.link.codec import HEADER, Decoder, encode
from seon.link.identity import issue_client_certificate, issue_license, new_link_ca, new_link_request
from seon.link.sealing import EphemeralKey, seal
from seon.link.standing import Standing, signed
from seon.net.context import CONTROL, SESSION, KeyedContext, connecting, link_dialler, partner_dialler
from seon.net.listen import open_listener
from seon.net.stream import AsyncTls
from seon.pki import pem_of, pem_of_key
from seon.server.files import load_identity, load_license, parse_identity
from seon.server.license import LicenseWatch
from seon.server.server import Server

MESSAGES: Decoder[m.FromServer] = Decoder(m.FromServer)
ANSWERS: Decoder[m.SessionAnswer] = Decoder(m.SessionAnswer)


class Partner(Made):
    """One whom the server knows, or not."""

    def dials(self) -> SSL.Connection:
        return connecting(partner_dialler(self.pem, self.key_pem, lambda _: True).context)


class Proxy:
    """The server, its installation, and what the outside and the inside do with it."""

    def __init__(self, directory: str, license_days: int = 30) -> None:
        self.home = Path(directory)
        os.environ["SEON_HOME"] = directory
        self.ca_key, self.ca = new_link_ca()
        pem = load_identity(self.home)
        self.ephemeral = EphemeralKey(parse_identity(pem))
        self.license = self.home / "license"
        self.issue(license_days)
        license_ = load_license(self.license, self.ephemeral.proxy_id, time.time())
        self.ours, partner = make("proxy"), make("partner")
        self.partner = Partner(partner.certificate, partner.key)
        self.log = Log(self.home, "log")
        watch = LicenseWatch(license_, self.license, self.home, self.ephemeral.proxy_id)
        self.listener = open_listener("127.0.0.1", 0)
        self.internal = self.listener.getsockname()[1]
        self.life = Life("seon_proxyserver2", "server", self.log)
        self.server = Server(self.life, self.log, self.home, self.ephemeral, watch, ("127.0.0.1", self.internal))
        with socket.create_server(("127.0.0.1", 0)) as sock:
            self.external = sock.getsockname()[1]
        self.dialler = self._new_dialler()
        self.status: int | None = None
        self.taken: list[Event] = []
        """Events that were acknowledged."""

    def _new_dialler(self, mark: str = "") -> KeyedContext:
        key, csr = new_link_request()
        certificate = issue_client_certificate(self.ca_key, self.ca, csr, [self.ephemeral.proxy_id], mark=mark)
        return link_dialler(pem_of(certificate), pem_of_key(key), pem_of(self.ca))

    def issue(self, days: int) -> None:
        """Put a license of so many days in place."""
        self.license.write_text(issue_license(self.ca_key, self.ca, self.ephemeral.proxy_id, days))
        self.license.chmod(0o600)

    def play(self, scene, tasks=None, seconds: float = 40) -> int:
        """Run the server while the scene plays; return its exit status. `tasks`: a task factory."""

        async def live() -> int:
            asyncio.get_running_loop().set_task_factory(tasks)
            async with asyncio.timeout(seconds):
                self.ended = asyncio.create_task(self.server.live(self.listener))
                await asyncio.sleep(0)
                await scene(self)
                self.stop()
                return await self.ended

        with self.listener:
            return asyncio.run(live())

    def stop(self) -> None:
        """End the server as a signal does."""
        self.life.stop(0, "signal SIGTERM")

    def logged(self, text: str) -> bool:
        """Whether the log has it."""
        return self.log.path.exists() and text in self.log.path.read_text()

    def fault(self) -> str:
        """Return the line of the log that says what must not happen, or nothing."""
        return next((line for line in self.log.path.read_text().splitlines() if "SRV-FAULT" in line), "")

    async def until(self, text: str) -> None:
        """Wait for words in the log."""
        while not self.logged(text):
            await asyncio.sleep(0.01)

    def line(self, code: str) -> str:
        """Return the last line of the log with this code."""
        return [line for line in self.log.path.read_text().splitlines() if code in line][-1]

    def delivery(self, version: int = 1, standing: msgspec.Raw | None = None, **fields) -> m.Delivery:
        """Return a configuration with one partner, who is dialled at a closed port."""
        e = self.ephemeral
        wanted = SealedKeyWanted(e.proxy_id, e.mlkem_key, e.x25519_key, e.signature, self.ours.fingerprint)
        partner = ServerPartner("P1", "One", pins=(self.partner.fingerprint,))
        known = {"external_address": "127.0.0.1", "external_port": self.external, "partners": (partner,),
                 "own_certificate": OwnCertificate(self.ours.fingerprint, self.ours.pem),
                 "limits": Limits(dial_seconds=2, drain_seconds=1)}  # fmt: skip
        configuration = msgspec.Raw(msgspec.json.encode(ServerConfiguration(**{**known, **fields})))
        return m.Delivery(
            version, FORMAT, configuration, seal(wanted, self.ours.key_pem), standing=standing or msgspec.Raw(b"null")
        )

    def standing(self, *marks: str, by=None, version: int = 1) -> msgspec.Raw:
        """Return Seonapi's word of the clients with these marks."""
        said = Standing(self.ephemeral.proxy_id, version, time.time(), dict.fromkeys(marks, 0.0))
        return msgspec.Raw(msgspec.json.encode(signed(by or self.ca_key, said)))

    async def connect(self, port: int, connection: SSL.Connection) -> AsyncTls:
        """Connect and complete the handshake."""
        sock = socket.socket()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        tls = AsyncTls(sock, connection)
        await tls.handshake()
        return tls

    async def reachable(self) -> bool:
        """Whether the external port is open."""
        return await ports.reachable(self.external)

    @contextlib.asynccontextmanager
    async def client(self, name: str = "client one", another: bool = False, mark: str = ""):
        """A linked client; `another`: with a certificate of its own; `mark`: of its token, from now on."""
        if mark:
            self.dialler = self._new_dialler(mark)
        dialler = self._new_dialler() if another else self.dialler
        tls = await self.connect(self.internal, connecting(dialler.context, CONTROL))
        stream = MessageStream(tls, MESSAGES)
        await stream.receive()
        await stream.send(m.ClientHello(m.PROTOCOL, m.PROTOCOL, "b", time.time(), name))
        try:
            yield stream
        finally:
            tls.close()

    async def deliver(self, stream: MessageStream, delivery: m.Delivery) -> None:
        """Send a configuration."""
        await self.send(stream, "configuration", msgspec.json.encode(delivery))

    async def send(self, stream: MessageStream, what: str, octets: bytes) -> None:
        """Send something in parts."""
        await stream.send(m.Offered(what, len(octets), hashlib.sha256(octets).hexdigest()))
        for at in range(0, len(octets), m.PART_SIZE):
            await stream.send(m.Part(octets[at : at + m.PART_SIZE]))

    async def opened(self, stream: MessageStream, **fields) -> None:
        """Deliver a configuration and wait for the external port."""
        await self.deliver(stream, self.delivery(**fields))
        await self.until("SRV-OPEN")

    async def next(self, stream: MessageStream, kind):
        """Return the client's next message of a kind; events are acknowledged by the way."""
        while True:
            message = await stream.receive()
            if isinstance(message, m.Events):
                self.taken += message.events
                await stream.send(m.EventsTaken(message.first_number + len(message.events) - 1))
            if isinstance(message, kind):
                return message

    async def next_unacknowledged(self, stream: MessageStream) -> m.Events:
        """Return the client's next events, which the client does not acknowledge."""
        while not isinstance(message := await stream.receive(), m.Events):
            pass
        return message

    async def session_link(self, opening: m.SessionOpening) -> tuple[AsyncTls, m.SessionAnswer]:
        """Dial a session link, say what it is for, and return it with the server's answer."""
        tls = await self.connect(self.internal, connecting(self.dialler.context, SESSION))
        await tls.write(encode(opening))
        return tls, ANSWERS.decode(await tls.read_exactly(ANSWERS.length(await tls.read_exactly(HEADER))))

    async def joined(self, stream: MessageStream) -> tuple[str, AsyncTls, AsyncTls]:
        """Bring a partner inside over this client; return the session's id, the partner's end, and the client's."""
        partner = await self.connect(self.external, self.partner.dials())
        opening = await self.next(stream, m.OpenSession)
        inside, answer = await self.session_link(m.Ticket(opening.ticket))
        assert isinstance(answer, m.Joined)
        return opening.session, partner, inside
