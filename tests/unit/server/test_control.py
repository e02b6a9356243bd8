"""The server's end of a control link: what a client may say, and what ends the link."""

import asyncio
import hashlib
import time

import msgspec
import pytest

from seon.api_messages import CrlSource
from seon.daemon.message_stream import MessageStream
from seon.link import messages as m
from seon.link.codec import Decoder
from seon.net.ends import Caller
from seon.process.events import EventMaker
from seon.process.outbox import Outbox
from seon.server import control as module
from seon.server.control import ControlLink
from unit.details import Lines

CALLER = Caller("192.0.2.1", "192.0.2.1:5", "192.0.2.9:2878")
DECODER: Decoder[m.FromServer] = Decoder(m.FromServer)


class Owner:
    """Notes what comes over the link."""

    def __init__(self) -> None:
        self.links, self.deliveries, self.blobs, self.refused, self.endings = [], [], {}, [], []
        self.missing: tuple[str, ...] = ()
        self.carrying, self.room = True, 0
        self.drained: list[bool] = []
        self.sources: list[CrlSource] = []

    def linked(self, link) -> None:
        self.links.append(link)

    def draining(self, link, *, on) -> None:
        self.drained.append(on)

    async def deliver(self, delivery) -> None:
        self.deliveries.append(delivery)

    def take_blob(self, name, octets) -> None:
        self.blobs[name] = octets

    def missing_blobs(self):
        return tuple(name for name in self.missing if name not in self.blobs)

    def crls_to_say(self, said):
        sources, self.sources = self.sources[: m.CRL_SOURCES], self.sources[m.CRL_SOURCES :]
        return tuple(sources)

    def session_refused(self, session, reason) -> None:
        self.refused.append((session, reason))

    def session_ending(self, link, message) -> None:
        self.endings.append((link, message))

    def configuration_version(self) -> int:
        return 5

    def carries_events(self, link) -> bool:
        return self.carrying

    def has_room(self) -> None:
        self.room += 1


class Client:
    """The other end, as the test speaks it."""

    def __init__(self, tls) -> None:
        self.stream = MessageStream(tls, DECODER)

    async def hello(self, protocol: int = m.PROTOCOL, moment: float | None = None) -> m.ServerHello:
        hello = await self.stream.receive()
        await self.stream.send(m.ClientHello(protocol, protocol, "build 7", moment or time.time(), "client one"))
        return hello

    async def offer(self, octets: bytes, what: str = "configuration", sha256: str = "", size: int = 0) -> None:
        digest = sha256 or hashlib.sha256(octets).hexdigest()
        await self.stream.send(m.Offered(what, size or len(octets), digest))
        for at in range(0, len(octets), m.PART_SIZE):
            await self.stream.send(m.Part(octets[at : at + m.PART_SIZE]))

    async def next(self, kind):
        while not isinstance(message := await self.stream.receive(), kind):
            pass
        return message


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def play(over_link, ephemeral, reported, lines):
    """Run a scene of (client, link, owner, outbox); return why the link ended."""

    def run(scene) -> str:
        reasons = []

        async def live(one, two) -> None:
            owner, outbox = Owner(), Outbox()
            link = ControlLink(one, "key", CALLER, ephemeral, outbox, reported, detail=lines)
            serving = asyncio.create_task(link.run(owner))
            await scene(Client(two), link, owner, outbox)
            reasons.append(await asyncio.wait_for(serving, 5))
            two.close()

        over_link(live)
        return reasons[0]

    return run


def test_the_servers_hello_proves_its_ephemeral_key(play, ephemeral) -> None:
    async def scene(client, link, owner, outbox) -> None:
        hello = await client.hello()
        assert (hello.newest, hello.proxy_id, hello.configuration_version) == (m.PROTOCOL, ephemeral.proxy_id, 5)
        assert (hello.mlkem_key, hello.signature) == (ephemeral.mlkem_key, ephemeral.signature)
        assert (await client.next(m.ConfigurationWanted)).known == 5
        assert owner.links == [link]
        assert link.client == "client one"
        await client.stream.send(m.Bye("done"))

    assert play(scene) == "the client closed the connection"


