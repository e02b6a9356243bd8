"""The server's end of a control link: Hello, heartbeat, the configuration in parts, events out."""

import asyncio
import contextlib
import hashlib
import time
from typing import Protocol

import msgspec

from seon.api_messages import CrlSource
from seon.build import this_build
from seon.config import FORMAT, OLDEST_FORMAT
from seon.daemon.detail import UNHEARD, Detail
from seon.daemon.message_stream import MessageStream
from seon.decoding import MalformedError, decode
from seon.link import messages as m
from seon.link.codec import Decoder
from seon.link.sealing import EphemeralKey
from seon.link.versions import Side, VersionError, agreed
from seon.net.channel import EndOfStream, TlsError
from seon.net.ends import Caller
from seon.net.stream import AsyncTls
from seon.process.events import Report
from seon.process.outbox import Outbox
from seon.server.distribution_points import Said

HELLO_SECONDS = 10
ASK_SECONDS = 60
"""The server asks that often for a changed security configuration (mission B4)."""
LATE_SECONDS = 1.5 * m.HEARTBEAT_SECONDS
"""A heartbeat that is so late is told at DEBUG."""
MAX_CLOCK_DIFFERENCE = 60.0
MOST_NOTES = 100
"""Messages that wait for a client: no refused certificate is put behind more."""
ENDED_HERE = "the server is ending"
"""Why a link ends that the server has ended itself, whatever its connection says of it."""

CRLS_SECONDS = 600
"""So often it is looked for distribution points that are to be said again."""
CRLS_PAUSE = 3.0
"""Between two messages with distribution points: the client takes few."""

_hello: Decoder[m.FromClient] = Decoder(m.ClientHello)


class _Transfer:
    """What comes in parts. Its hash is made part by part: over all of it at once others would wait too long."""

    def __init__(self, offered: m.Offered) -> None:
        self.offered = offered
        self.octets = bytearray()
        self._hash = hashlib.sha256()

    def complete(self, part: bytes) -> bool:
        """Take a part; return whether it was the last. Raises LinkError if it is not what was offered."""
        self.octets += part
        self._hash.update(part)
        if len(self.octets) > self.offered.size:
            raise m.LinkError("more octets came than were offered")
        if len(self.octets) < self.offered.size:
            return False
        if self._hash.hexdigest() != self.offered.sha256:
            raise m.LinkError(f"a {self.offered.what} was damaged on its way")
        return True


