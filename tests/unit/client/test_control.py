"""The client's end of a control link: it believes the server nothing, and knows silence from an end."""

import asyncio
import hashlib
import time

import pytest

from seon.api_messages import CrlSource, RefusedCertificate
from seon.client.control import STATES_A_SECOND, STATES_AT_ONCE, ControlLink, NotEstablishedError, SilentError
from seon.config import FORMAT
from seon.daemon.message_stream import MessageStream
from seon.link import messages as m
from seon.link.codec import Decoder
from seon.link.sealing import EphemeralKey
from seon.process.events import EventMaker
from unit.details import Lines

DECODER: Decoder[m.FromClient] = Decoder(m.FromClient)


class Owner:
    """Notes what comes over the link."""

    def __init__(self) -> None:
        self.seen = []

    async def configuration_wanted(self, known: int) -> None:
        self.seen.append(known)

    def blobs_wanted(self, names) -> None:
        self.seen.append(names)

    def open_session(self, message) -> None:
        self.seen.append(message)

    def events(self, message) -> None:
        self.seen.append(message)

    async def found(self, message) -> None:
        self.seen.append(message)

    def server_state(self, message) -> None:
        self.seen.append(message)


def hello(link_pki, **fields) -> m.ServerHello:
    key = EphemeralKey(link_pki.identity)
    known = {"oldest": m.PROTOCOL, "newest": m.PROTOCOL, "oldest_format": FORMAT, "newest_format": FORMAT,
             "build": "build 7", "time": time.time(), "proxy_id": key.proxy_id,
             "configuration_version": 3, "mlkem_key": key.mlkem_key, "x25519_key": key.x25519_key,
             "signature": key.signature}  # fmt: skip
    return m.ServerHello(**{**known, **fields})


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def play(over_link, link_pki, lines):
    """Run a scene of (server's stream, link)."""

    def run(scene) -> None:
        async def live(one, two) -> None:
            await scene(MessageStream(one, DECODER), ControlLink(two, "client one", link_pki.proxy_id, detail=lines))
            one.close()
            two.close()

        over_link(live)

    return run


async def established(server, link, link_pki) -> None:
    await server.send(hello(link_pki))
    await link.establish()
    theirs = await server.receive()
    assert (theirs.oldest, theirs.newest, theirs.client) == (m.OLDEST_PROTOCOL, m.PROTOCOL, "client one")


def test_a_link_stands_when_both_hellos_have_passed(play, link_pki) -> None:
    async def scene(server, link) -> None:
        await established(server, link, link_pki)
        assert link.hello.configuration_version == 3

    play(scene)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"oldest": m.PROTOCOL + 1, "newest": m.PROTOCOL + 1}, "upgrade the host of the client"),
        ({"proxy_id": "0" * 64 + "px"}, "another Proxy ID than its certificate"),
    ],
)
def test_a_server_that_does_not_fit_is_not_linked_to(play, link_pki, fields, text) -> None:
    async def scene(server, link) -> None:
        await server.send(hello(link_pki, **fields))
        with pytest.raises(NotEstablishedError, match=text):
            await link.establish()

    play(scene)


def test_a_server_that_says_something_else_first_is_none(play) -> None:
    async def scene(server, link) -> None:
        await server.send(m.Heartbeat())
        with pytest.raises(NotEstablishedError, match="no Hello"):
            await link.establish()

    play(scene)


def test_a_server_that_says_nothing_at_first_is_tried_again(play, monkeypatch) -> None:
    monkeypatch.setattr("seon.client.control.HELLO_SECONDS", 0.1)

    async def scene(server, link) -> None:
        with pytest.raises(NotEstablishedError, match="says nothing"):
            await link.establish()

    play(scene)


def test_a_server_that_closes_instead_has_refused(play) -> None:
    async def scene(server, link) -> None:
        server.tls.abort()
        with pytest.raises(NotEstablishedError, match="refused the link"):
            await link.establish()

    play(scene)