def test_another_version_of_the_protocol_ends_with_a_clear_message(play) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.hello(protocol=m.PROTOCOL + 1)

    reason = play(scene)
    assert "build 7" in reason
    assert "upgrade the host of the server" in reason


def test_a_client_that_says_something_else_first_is_no_client(play) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.stream.send(m.Heartbeat())
        await asyncio.sleep(0.05)
        assert owner.links == []

    assert play(scene).startswith("the first message was no Hello")


def test_a_client_that_says_nothing_is_given_up(play, monkeypatch) -> None:
    monkeypatch.setattr("seon.server.control.HELLO_SECONDS", 0.1)

    async def scene(client, link, owner, outbox) -> None:
        await asyncio.sleep(0.2)

    assert "no Hello came within 0.1 s" in play(scene)


def test_clocks_that_differ_are_told(play, reported) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.hello(moment=time.time() - 100)
        await client.stream.send(m.Bye(""))

    play(scene)
    assert 99 <= reported.of("LNK-CLOCK")["seconds"] <= 101


def test_a_second_hello_ends_the_link(play) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        await client.stream.send(m.ClientHello(m.PROTOCOL, m.PROTOCOL, "b", time.time(), "client two"))

    assert play(scene) == "a second Hello"


# --- configuration and blobs ----------------------------------------------------------------------


def test_a_configuration_in_many_parts_comes_through_whole(play, delivery) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        big = msgspec.json.encode(delivery) + b" " * 300_000
        await client.offer(big)
        while not owner.deliveries:
            await asyncio.sleep(0.01)
        assert owner.deliveries == [delivery]
        await client.stream.send(m.Bye(""))

    play(scene)


def test_the_blobs_a_configuration_wants_are_asked_for_and_taken(play, delivery) -> None:
    octets = b"a list" * 20_000
    name = hashlib.sha256(octets).hexdigest()

    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        owner.missing = (name,)
        await client.offer(msgspec.json.encode(delivery))
        assert (await client.next(m.BlobsWanted)).names == (name,)
        await client.offer(octets, "blob")
        while not owner.blobs:
            await asyncio.sleep(0.01)
        assert owner.blobs == {name: octets}
        await client.stream.send(m.Bye(""))

    play(scene)


def test_blobs_are_asked_for_a_few_at_a_time_and_again_when_nothing_comes(play, delivery, monkeypatch) -> None:
    monkeypatch.setattr(module, "ASK_SECONDS", 0.3)
    one, other = b"one list", b"other list"
    first, second = (hashlib.sha256(octets).hexdigest() for octets in (one, other))

    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        owner.missing = (first,)
        link.look_for_blobs()
        assert (await client.next(m.BlobsWanted)).names == (first,)
        owner.missing = (first, second)
        link.look_for_blobs()
        await client.offer(one, "blob")
        assert (await client.next(m.BlobsWanted)).names == (second,), "the first has come"
        assert (await client.next(m.BlobsWanted)).names == (second,), "it has not come"
        await client.offer(other, "blob")
        while len(owner.blobs) < 2:
            await asyncio.sleep(0.01)
        await client.stream.send(m.Bye(""))

    play(scene)


def test_distribution_points_are_said_a_few_at_a_time(play, monkeypatch) -> None:
    monkeypatch.setattr(module, "CRLS_PAUSE", 0.2)
    sources = [CrlSource(f"http://crl.example/{number}", b"x" * 20_000) for number in range(4)]

    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        owner.sources = list(sources)
        link.look_for_crls()
        assert list((await client.next(m.CrlsFound)).sources) == sources[:3]
        began = time.monotonic()
        assert list((await client.next(m.CrlsFound)).sources) == sources[3:]
        assert time.monotonic() - began > 0.1
        await client.stream.send(m.Bye(""))

    play(scene)