class _Asked:
    """The blobs that were asked for over one link and have not come."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.changed.set()  # what another link has not brought
        self._names: set[str] = set()
        self._heard = 0.0

    def ask(self, names: tuple[str, ...]) -> bool:
        """Whether to ask for these now: not while others are on their way."""
        if self._names and time.monotonic() - self._heard < ASK_SECONDS:
            return False
        self._names = set(names)
        self.heard()
        return True

    def heard(self) -> None:
        """Something of them has come."""
        self._heard = time.monotonic()

    def came(self, name: str) -> None:
        """One of them is here."""
        self._names.discard(name)


class _Points:
    """The distribution points that one link has said."""

    def __init__(self) -> None:
        self.said: Said = {}
        self.come = asyncio.Event()
        """Set when there may be others."""
        self.come.set()  # what was found before the link stood


class Owner(Protocol):
    """What the server does with what comes over a control link."""

    def linked(self, link: "ControlLink") -> None:
        """The link stands."""

    async def deliver(self, delivery: m.Delivery) -> None:
        """A configuration has come through whole."""

    def take_blob(self, name: str, octets: bytes | bytearray) -> None:
        """A blob has come through whole, and its SHA-256 is its name."""

    def missing_blobs(self) -> tuple[str, ...]:
        """Return the names of the blobs to ask for now."""

    def crls_to_say(self, said: Said) -> tuple[CrlSource, ...]:
        """Return distribution points for one message, and note in `said` that this link has said them."""

    def leaving(self, link: "ControlLink") -> None:
        """The client takes no more sessions."""

    def draining(self, link: "ControlLink", *, on: bool) -> None:
        """The client is drained, or no longer."""

    def session_refused(self, session: str, reason: str) -> None:
        """The client will not serve a session."""

    def session_ending(self, link: "ControlLink", message: m.SessionEnding) -> None:
        """The client says what ends a session."""

    def carries_events(self, link: "ControlLink") -> bool:
        """Whether this link is the one that takes the events inside."""

    def has_room(self) -> None:
        """Some events have been taken over."""

    def license_withdrawn(self, link: "ControlLink") -> None:
        """The client says that Seonapi has withdrawn the license that the server showed on this link."""

    def configuration_version(self) -> int:
        """Return the version in force."""


class ControlLink:
    """One client's control link. `run` ends when the link does, and returns why."""

    _deliveries: msgspec.json.Decoder[m.Delivery]
    """Of the protocol number that Hello has agreed on."""
    leaving = False
    """The client takes no more sessions."""
    draining = False
    """Its administrator lets no session begin."""

    def __init__(
        self,
        tls: AsyncTls,
        key: str,
        caller: Caller,
        ephemeral: EphemeralKey,
        outbox: Outbox,
        report: Report,
        speaks: tuple[int, int] = (m.OLDEST_PROTOCOL, m.PROTOCOL),
        detail: Detail = UNHEARD,
    ) -> None:
        self.key = key
        """The fingerprint of the client's link certificate: tickets are bound to it."""
        self.mark = ""
        """Of the secret that this certificate was issued for (link.standing)."""
        self.serial = ""
        """Of the license that was in force here when the link was accepted."""
        self.client = ""
        self.caller = caller
        self.protocol = speaks[0]
        """The number that is spoken since Hello, over the session links of this client too."""
        self.wake = asyncio.Event()
        """Set when the outbox has got something."""
        self._speaks = speaks
        self._stream = MessageStream(tls, _hello)
        self._ephemeral, self._outbox, self._report = ephemeral, outbox, report
        self._transfer: _Transfer | None = None
        self._blobs = _Asked()
        self._points = _Points()
        self._detail = detail
        self._pace = detail.pace(f"Link from {caller.source}:")
        """Says the steps of what comes: Hello, and each configuration and blob."""
        self._state: m.ServerState | None = None
        """What was said last."""
        self._sent_up_to = self._taken_up_to = 0
        """Numbers of events: over this link, and by the word of its client."""
        self._said_bye = False
        self._refused = ""
        """Why the client may not be linked any more."""
        self._notes: asyncio.Queue[m.SessionEnding | m.CertificateRefused | m.ServerState] = asyncio.Queue()

    async def run(self, owner: Owner) -> str:
        """Serve the link to its end; return the reason in words. The connection is closed then."""
        reason = await self._run(owner)
        return self._refused or (ENDED_HERE if self._said_bye else reason)

    async def _run(self, owner: Owner) -> str:
        try:
            await self._hello(owner)
            owner.linked(self)
            await self._serve(owner)
        except EndOfStream:
            return "the client closed the connection"
        except TimeoutError:
            return f"nothing was heard for {m.DEAD_SECONDS} s"
        except (TlsError, OSError, m.LinkError) as error:
            return str(error)
        finally:
            self._stream.tls.close()
        return "ended"

    async def open_session(self, message: m.OpenSession) -> None:
        """Tell the client of an admitted partner. Raises TlsError, OSError."""
        await self._stream.send(message)

    def say_ending(self, message: m.SessionEnding) -> None:
        """Tell the client what ends a session of its; one more for each session, so they are few."""
        self._notes.put_nowait(message)

    def say_refused(self, message: m.CertificateRefused) -> bool:
        """Tell the client of a refused certificate; False if too much waits already."""
        has_room = self._notes.qsize() < MOST_NOTES
        if has_room:
            self._notes.put_nowait(message)
        return has_room

    def say_state(self, state: m.ServerState) -> None:
        """Tell the client how the server is, if it is otherwise than said; not behind too much else."""
        if state != self._state and self._notes.qsize() < MOST_NOTES:
            self._state = state
            self._notes.put_nowait(state)

    async def _say_notes(self) -> None:
        while True:
            await self._stream.send(await self._notes.get())

    async def bye(self, reason: str) -> None:
        """End the link in order."""
        self._said_bye = True
        with contextlib.suppress(TlsError, OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._stream.send(m.Bye(reason))
        await self._stream.tls.end()

    def refuse(self, why: str) -> None:
        """Close the connection: the client may not be linked any more, and gets no session until it is gone."""
        self._refused, self.leaving = why, True
        self.end_now()

    def end_now(self) -> None:
        """Close the connection: a newer link of the same client has come."""
        self._stream.tls.abort()

    async def _hello(self, owner: Owner) -> None:
        ours = self._ephemeral
        hello = m.ServerHello(
            *self._speaks,
            OLDEST_FORMAT,
            FORMAT,
            this_build().short,
            time.time(),
            ours.proxy_id,
            owner.configuration_version(),
            ours.mlkem_key,
            ours.x25519_key,
            ours.signature,
        )
        await self._stream.send(hello)
        self._pace.done(f"Hello sent, protocols {self._speaks[0]} to {self._speaks[1]}")
        try:
            theirs = await self._stream.receive_within(HELLO_SECONDS)
        except TimeoutError:
            raise m.LinkError(f"no Hello came within {HELLO_SECONDS} s") from None
        except m.LinkError as error:
            raise m.LinkError(f"the first message was no Hello: {error}") from error
        assert isinstance(theirs, m.ClientHello)
        self._agree(theirs)
        self.client = theirs.client
        difference = abs(time.time() - theirs.time)
        self._pace.done(
            f"Hello received from client {theirs.client}, build {theirs.build}: protocol {self.protocol} is spoken, "
            f"the clocks differ by {difference:.1f} s"
        )
        if difference > MAX_CLOCK_DIFFERENCE:
            self._report("LNK-CLOCK", seconds=round(difference))

    def _agree(self, theirs: m.ClientHello) -> None:
        ours = Side("the server", this_build().short, *self._speaks)
        try:
            self.protocol = agreed(
                "link protocol", ours, Side("the client", theirs.build, theirs.oldest, theirs.newest)
            )
        except VersionError as error:
            raise m.LinkError(str(error)) from error
        self._stream.speak(Decoder(m.FROM_CLIENT[self.protocol]))
        self._deliveries = msgspec.json.Decoder(m.DELIVERY[self.protocol])

    async def _serve(self, owner: Owner) -> None:
        jobs = [
            self._read(owner),
            self._beat(),
            self._ask(owner),
            self._ask_for_blobs(owner),
            self._send_events(owner),
            self._say_notes(),
            self._say_crls(owner),
        ]
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, owner: Owner) -> None:
        while True:
            message = await self._stream.receive()
            match message:
                case m.Heartbeat():
                    pass
                case m.Leaving():
                    owner.leaving(self)
                case m.Draining():
                    owner.draining(self, on=message.on)
                case m.Offered():
                    self._transfer = _Transfer(message)
                    self._pace.done(f"{message.what} of {message.size:,} octets offered")
                case m.Part():
                    await self._part(message, owner)
                case m.SessionRefused():
                    owner.session_refused(message.session, message.reason)
                case m.SessionEnding():
                    owner.session_ending(self, message)
                case m.EventsTaken():
                    self._events_taken(message.up_to, owner)
                case m.LicenseWithdrawn():
                    owner.license_withdrawn(self)
                    raise m.LinkError("Seonapi has withdrawn this server's license")
                case m.Bye():
                    raise EndOfStream(clean=True)
                case _:
                    raise m.LinkError("a second Hello")

    async def _part(self, part: m.Part, owner: Owner) -> None:
        await asyncio.sleep(0)  # reading what is there already does not let others in
        transfer = self._transfer
        if transfer is None:
            raise m.LinkError("octets came that nobody offered")
        self._blobs.heard()
        if not transfer.complete(part.data):
            return
        self._transfer, offered = None, transfer.offered
        self._pace.done(f"{offered.what} received, {offered.size:,} octets, SHA-256 {offered.sha256}")
        if offered.what == "blob":
            self._blobs.came(offered.sha256)
            owner.take_blob(offered.sha256, transfer.octets)
        else:
            await self._configuration(bytes(transfer.octets), owner)
        self.look_for_blobs()

    async def _configuration(self, octets: bytes, owner: Owner) -> None:
        try:
            delivery = decode(self._deliveries, octets)
        except MalformedError as error:
            self._report("CFG-BAD", version="that was offered", reason=str(error))
            return
        await owner.deliver(delivery)
        self._pace.done(f"configuration {delivery.version} dealt with, as its event says")

    def look_for_blobs(self) -> None:
        """There may be blobs to ask for."""
        self._blobs.changed.set()

    async def _ask_for_blobs(self, owner: Owner) -> None:
        """Ask for blobs, and for others when those have come; again, after a time in which nothing came."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ASK_SECONDS):
                    await self._blobs.changed.wait()
            self._blobs.changed.clear()
            missing = owner.missing_blobs()
            if missing and self._blobs.ask(missing):
                self._pace.done(f"{len(missing)} blobs are missing and asked for")
                await self._stream.send(m.BlobsWanted(missing))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(m.HEARTBEAT_SECONDS)
            silent = time.monotonic() - self._stream.heard
            if silent > m.DEAD_SECONDS:
                raise TimeoutError
            if silent > LATE_SECONDS:
                self._detail.say(f"Link of client {self.client}: nothing was heard for {silent:.0f} s")
            async with asyncio.timeout(m.DEAD_SECONDS):  # one that does not read holds up whoever writes to it
                await self._stream.send(m.Heartbeat())

    async def _ask(self, owner: Owner) -> None:
        while True:
            await self._stream.send(m.ConfigurationWanted(owner.configuration_version()))
            await asyncio.sleep(ASK_SECONDS)

    def look_for_crls(self) -> None:
        """There may be distribution points to say."""
        self._points.come.set()

    async def _say_crls(self, owner: Owner) -> None:
        """Say where lists are, a few at a time; what was said is said again a day later."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CRLS_SECONDS):
                    await self._points.come.wait()
            self._points.come.clear()
            while sources := owner.crls_to_say(self._points.said):
                await self._stream.send(m.CrlsFound(sources))
                await asyncio.sleep(CRLS_PAUSE)

    async def _send_events(self, owner: Owner) -> None:
        """Send the oldest events, one batch at a time; of several links only one does."""
        while True:
            await self.wake.wait()
            self.wake.clear()
            if self._taken_up_to < self._sent_up_to or not owner.carries_events(self):
                continue
            batch = self._outbox.batch(m.EVENTS_PER_MESSAGE, m.EVENTS_SIZE)
            if batch:
                first = self._outbox.first_number
                self._sent_up_to = first + len(batch) - 1
                await self._stream.send(m.Events(first, batch))

    def _events_taken(self, up_to: int, owner: Owner) -> None:
        """Forget what the inside has. A number that was said before says nothing new."""
        if up_to > self._sent_up_to:
            raise m.LinkError("events were acknowledged that were not sent")
        if owner.carries_events(self):  # else another link has sent them again, and the inside knows them by their ids
            self._outbox.taken_up_to(up_to)
            owner.has_room()
        self._taken_up_to = max(self._taken_up_to, up_to)
        self.wake.set()