def test_what_the_server_wants_reaches_the_owner(play, link_pki) -> None:
    opening = m.OpenSession(bytes(16), "session-1", "P1", "192.0.2.1:5", "0" * 64)
    events = m.Events(7, (EventMaker("dmz").make("SRV-END"),))
    refused = m.CertificateRefused(RefusedCertificate(b"der", "192.0.2.1:5", "UNKNOWN", "no", 1.0))

    async def scene(server, link) -> None:
        await established(server, link, link_pki)
        owner = Owner()
        for message in (
            m.ConfigurationWanted(3),
            m.BlobsWanted(("0" * 64,)),
            m.Heartbeat(),
            opening,
            events,
            refused,
            m.Bye(""),
        ):
            await server.send(message)
        assert await link.run(owner) == "the server closed the link"
        assert owner.seen == [3, ("0" * 64,), opening, events, refused]

    play(scene)


@pytest.mark.parametrize("how", ["bye", "close", "abort"])
def test_every_end_of_the_server_ends_the_link(play, link_pki, how) -> None:
    async def scene(server, link) -> None:
        await established(server, link, link_pki)
        running = asyncio.create_task(link.run(Owner()))
        if how == "bye":
            await server.send(m.Bye("the server is ending"))
        elif how == "close":
            server.tls.close()
        else:
            server.tls.abort()
        assert await running

    play(scene)