async def _parts(client, *parts: bytes, size: int, sha256: str = "0" * 64) -> None:
    await client.stream.send(m.Offered("configuration", size, sha256))
    for part in parts:
        await client.stream.send(m.Part(part))


def test_more_octets_than_were_offered_end_the_link(play) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        await _parts(client, b"abc", b"de", size=4)

    assert play(scene) == "more octets came than were offered"


def test_octets_that_were_not_offered_end_the_link(play) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        await client.stream.send(m.Part(b"abc"))

    assert play(scene) == "octets came that nobody offered"


@pytest.mark.parametrize("what", ["configuration", "blob"])
def test_a_wrong_digest_ends_the_link_and_nothing_is_taken(play, what) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        await client.offer(b"abc", what, sha256="0" * 64)
        await asyncio.sleep(0.05)
        assert owner.deliveries == []
        assert owner.blobs == {}

    assert play(scene) == f"a {what} was damaged on its way"


@pytest.mark.parametrize(
    "octets", [b"{}", b"nonsense", b'{"version":1,"configuration":{"nobody_knows":1}}', b'{"version":"\xff"}']
)
def test_a_configuration_that_cannot_be_read_is_reported_and_the_link_goes_on(play, reported, octets) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        await client.offer(octets)
        while "CFG-BAD" not in reported.codes:
            await asyncio.sleep(0.01)
        assert owner.deliveries == []
        await client.stream.send(m.Bye(""))

    assert play(scene) == "the client closed the connection"


def test_a_new_offer_replaces_an_unfinished_one(play, delivery) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        await _parts(client, b"unfinished", size=1_000)
        await client.offer(msgspec.json.encode(delivery))
        while not owner.deliveries:
            await asyncio.sleep(0.01)
        await client.stream.send(m.Bye(""))

    play(scene)


# --- events -----------------------------------------------------------------------------------------


def test_events_go_out_oldest_first_and_are_kept_until_acknowledged(play) -> None:
    maker = EventMaker("dmz")
    events = [maker.make("SRV-END", reason=str(number)) for number in range(m.EVENTS_PER_MESSAGE + 10)]

    async def scene(client, link, owner, outbox) -> None:
        for event in events:
            outbox.add(event)
        await client.hello()
        link.wake.set()
        first = await client.next(m.Events)
        assert (first.first_number, list(first.events)) == (1, events[: m.EVENTS_PER_MESSAGE])
        link.wake.set()
        await asyncio.sleep(0.05)
        assert len(outbox) == len(events), "nothing is forgotten, and nothing sent twice, before the answer"
        await client.stream.send(m.EventsTaken(m.EVENTS_PER_MESSAGE))
        second = await client.next(m.Events)
        assert second.first_number == m.EVENTS_PER_MESSAGE + 1
        assert list(second.events) == events[m.EVENTS_PER_MESSAGE :]
        await client.stream.send(m.EventsTaken(len(events)))
        while len(outbox):
            await asyncio.sleep(0.01)
        assert owner.room == 2, "whoever counts what was lost is told that there is room"
        await client.stream.send(m.Bye(""))

    play(scene)


def test_of_several_links_only_one_carries_the_events(play) -> None:
    async def scene(client, link, owner, outbox) -> None:
        owner.carrying = False
        outbox.add(EventMaker("dmz").make("SRV-END"))
        await client.hello()
        link.wake.set()
        await client.next(m.ConfigurationWanted)
        with pytest.raises(TimeoutError):
            await client.stream.receive_within(0.2)
        assert len(outbox) == 1
        await client.stream.send(m.Bye(""))

    play(scene)


