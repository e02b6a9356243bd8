"""The courier between its main and Seonapi; the test plays the main."""

import asyncio
import contextlib
import hashlib
import socket

import msgspec
import pytest
from seon.client.api import Api
from seon.client.spool import Spool, SpoolError

from seon import api_messages as a
from seon.client import courier as module
from seon.client import courier_messages as c
from seon.client.courier import Courier
from seon.config import ClientConfiguration, ProxyConfiguration, ServerConfiguration
from seon.events import MAX_EVENT, MAX_FIELDS, Event
from seon.process.events import EventMaker

BEGIN = c.Begin("dmz.example", 2878, True)
ENROLLED = a.Enrolled("c", "ca", ("0" * 64 + "px",), 5)
MAKER = EventMaker("inside")


class Main:
    """The main's end of the line."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock, self._lock = sock, asyncio.Lock()
        self.courier: asyncio.Task[None]

    async def say(self, note) -> None:
        await c.send(self.sock, self._lock, note)

    async def hear(self, kind):
        while True:
            octets = await c.receive(self.sock)
            assert octets is not None, "the courier is gone"
            note = c.from_courier.decode(octets)
            if isinstance(note, kind):
                return note


@pytest.fixture(autouse=True)
def fast(monkeypatch) -> None:
    monkeypatch.setattr(module, "BACKOFF", (0, 0, 0))


class Versions:
    """Answers configuration calls as Seonapi does: with another version than the known one, or after a while 204."""

    def __init__(self) -> None:
        self.version = 1

    async def __call__(self, request) -> tuple[int, bytes]:
        query = request.path.partition("?")[2]
        for _ in range(100 if "wait=50" in query else 1):
            if f"known={self.version}&" not in query:
                configuration = ProxyConfiguration(self.version, ServerConfiguration(), ClientConfiguration())
                return 200, msgspec.json.encode(configuration)
            await asyncio.sleep(0.02)
        return 204, b""


@pytest.fixture
def play(seonapi, tmp_path):
    seonapi.answers["enrol"] = lambda _: (200, msgspec.json.encode(ENROLLED))
    seonapi.answers["configuration"] = Versions()

    def run(scene, *, up: bool = True) -> None:
        async def live() -> None:
            ours, theirs = socket.socketpair()
            for sock in (ours, theirs):
                sock.setblocking(False)
            async with asyncio.timeout(20), contextlib.AsyncExitStack() as stack:
                stack.enter_context(theirs)
                stack.enter_context(ours)
                await stack.enter_async_context(seonapi.serving())
                spool = Spool(tmp_path / "spool")
                courier = Courier(theirs, Api(seonapi.url, seonapi.token), spool)
                living = asyncio.create_task(courier.live(BEGIN))
                main = Main(ours)
                main.courier = living
                await scene(main, spool)
                ours.close()
                await living

        asyncio.run(live())

    return run


def test_the_first_word_is_the_command_line_without_its_secrets(play) -> None:
    async def scene(main, spool) -> None:
        assert await main.hear(c.Begin) == BEGIN

    play(scene)


def test_a_configuration_comes_after_the_enrolment_and_again_when_it_has_changed(play, seonapi) -> None:
    async def scene(main, spool) -> None:
        await asyncio.sleep(0.1)
        assert seonapi.seen == [], "nothing is asked before the main has enrolled"
        await main.say(c.Enrol("csr"))
        assert (await main.hear(c.HaveEnrolled)).answer == ENROLLED
        assert (await main.hear(c.NewConfiguration)).configuration.version == 1
        seonapi.answers["configuration"].version = 2
        assert (await main.hear(c.NewConfiguration)).configuration.version == 2

    play(scene)


def test_seonapi_away_is_said_once_and_so_is_its_return(play, seonapi) -> None:
    fails = 3

    def enrol(_) -> tuple[int, bytes]:
        nonlocal fails
        fails -= 1
        return (500, b'{"error":"out of order"}') if fails > 0 else (200, msgspec.json.encode(ENROLLED))

    seonapi.answers["enrol"] = enrol

    async def scene(main, spool) -> None:
        await main.say(c.Enrol("csr"))
        away = await main.hear(c.ApiState)
        assert away.state == "away"
        assert "out of order" in away.reason
        assert (await main.hear(c.ApiState)).state == "back"
        await main.hear(c.HaveEnrolled)

    play(scene)


def test_a_token_that_is_refused_is_said_to_be_so_and_not_shown(play, seonapi) -> None:
    seonapi.answers["enrol"] = lambda _: (401, b'{"error":"no valid token"}')

    async def scene(main, spool) -> None:
        await main.say(c.Enrol("csr"))
        state = await main.hear(c.ApiState)
        assert state.state == "refused"
        assert "no valid token" in state.reason
        assert seonapi.token.secret not in state.reason

    play(scene)


def test_events_are_on_disk_before_they_are_acknowledged_and_then_delivered(play, seonapi) -> None:
    stored = []

    def store(request) -> tuple[int, bytes]:
        batch = msgspec.json.decode(request.body, type=a.EventBatch)
        stored.extend(batch.events)
        return 200, msgspec.json.encode(a.EventsStored(len(batch.events)))

    seonapi.answers["events"] = store
    events = tuple(MAKER.make("CLI-END", reason=str(n)) for n in range(5))

    async def scene(main, spool) -> None:
        await main.say(c.Keep(events))
        assert (await main.hear(c.Kept)).count == 5
        assert spool.oldest(100)[1] == events
        assert stored == []
        await main.say(c.Enrol("csr"))
        while spool.oldest(1)[1]:
            await asyncio.sleep(0.01)
        assert tuple(stored) == events

    play(scene)


def test_events_that_were_not_all_stored_stay(play, seonapi) -> None:
    seonapi.answers["events"] = lambda _: (200, msgspec.json.encode(a.EventsStored(1)))

    async def scene(main, spool) -> None:
        await main.say(c.Enrol("csr"))
        await main.say(c.Keep((MAKER.make("CLI-END"), MAKER.make("CLI-END"))))
        await main.hear(c.Kept)
        while not any(request.path.endswith("events") for request in seonapi.seen):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert len(spool.oldest(10)[1]) == 2

    play(scene)


def test_a_disk_that_is_full_is_said_and_nothing_acknowledged_until_it_has_room(play, monkeypatch) -> None:
    real, full = Spool.keep, True

    def keep(self, events) -> None:
        if full:
            raise SpoolError("database or disk is full")
        real(self, events)

    monkeypatch.setattr(Spool, "keep", keep)

    async def scene(main, spool) -> None:
        nonlocal full
        await main.say(c.Keep((MAKER.make("CLI-END"),)))
        assert (await main.hear(c.ApiState)) == c.ApiState("spool", "database or disk is full")
        assert spool.oldest(10)[1] == ()
        full = False
        await main.hear(c.Kept)
        assert len(spool.oldest(10)[1]) == 1

    play(scene)


def test_names_are_resolved_and_what_is_none_is_said(play) -> None:
    async def scene(main, spool) -> None:
        await main.say(c.Resolve("127.0.0.1"))
        assert (await main.hear(c.Resolved)).addresses == ("127.0.0.1",)
        for name in ("a" * 70 + ".example", "a..b"):
            await main.say(c.Resolve(name))
            answer = await main.hear(c.Resolved)
            assert answer.addresses == ()
            assert answer.problem

    play(scene)


def test_keys_and_blobs_come_or_the_reason_why_not(play, seonapi) -> None:
    wanted = a.SealedKeyWanted("0" * 64 + "px", bytes(1184), bytes(32), bytes(64), "id")
    name = hashlib.sha256(b"list").hexdigest()

    async def scene(main, spool) -> None:
        await main.say(c.WantSealed(wanted))
        assert "no such path" in (await main.hear(c.GotSealed)).problem
        await main.say(c.WantBlob(name))
        assert "no such path" in (await main.hear(c.GotBlob)).problem
        seonapi.answers["sealed-key"] = lambda _: (200, msgspec.json.encode(a.SealedKey("id", b"sealed")))
        seonapi.answers[f"blobs/{name}"] = lambda _: (200, b"list")
        await main.say(c.WantSealed(wanted))
        assert (await main.hear(c.GotSealed)).key == a.SealedKey("id", b"sealed")
        await main.say(c.WantBlob(name))
        assert (await main.hear(c.GotBlob)).octets == b"list"

    play(scene)


def test_a_changed_configuration_can_be_asked_for_at_once(play, seonapi) -> None:
    async def scene(main, spool) -> None:
        await main.say(c.AskNow())
        assert (await main.hear(c.NewConfiguration)).configuration.version == 1

    play(scene)


def test_nonsense_from_the_main_ends_the_courier(play) -> None:
    async def scene(main, spool) -> None:
        await main.hear(c.Begin)
        main.sock.send(b"\0\0\0\x02{}")
        await main.courier

    play(scene)


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


def test_the_largest_events_reach_seonapi_in_bodies_it_takes(play, seonapi) -> None:
    events = [largest(number) for number in range(3 * a.EVENTS_PER_BATCH // 2)]
    assert all(16_000 < len(msgspec.json.encode(event)) <= MAX_EVENT for event in events)
    stored, sizes = journal(seonapi)

    async def scene(main, spool) -> None:
        for at in range(0, len(events), 60):
            await main.say(c.Keep(tuple(events[at : at + 60])))
            await main.hear(c.Kept)
        await main.say(c.Enrol("csr"))
        while spool.oldest(1)[1]:
            await asyncio.sleep(0.01)

    play(scene)
    assert stored == [event.id for event in events]
    assert max(sizes) <= a.MAX_BODY
    assert len(sizes) == 2, "none had to be sent again"


def largest(number: int) -> Event:
    """Return an event of nearly MAX_EVENT octets."""
    fields = {f"field-{n}": "x" * 660 for n in range(MAX_FIELDS)}
    return Event(id=f"event-{number}", code="SES-END", time=1.0, hop="dmz", fields=fields)


def test_an_event_that_seonapi_rejects_is_set_aside_and_told_and_the_others_arrive(play, seonapi) -> None:
    events = tuple(MAKER.make("CLI-END", reason=str(number)) for number in range(50))
    bad = {events[0].id, events[17].id, events[49].id}
    stored, _ = journal(seonapi, lambda event: event.id in bad)

    async def scene(main, spool) -> None:
        await main.say(c.Enrol("csr"))
        await main.say(c.Keep(events))
        told = [await main.hear(c.ApiState) for _ in bad]
        assert {note.state for note in told} == {"rejected"}
        assert {note.reason.split(" ")[0] for note in told} == bad
        while spool.oldest(1)[1]:
            await asyncio.sleep(0.01)

    play(scene)
    assert stored == [event.id for event in events if event.id not in bad]


def test_a_full_disk_does_not_keep_the_courier_from_anything_else(play, monkeypatch) -> None:
    def keep(self, events) -> None:
        raise SpoolError("database or disk is full")

    monkeypatch.setattr(Spool, "keep", keep)

    async def scene(main, spool) -> None:
        await main.say(c.Keep((MAKER.make("CLI-END"),)))
        await main.hear(c.ApiState)
        await main.say(c.Resolve("127.0.0.1"))
        assert (await main.hear(c.Resolved)).addresses == ("127.0.0.1",)

    play(scene)


def test_a_spool_that_cannot_be_read_is_told_and_tried_again(play, seonapi, monkeypatch) -> None:
    stored, _ = journal(seonapi)
    real, broken = Spool.oldest, True

    def oldest(self, most):
        if broken:
            raise SpoolError("disk I/O error")
        return real(self, most)

    monkeypatch.setattr(Spool, "oldest", oldest)
    event = MAKER.make("CLI-END")

    async def scene(main, spool) -> None:
        nonlocal broken
        await main.say(c.Enrol("csr"))
        await main.say(c.Keep((event,)))
        assert (await main.hear(c.ApiState)) == c.ApiState("spool", "disk I/O error")
        broken = False
        while not stored:
            await asyncio.sleep(0.01)

    play(scene)
    assert stored == [event.id]


def test_a_part_that_fails_ends_the_whole_courier(play, monkeypatch) -> None:
    """Half a courier would keep events for ever and say nothing: the main sees its end and ends too."""

    def keep(self, events) -> None:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(Spool, "keep", keep)

    async def scene(main, spool) -> None:
        await main.say(c.Keep((MAKER.make("CLI-END"),)))
        with pytest.raises(RuntimeError, match="nobody thought"):
            await main.courier

    with pytest.raises(RuntimeError, match="nobody thought"):
        play(scene)


def test_a_server_that_asks_without_end_makes_one_call_at_a_time(play, seonapi) -> None:
    running = most = 0

    async def configuration(_) -> tuple[int, bytes]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.2)
        running -= 1
        return 204, b""

    seonapi.answers["configuration"] = configuration

    async def scene(main, spool) -> None:
        for _ in range(100):
            await main.say(c.AskNow())
        while running or not most:
            await asyncio.sleep(0.01)

    play(scene)
    assert most == 1
    assert len([request for request in seonapi.seen if "configuration" in request.path]) < 5
