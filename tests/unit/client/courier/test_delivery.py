"""Events on their way to the disk and to Seonapi."""

import asyncio
import contextlib
import sqlite3

import msgspec
import pytest

from seon import api_messages as a
from seon.client.courier import messages as c
from seon.client.courier import spool as spool_module
from seon.client.courier.delivery import EACH
from seon.client.courier.spool import Spool, SpoolError
from seon.client.courier.troubles import Patience
from seon.events import MAX_EVENT, MAX_FIELDS, Event
from unit.client.courier.played import MAKER, journal


def test_events_are_on_disk_before_they_are_acknowledged_and_then_delivered(play, seonapi) -> None:
    stored = []

    def store(request) -> tuple[int, bytes]:
        batch = msgspec.json.decode(request.body, type=a.EventBatch)
        stored.extend(batch.events)
        return 200, msgspec.json.encode(a.EventsStored(len(batch.events)))

    seonapi.answers["events"] = store
    events = tuple(MAKER.make("CLI-END", reason=str(n)) for n in range(5))

    async def scene(main, spool) -> None:
        await main.say(c.Keep(1, events))
        assert (await main.hear(c.Kept)).up_to == 5
        assert spool.oldest(100).events == events
        assert stored == []
        await main.enrol()
        while spool.oldest(1).events:
            await asyncio.sleep(0.01)
        assert tuple(stored) == events

    play(scene)


def test_events_that_were_not_all_stored_stay_and_it_is_told(play, seonapi) -> None:
    seonapi.answers["events"] = lambda _: (200, msgspec.json.encode(a.EventsStored(1)))

    async def scene(main, spool) -> None:
        await main.enrol()
        await main.say(c.Keep(1, (MAKER.make("CLI-END"), MAKER.make("CLI-END"))))
        note = await main.hear(c.ApiState)
        assert note.state == "away"
        assert "it stored 1 of 2 events" in note.reason
        assert len(spool.oldest(10).events) == 2
        before = len(seonapi.seen)
        await main.say(c.Resolve("127.0.0.1"))
        await main.hear(c.Resolved)
        assert len(seonapi.seen) - before < 10, "not asked again without a pause"
        stored, _ = journal(seonapi)
        assert (await main.hear(c.ApiState)).state == "back"
        assert len(stored) == 2

    play(scene, Patience(pauses=(0.1,)))


def test_a_disk_that_is_full_is_said_and_nothing_acknowledged_until_it_has_room(play, monkeypatch) -> None:
    real, full = Spool.keep, True

    def keep(self, events) -> None:
        if full:
            raise SpoolError("database or disk is full")
        real(self, events)

    monkeypatch.setattr(Spool, "keep", keep)

    async def scene(main, spool) -> None:
        nonlocal full
        await main.say(c.Keep(1, (MAKER.make("CLI-END"),)))
        assert (await main.hear(c.ApiState)) == c.ApiState("spool", "database or disk is full")
        assert spool.oldest(10).events == ()
        full = False
        assert (await main.hear(c.ApiState)) == c.ApiState("spooled")
        await main.hear(c.Kept)
        assert len(spool.oldest(10).events) == 1

    play(scene)