def test_an_acknowledgement_of_a_part_or_a_late_one_forgets_what_it_names_and_no_more(play) -> None:
    events = [EventMaker("dmz").make("SRV-END") for _ in range(4)]

    async def scene(client, link, owner, outbox) -> None:
        for event in events[:3]:
            outbox.add(event)
        await client.hello()
        link.wake.set()
        await client.next(m.Events)
        for up_to in (2, 1, 2):
            await client.stream.send(m.EventsTaken(up_to))
        while len(outbox) > 1:
            await asyncio.sleep(0.01)
        outbox.add(events[3])
        link.wake.set()
        await asyncio.sleep(0.05)
        assert list(outbox.batch(10, 10**6)) == events[2:], "the rest of the batch is waited for"
        await client.stream.send(m.EventsTaken(3))
        assert await client.next(m.Events) == m.Events(4, (events[3],))
        await client.stream.send(m.Bye(""))

    assert play(scene) == "the client closed the connection"


@pytest.mark.parametrize("up_to", [3, 2**53])
def test_an_acknowledgement_of_what_was_not_sent_ends_the_link(play, up_to) -> None:
    async def scene(client, link, owner, outbox) -> None:
        for _ in range(2):
            outbox.add(EventMaker("dmz").make("SRV-END"))
        await client.hello()
        link.wake.set()
        await client.next(m.Events)
        await client.stream.send(m.EventsTaken(up_to))
        await asyncio.sleep(0.05)
        assert len(outbox) == 2

    assert play(scene) == "events were acknowledged that were not sent"


# --- life and end -------------------------------------------------------------------------------------


def test_what_a_client_refuses_reaches_the_sessions(play) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        await client.stream.send(m.SessionRefused("session-1", "no receive daemon"))
        while not owner.refused:
            await asyncio.sleep(0.01)
        assert owner.refused == [("session-1", "no receive daemon")]
        await client.stream.send(m.Bye(""))

    play(scene)


