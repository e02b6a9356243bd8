"""The client's end of a control link: Hello, heartbeat, the configuration out in parts, events in."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Awaitable
from typing import Literal, Protocol

from seon.build import this_build
from seon.client.outward import told_outside
from seon.daemon.detail import UNHEARD, Detail
from seon.daemon.message_stream import MessageStream
from seon.daemon.rate import Bucket
from seon.link import messages as m
from seon.link.codec import Decoder
from seon.link.versions import Side, VersionError, agreed
from seon.net.channel import EndOfStream, TlsError
from seon.net.stream import AsyncTls

HELLO_SECONDS = 10
LATE_SECONDS = 1.5 * m.HEARTBEAT_SECONDS
"""A heartbeat that is so late is told at DEBUG."""
STATES_A_SECOND, STATES_AT_ONCE = 2.0, 20.0
"""How often a server may say how it is; an honest one says it once a second at most. Of another one nothing is read
for so long."""
HASHED_AT_ONCE = 1024 * 1024
"""Octets."""
_hello: Decoder[m.FromServer] = Decoder(m.ServerHello)


class SilentError(Exception):
    """The link is there and says nothing: the client tries again (mission A7)."""


class NotEstablishedError(Exception):
    """The link never stood: the client tries again."""


class Owner(Protocol):
    """What the client does with what comes over the control link."""

    async def configuration_wanted(self, known: int) -> None:
        """The server asks for a configuration newer than this."""

    def blobs_wanted(self, names: tuple[str, ...]) -> None:
        """The server has not got these blobs."""

    def open_session(self, message: m.OpenSession) -> str | None:
        """A partner has come in at the server; return why it is refused at once, or None."""

    def session_ending(self, message: m.SessionEnding) -> None:
        """The server says what ends a session."""

    def events(self, message: m.Events) -> None:
        """Events of the DMZ; each batch is acknowledged with `events_taken`."""

    async def found(self, message: m.Finding) -> None:
        """The server has found something in a certificate."""

    def server_state(self, message: m.ServerState) -> None:
        """The server says how it is."""


class ControlLink:
    """The control link to one server."""

    def __init__(
        self,
        tls: AsyncTls,
        client: str,
        proxy_id: str,
        speaks: tuple[int, int] = (m.OLDEST_PROTOCOL, m.PROTOCOL),
        detail: Detail = UNHEARD,
        serial: str = "",
    ) -> None:
        self.protocol = speaks[0]
        """The number that is spoken since Hello, over session links too."""
        self.serial = serial
        """The number of the license that the server showed."""
        self._speaks = speaks
        self._stream = MessageStream(tls, _hello)
        self._client = client
        self._proxy_id = proxy_id
        self._delivering = asyncio.Lock()
        self._states = Bucket(STATES_A_SECOND, STATES_AT_ONCE)
        self._detail = detail
        self.hello: m.ServerHello
        """What the server said of itself; set by `establish`."""

    async def establish(self) -> None:
        """Exchange Hellos. Raises NotEstablishedError with a text that says what to do."""
        pace = self._detail.pace("Link:")
        try:
            hello = await self._stream.receive_within(HELLO_SECONDS)
            await self._stream.send(m.ClientHello(*self._speaks, this_build().short, time.time(), self._client))
        except TimeoutError as error:  # an OSError, too: so it comes first
            raise NotEstablishedError("the server says nothing") from error
        except (EndOfStream, TlsError, OSError) as error:
            raise NotEstablishedError(f"the server refused the link: {error}") from error
        except m.LinkError as error:
            raise NotEstablishedError(f"the first message was no Hello: {error}") from error
        assert isinstance(hello, m.ServerHello)
        self._agree(hello)
        pace.done(
            f"Hello of the server received, build {hello.build}, and ours sent: protocol {self.protocol} is spoken, "
            f"the server has configuration {hello.configuration_version}"
        )
        if hello.proxy_id != self._proxy_id:
            raise NotEstablishedError("the server calls itself by another Proxy ID than its certificate")
        self.hello = hello

    def _agree(self, hello: m.ServerHello) -> None:
        ours = Side("the client", this_build().short, *self._speaks)
        try:
            self.protocol = agreed("link protocol", ours, Side("the server", hello.build, hello.oldest, hello.newest))
        except VersionError as error:
            raise NotEstablishedError(str(error)) from error
        self._stream.speak(Decoder(m.FROM_SERVER[self.protocol]))

    async def run(self, owner: Owner) -> str:
        """Serve the link; return why it has ended: closed, Bye, or a broken protocol. Raises SilentError."""
        jobs: list[Awaitable[None]] = [self._read(owner), self._beat()]
        tasks = [asyncio.ensure_future(job) for job in jobs]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except EndOfStream:
            return "the server closed the link"
        except (TlsError, OSError, m.LinkError) as error:
            return str(error)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._stream.tls.close()
        return "ended"

    async def deliver(self, what: Literal["configuration", "blob"], octets: bytes | bytearray) -> None:
        """Send a configuration or a blob in parts; other messages go between them. Raises TlsError, OSError."""
        async with self._delivering:
            pace = self._detail.pace("Link:")
            await self._stream.send(m.Offered(what, len(octets), await _digest(octets)))
            for at in range(0, len(octets), m.PART_SIZE):
                await self._stream.send(m.Part(bytes(octets[at : at + m.PART_SIZE])))
                await asyncio.sleep(0)  # sending what the kernel takes at once does not let others in
            pace.done(f"{what} of {len(octets):,} octets sent to the server")

    async def leave(self) -> None:
        """Say that no more sessions are wanted; never raises, and takes a second at most."""
        with contextlib.suppress(TlsError, OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._stream.send(m.Leaving())

    async def draining(self, on: bool) -> None:  # the message's own value
        """Say that no session begins any more, or that sessions may begin again."""
        with contextlib.suppress(TlsError, OSError):
            await self._stream.send(m.Draining(on))

    async def refuse(self, session: str, reason: str) -> None:
        """Say that no session link will come."""
        with contextlib.suppress(TlsError, OSError):
            await self._stream.send(m.SessionRefused(session, told_outside(reason)[:500]))

    async def say_ending(self, message: m.SessionEnding) -> None:
        """Say what ends a session."""
        with contextlib.suppress(TlsError, OSError):
            await self._stream.send(message)

    async def events_taken(self, up_to: int) -> None:
        """Acknowledge events that are on disk."""
        with contextlib.suppress(TlsError, OSError):
            await self._stream.send(m.EventsTaken(up_to))

    async def license_withdrawn(self) -> None:
        """Say that the server's license is not in force; never raises, and takes a second at most."""
        with contextlib.suppress(TlsError, OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._stream.send(m.LicenseWithdrawn())

    async def bye(self, reason: str) -> None:
        """End the link in order."""
        with contextlib.suppress(TlsError, OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._stream.send(m.Bye(reason[:500]))
                await self._stream.tls.end()

    async def _read(self, owner: Owner) -> None:
        while True:
            message = await self._stream.receive()
            match message:
                case m.Heartbeat():
                    pass
                case m.ConfigurationWanted():
                    self._detail.say(f"Link: the server asks for a configuration newer than {message.known}")
                    await owner.configuration_wanted(message.known)
                case m.BlobsWanted():
                    self._detail.say(f"Link: the server asks for {len(message.names)} blobs")
                    owner.blobs_wanted(message.names)
                case m.OpenSession():
                    refusal = owner.open_session(message)
                    if refusal:  # said here, so that a server that does not read is not read either
                        await self.refuse(message.session, refusal)
                case m.SessionEnding():
                    owner.session_ending(message)
                case m.Events():
                    owner.events(message)
                case m.CrlsFound() | m.CertificateRefused():
                    await owner.found(message)
                case m.ServerState():
                    owner.server_state(message)
                    await asyncio.sleep(self._states.wait())
                case m.Bye():
                    raise EndOfStream(clean=True)
                case _:
                    raise m.LinkError("a second Hello")

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(m.HEARTBEAT_SECONDS)
            silent = time.monotonic() - self._stream.heard
            if LATE_SECONDS < silent <= m.DEAD_SECONDS:
                self._detail.say(f"Link: nothing was heard of the server for {silent:.0f} s")
            if silent > m.DEAD_SECONDS:
                raise SilentError(f"nothing was heard for {m.DEAD_SECONDS} s")
            try:
                async with asyncio.timeout(m.DEAD_SECONDS):
                    await self._stream.send(m.Heartbeat())
            except TimeoutError:
                raise SilentError("the server does not read") from None


async def _digest(octets: bytes | bytearray) -> str:
    """Return the SHA-256, made in slices: of 64 MiB at once others would wait for 0.2 s."""
    digest = hashlib.sha256()
    for at in range(0, len(octets), HASHED_AT_ONCE):
        digest.update(octets[at : at + HASHED_AT_ONCE])
        await asyncio.sleep(0)
    return digest.hexdigest()