def test_a_silent_server_is_no_end_but_silence(play, link_pki, monkeypatch) -> None:
    """Mission A7: an end ends the client, silence makes it try again."""
    monkeypatch.setattr(m, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(m, "DEAD_SECONDS", 0.2)

    async def scene(server, link) -> None:
        await established(server, link, link_pki)
        with pytest.raises(SilentError, match="nothing was heard"):
            await link.run(Owner())

    play(scene)


def test_a_server_that_beats_but_does_not_read_is_silent_too(play, link_pki, monkeypatch) -> None:
    monkeypatch.setattr(m, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(m, "DEAD_SECONDS", 1.0)

    async def scene(server, link) -> None:
        await established(server, link, link_pki)

        async def beat() -> None:
            while True:
                await server.send(m.Heartbeat())
                await asyncio.sleep(0.05)

        jobs = [asyncio.create_task(beat()), asyncio.create_task(link.deliver("blob", bytes(16 * 1024 * 1024)))]
        with pytest.raises(SilentError, match="does not read"):
            await link.run(Owner())
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)

    play(scene)


def test_others_have_their_turn_while_a_large_blob_is_sent(play, link_pki) -> None:
    async def scene(server, link) -> None:
        await established(server, link, link_pki)
        octets, turns = bytes(4 * 1024 * 1024), 0

        async def take_turns() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        taking = asyncio.create_task(take_turns())
        sending = asyncio.create_task(link.deliver("blob", octets))
        offered, received = await server.receive(), bytearray()
        while len(received) < len(octets):
            received += (await server.receive()).data
        await sending
        taking.cancel()
        assert offered == m.Offered("blob", len(octets), hashlib.sha256(octets).hexdigest())
        assert received == octets
        assert turns > len(octets) / m.PART_SIZE

    play(scene)


def test_where_lists_are_is_handed_on(play, link_pki) -> None:
    found = m.CrlsFound((CrlSource("http://crl.example/a", b"x"),))

    async def scene(server, link) -> None:
        await established(server, link, link_pki)
        owner = Owner()
        await server.send(found)
        await server.send(m.Bye(""))
        await link.run(owner)
        assert owner.seen == [found]

    play(scene)


def test_a_second_hello_ends_the_link(play, link_pki) -> None:
    async def scene(server, link) -> None:
        await established(server, link, link_pki)
        await server.send(hello(link_pki))
        assert await link.run(Owner()) == "a second Hello"

    play(scene)


def test_nonsense_ends_the_link(play, link_pki) -> None:
    async def scene(server, link) -> None:
        await established(server, link, link_pki)
        await server.tls.write(b"\0\0\0\x02{}")
        assert "cannot be understood" in await link.run(Owner())

    play(scene)


@pytest.mark.parametrize("size", [1, m.PART_SIZE, m.PART_SIZE + 1, 3 * m.PART_SIZE])
def test_a_delivery_goes_in_parts_with_its_size_and_digest(play, link_pki, size) -> None:
    octets = bytes(range(256)) * (size // 256 + 1)
    octets = octets[:size]

    async def scene(server, link) -> None:
        await established(server, link, link_pki)
        sending = asyncio.create_task(link.deliver("configuration", octets))
        assert await server.receive() == m.Offered("configuration", size, hashlib.sha256(octets).hexdigest())
        got = b""
        while len(got) < size:
            part = await server.receive()
            assert len(part.data) <= m.PART_SIZE
            got += part.data
        assert got == octets
        await sending

    play(scene)


def test_two_deliveries_do_not_mix(play, link_pki) -> None:
    async def scene(server, link) -> None:
        await established(server, link, link_pki)
        sending = [asyncio.create_task(link.deliver("blob", bytes([n]) * (2 * m.PART_SIZE))) for n in (1, 2)]
        for number in (1, 2):
            assert isinstance(await server.receive(), m.Offered)
            for _ in range(2):
                assert set((await server.receive()).data) == {number}
        await asyncio.gather(*sending)

    play(scene)


def test_a_refusal_is_cut_to_what_the_link_allows(play, link_pki) -> None:
    async def scene(server, link) -> None:
        await established(server, link, link_pki)
        await link.refuse("session-1", "x" * 5_000)
        assert await server.receive() == m.SessionRefused("session-1", "x" * 500)
        await link.events_taken(7)
        assert await server.receive() == m.EventsTaken(7)

    play(scene)


def test_at_debug_hello_and_each_delivery_are_said(play, link_pki, lines) -> None:
    async def scene(server, link) -> None:
        await established(server, link, link_pki)
        delivering = asyncio.create_task(link.deliver("blob", b"x" * 100_000))
        while not isinstance(await server.receive(), m.Part):
            pass
        await server.receive()
        await delivering

    play(scene)
    hello, sent = lines.said
    assert hello.startswith("Link: Hello of the server received, build build 7, and ours sent: protocol ")
    assert hello.endswith("the server has configuration 3")
    assert sent == "Link: blob of 100,000 octets sent to the server"


def test_the_server_hears_of_a_drained_client_and_says_how_it_is(play, link_pki) -> None:
    state = m.ServerState(5, "", 6619, True, "", 3)

    async def scene(server, link) -> None:
        await established(server, link, link_pki)
        for on in (True, False):
            await link.draining(on)
            assert await server.receive() == m.Draining(on)
        owner = Owner()
        running = asyncio.create_task(link.run(owner))
        await server.send(state)
        while not owner.seen:
            await asyncio.sleep(0.005)
        assert owner.seen == [state]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    play(scene)


def test_a_server_that_floods_with_how_it_is_is_read_slowly_and_holds_up_nobody(play, link_pki) -> None:
    async def scene(server, link) -> None:
        await established(server, link, link_pki)
        owner = Owner()
        running = asyncio.create_task(link.run(owner))

        async def flood() -> None:
            for sessions in range(100_000):
                await server.send(m.ServerState(5, "", 6619, True, "", sessions))
                await asyncio.sleep(0)

        flooding = asyncio.create_task(flood())
        began, slept = time.monotonic(), 0
        while time.monotonic() < began + 1:
            await asyncio.sleep(0.01)
            slept += 1
        for task in (flooding, running):
            task.cancel()
        await asyncio.gather(flooding, running, return_exceptions=True)
        assert len(owner.seen) <= STATES_AT_ONCE + 2 * STATES_A_SECOND
        assert slept > 5, "others had their turn"

    play(scene)