def test_the_largest_events_reach_seonapi_in_bodies_it_takes(play, seonapi) -> None:
    events = [largest(number) for number in range(3 * a.EVENTS_PER_BATCH // 2)]
    assert all(16_000 < len(msgspec.json.encode(event)) <= MAX_EVENT for event in events)
    stored, sizes = journal(seonapi)

    async def scene(main, spool) -> None:
        for at in range(0, len(events), 60):
            await main.say(c.Keep(at + 1, tuple(events[at : at + 60])))
            await main.hear(c.Kept)
        await main.enrol()
        while spool.oldest(1).events:
            await asyncio.sleep(0.01)

    play(scene)
    assert stored == [event.id for event in events]
    assert max(sizes) <= a.MAX_BODY
    assert len(sizes) == 2, "none had to be sent again"


def largest(number: int) -> Event:
    """Return an event of nearly MAX_EVENT octets."""
    fields = {f"field-{n}": "x" * 660 for n in range(MAX_FIELDS)}
    return Event(id=f"event-{number}", code="SES-END", time=1.0, hop="dmz", fields=fields)


def aside(spool) -> list[tuple[bytes, bytes, str]]:
    """Return what lies aside: id, octets, why."""
    with contextlib.closing(sqlite3.connect(spool.path)) as other:
        return other.execute("SELECT id, body, why FROM aside ORDER BY number").fetchall()


def test_an_event_that_seonapi_rejects_is_set_aside_and_told_and_the_others_arrive(play, seonapi) -> None:
    events = tuple(MAKER.make("CLI-END", reason=str(number)) for number in range(50))
    bad = {events[0].id, events[17].id, events[49].id}
    stored, _ = journal(seonapi, lambda event: event.id in bad)

    async def scene(main, spool) -> None:
        await main.enrol()
        await main.say(c.Keep(1, events))
        told = [await main.hear(c.ApiState) for _ in bad]
        assert {note.state for note in told} == {"rejected"}
        for event in (events[0], events[17], events[49]):
            assert any(f"{event.id} CLI-END: not an event of ours" in note.reason for note in told)
        assert told[2].reason.startswith("3 since the start, the last: ")
        while spool.oldest(1).events:
            await asyncio.sleep(0.01)
        assert {(name.decode(), why) for name, _, why in aside(spool)} == {(id_, "not an event of ours") for id_ in bad}

    play(scene)
    assert stored == [event.id for event in events if event.id not in bad]


def test_a_seonapi_that_rejects_everything_is_not_told_of_without_end(play, seonapi) -> None:
    """To tell it is an event, which it would reject too."""
    journal(seonapi, lambda _: True)
    count = 3 * EACH

    async def scene(main, spool) -> None:
        await main.enrol()
        await main.say(c.Keep(1, tuple(MAKER.make("CLI-END") for _ in range(count))))
        told = [await main.hear(c.ApiState) for _ in range(EACH)]
        assert told[-1].reason.startswith(f"{EACH} since the start")
        while spool.oldest(1).events:
            await asyncio.sleep(0.01)
        await main.say(c.Resolve("127.0.0.1"))
        assert isinstance(await main.hear((c.ApiState, c.Resolved)), c.Resolved), "and no more of them"
        assert len(aside(spool)) == count

    play(scene)


def put(spool, *bodies: bytes) -> None:
    """Write rows into the spool as another build would."""
    spool.keep(())
    with contextlib.closing(sqlite3.connect(spool.path, isolation_level=None)) as other:
        for number, body in enumerate(bodies):
            other.execute("INSERT INTO event (id, body) VALUES (?, ?)", (f"odd-{number}", body))


@pytest.mark.parametrize("body", [b"nonsense", b'{"from":"a newer build"}', b"[" * 100_000, b"\xff"], ids=range(4))
def test_an_event_that_cannot_be_read_is_set_aside_and_told_and_the_others_arrive(play, seonapi, body) -> None:
    """One of them ended the courier, at every start."""
    stored, _ = journal(seonapi)
    mine = [MAKER.make("CLI-END") for _ in range(2)]

    async def scene(main, spool) -> None:
        spool.keep(mine[:1])
        put(spool, body)
        spool.keep(mine[1:])
        await main.enrol()
        note = await main.hear(c.ApiState)
        assert note.state == "unreadable"
        assert note.reason.startswith("odd-0: ")
        while spool.oldest(1).events:
            await asyncio.sleep(0.01)
        ((name, octets, why),) = aside(spool)
        assert (name, octets) == (b"odd-0", body[: spool_module.MOST_ASIDE_OCTETS])
        assert why in note.reason

    play(scene)
    assert stored == [event.id for event in mine]


def test_many_that_cannot_be_read_are_told_together(play, seonapi) -> None:
    journal(seonapi)

    async def scene(main, spool) -> None:
        put(spool, *[b"nonsense"] * (a.EVENTS_PER_BATCH + 5))
        await main.enrol()
        notes = [await main.hear(c.ApiState) for _ in range(2)]
        counts = [f"{a.EVENTS_PER_BATCH} since the start", f"{a.EVENTS_PER_BATCH + 5} since the start"]
        assert [note.reason.partition(",")[0] for note in notes] == counts

    play(scene)


def test_events_that_come_again_are_acknowledged_again_and_stored_once(play, seonapi) -> None:
    """An acknowledgement may be lost, late or repeated."""
    stored, _ = journal(seonapi)
    events = tuple(MAKER.make("CLI-END") for _ in range(6))

    async def scene(main, spool) -> None:
        for first, last, up_to in ((1, 3, 3), (1, 3, 3), (1, 5, 5), (2, 3, 5), (4, 6, 6)):
            await main.say(c.Keep(first, events[first - 1 : last]))
            assert (await main.hear(c.Kept)).up_to == up_to
        await main.enrol()
        while spool.oldest(1).events:
            await asyncio.sleep(0.01)

    play(scene)
    assert stored == [event.id for event in events]


def test_a_main_that_starts_again_begins_with_any_number(play) -> None:
    async def scene(main, spool) -> None:
        await main.say(c.Keep(17, (MAKER.make("CLI-END"),)))
        assert (await main.hear(c.Kept)).up_to == 17

    play(scene)


def test_a_full_disk_does_not_keep_the_courier_from_anything_else(play, monkeypatch) -> None:
    def keep(self, events) -> None:
        raise SpoolError("database or disk is full")

    monkeypatch.setattr(Spool, "keep", keep)

    async def scene(main, spool) -> None:
        await main.say(c.Keep(1, (MAKER.make("CLI-END"),)))
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
        await main.enrol()
        await main.say(c.Keep(1, (event,)))
        assert (await main.hear(c.ApiState)) == c.ApiState("spool", "disk I/O error")
        broken = False
        assert (await main.hear(c.ApiState)) == c.ApiState("spooled")
        assert stored

    play(scene)
    assert stored == [event.id]


# --- a real spool that is in trouble, and mended ----------------------------------------------------------------------


class Lock:
    """Another program that holds the file."""

    def __init__(self, spool) -> None:
        spool.keep(())
        self._other = sqlite3.connect(spool.path, isolation_level=None)
        self._other.execute("BEGIN IMMEDIATE")

    def mend(self) -> None:
        self._other.close()


class Damage:
    """A file that is no database."""

    def __init__(self, spool) -> None:
        spool.close()
        self._path = spool.path
        self._path.write_bytes(b"no database " * 1_000)

    def mend(self) -> None:
        self._path.rename(f"{self._path}.away")


class Missing:
    """A directory that is not there, as on a disk that is not mounted."""

    def __init__(self, spool) -> None:
        spool.close()
        self._path = spool.path.parent
        self._path.rename(f"{self._path}.away")

    def mend(self) -> None:
        self._path.mkdir()


TROUBLES = {Lock: "another program has locked it: end that", Damage: "move it away", Missing: "must be able to write"}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_spool_that_cannot_be_used_is_told_with_what_to_do_and_goes_on_when_it_is_mended(
    play, seonapi, monkeypatch, trouble
) -> None:
    """At every moment of a courier's life, the first included: none of it ends the courier, and no event is lost."""
    monkeypatch.setattr(spool_module, "BUSY_SECONDS", 0.01)
    stored, _ = journal(seonapi)
    events = tuple(MAKER.make("CLI-END") for _ in range(3))

    async def scene(main, spool) -> None:
        wrong = trouble(spool)
        await main.say(c.Keep(1, events))
        note = await main.hear((c.ApiState, c.Kept))
        assert note.state == "spool"
        assert str(spool.path) in note.reason
        assert TROUBLES[trouble] in note.reason
        await main.enrol()
        await main.hear(c.HaveEnrolled)
        wrong.mend()
        assert (await main.hear(c.Kept)).up_to == 3
        while len(stored) < 3:
            await asyncio.sleep(0.01)

    play(scene)
    assert stored == [event.id for event in events]


def test_a_spool_that_stays_unusable_is_told_again(play, monkeypatch) -> None:
    async def scene(main, spool) -> None:
        Damage(spool)
        await main.say(c.Keep(1, (MAKER.make("CLI-END"),)))
        notes = [await main.hear(c.ApiState) for _ in range(4)]
        assert {note.state for note in notes} == {"spool"}
        assert notes[-1].reason.endswith(", for 1 s now")

    play(scene, Patience(pauses=(0.01,), reminders=(0.4,)))