def test_a_dead_client_is_noticed(play, monkeypatch) -> None:
    monkeypatch.setattr(m, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(m, "DEAD_SECONDS", 0.2)

    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        await client.next(m.Heartbeat)

    assert "nothing was heard" in play(scene)


def test_a_client_that_beats_but_does_not_read_is_dead_too(play, monkeypatch) -> None:
    monkeypatch.setattr(m, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(m, "DEAD_SECONDS", 0.3)

    async def scene(client, link, owner, outbox) -> None:
        await client.hello()

        async def beat() -> None:
            while True:
                await client.stream.send(m.Heartbeat())
                await asyncio.sleep(0.05)

        jobs = [asyncio.create_task(beat()), asyncio.create_task(link._stream.tls.write(bytes(16 * 1024 * 1024)))]
        await asyncio.sleep(1)
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)

    assert "nothing was heard" in play(scene)


def test_a_client_that_beats_is_not_dead(play, monkeypatch) -> None:
    monkeypatch.setattr(m, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(m, "DEAD_SECONDS", 0.3)

    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        for _ in range(12):
            await asyncio.sleep(0.05)
            await client.stream.send(m.Heartbeat())
        await client.stream.send(m.Bye(""))

    assert play(scene) == "the client closed the connection"


def test_the_server_asks_again_and_again_for_a_configuration(play, monkeypatch) -> None:
    monkeypatch.setattr("seon.server.control.ASK_SECONDS", 0.05)

    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        for _ in range(3):
            await client.next(m.ConfigurationWanted)
        await client.stream.send(m.Bye(""))

    play(scene)


def test_a_broken_connection_ends_the_link(play) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        client.stream.tls.abort()

    assert play(scene)


def test_a_link_that_was_replaced_ends_at_once(play) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        await client.next(m.ConfigurationWanted)
        link.end_now()

    assert play(scene)


def test_the_server_says_bye(over_link, ephemeral, reported) -> None:
    async def live(one, two) -> None:
        link, client = ControlLink(one, "key", CALLER, ephemeral, Outbox(), reported), Client(two)
        serving = asyncio.create_task(link.run(Owner()))
        await client.hello()
        await client.next(m.ConfigurationWanted)
        ending = asyncio.create_task(link.bye("the server is ending"))
        assert (await client.next(m.Bye)).reason == "the server is ending"
        two.close()
        await ending
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    over_link(live)


@pytest.mark.parametrize("octets", [b"\xff\xff\xff\xff", b"\0\0\0\x02{}", b"\0\0\0\x04\xff\xfe\xfd\xfc"])
def test_octets_that_are_no_message_end_the_link(play, octets) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        await client.stream.tls.write(octets)

    assert "message" in play(scene)


def test_what_ends_a_session_goes_both_ways_and_the_owner_knows_whose_link_it_came_over(play) -> None:
    ending = m.SessionEnding("session-1", "verifier", "rule", "STH-VER")

    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        await client.stream.send(ending)
        await client.next(m.ConfigurationWanted)
        link.say_ending(ending)
        assert await client.next(m.SessionEnding) == ending
        assert owner.endings == [(link, ending)]
        await client.stream.send(m.Bye("done"))

    assert play(scene) == "the client closed the connection"


def test_a_link_that_the_server_has_ended_itself_ended_for_that_reason(play) -> None:
    """Whatever its connection says of it then: here, that something was written behind close_notify."""

    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        await client.next(m.ConfigurationWanted)
        ending = asyncio.create_task(link.bye("signal SIGTERM"))
        assert await client.next(m.Bye) == m.Bye("signal SIGTERM")
        link.say_ending(m.SessionEnding("session-1", "partner", "closed"))
        await ending

    assert play(scene) == "the server is ending"


def test_at_debug_hello_and_each_delivery_are_said(play, lines) -> None:
    blob = b"x" * 100_000

    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        await client.offer(blob, "blob")
        while not owner.blobs:
            await asyncio.sleep(0.005)
        await client.stream.send(m.Bye("done"))

    play(scene)
    sent, received, offered, whole = lines.said
    assert sent == f"Link from {CALLER.source}: Hello sent, protocols {m.OLDEST_PROTOCOL} to {m.PROTOCOL}"
    spoken = f"protocol {m.PROTOCOL} is spoken, the clocks differ by 0.0 s"
    assert received == f"Link from {CALLER.source}: Hello received from client client one, build build 7: {spoken}"
    assert offered == f"Link from {CALLER.source}: blob of 100,000 octets offered"
    assert (
        whole == f"Link from {CALLER.source}: blob received, 100,000 octets, SHA-256 {hashlib.sha256(blob).hexdigest()}"
    )


def test_at_debug_a_heartbeat_that_is_late_is_said(play, lines, monkeypatch) -> None:
    monkeypatch.setattr(m, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(module, "LATE_SECONDS", 0.03)

    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        while not [line for line in lines.said if line.startswith("Link of client client one: nothing was heard for ")]:
            await asyncio.sleep(0.005)
        await client.stream.send(m.Bye("done"))

    play(scene)


# --- how the server is, and drained clients -----------------------------------------------------------------------


def test_how_the_server_is_is_said_when_it_changes_and_not_behind_too_much(play) -> None:
    def state(sessions: int) -> m.ServerState:
        return m.ServerState(5, "", 6619, False, "no client is connected", sessions)

    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        for sessions in (1, 1, 1, 2):
            link.say_state(state(sessions))
        assert [await client.next(m.ServerState) for _ in range(2)] == [state(1), state(2)]
        for sessions in range(1_000):
            link.say_state(state(sessions))
        link.say_ending(m.SessionEnding("session-1", "idle", "idle"))
        heard = []
        while not isinstance(message := await client.stream.receive(), m.SessionEnding):
            heard.append(message)
        assert len([message for message in heard if isinstance(message, m.ServerState)]) <= module.MOST_NOTES
        await client.stream.send(m.Bye(""))

    play(scene)


def test_a_client_says_that_it_is_drained_and_that_it_is_not_any_more(play) -> None:
    async def scene(client, link, owner, outbox) -> None:
        await client.hello()
        for on in (True, False):
            await client.stream.send(m.Draining(on))
        await client.stream.send(m.Bye(""))
        while len(owner.drained) < 2:
            await asyncio.sleep(0.005)
        assert owner.drained == [True, False]

    play(scene)
