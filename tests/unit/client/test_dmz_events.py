"""The server's events: stamped as the DMZ's, kept, and acknowledged once all of them are on disk."""

import asyncio

import msgspec
import pytest

from seon.client import dmz_events as module
from seon.client.client import EXIT_LINK
from seon.client.dmz_events import DmzEvents, DmzPace, stamped
from seon.daemon.rate import Bucket
from seon.events import MAX_ID, Event
from seon.link import messages as m
from seon.process.events import EventMaker


class Courier:
    """Keeps events when the test says so; `room`: for so many more."""

    def __init__(self, room: int = 1_000) -> None:
        self.events: list[Event] = []
        self.room = room
        self._kept = []

    def has_room(self) -> bool:
        return self.room > 0

    def keep(self, event: Event, when_kept) -> bool:
        assert self.has_room(), "it would be lost"
        self.room -= 1
        self.events.append(event)
        self._kept.append(when_kept)
        return True

    def write(self, count: int) -> None:
        """Have the oldest events on disk."""
        for _ in range(count):
            self._kept.pop(0)()


def pace(said: list[str] | None = None) -> DmzPace:
    return DmzPace(lambda code, *_, **__: (said if said is not None else []).append(code))


def batch(first_number: int, *reasons: str) -> m.Events:
    maker = EventMaker("dmz")
    return m.Events(first_number, tuple(maker.make("SRV-END", reason=reason) for reason in reasons))


def test_a_batch_is_acknowledged_when_the_last_of_it_is_on_disk_and_not_before() -> None:
    courier, acknowledged = Courier(), []
    events = DmzEvents(courier, pace(), acknowledged.append)
    events.take(batch(1, "one", "two", "three"))
    courier.write(2)
    assert acknowledged == []
    courier.write(1)
    assert acknowledged == [3]
    events.take(batch(4, "four"))
    courier.write(1)
    assert acknowledged == [3, 4]


def test_the_first_batch_of_a_link_may_begin_anywhere() -> None:
    """The server is older than this link, and its events before were taken over another one."""
    courier, acknowledged = Courier(), []
    DmzEvents(courier, pace(), acknowledged.append).take(batch(700, "one", "two"))
    courier.write(2)
    assert acknowledged == [701]


def test_what_there_is_no_room_for_waits_and_is_acknowledged_when_it_is_on_disk(monkeypatch) -> None:
    """Until then the server keeps it too, so none is lost while the disk is full."""
    monkeypatch.setattr(module, "ROOM_SECONDS", 0.01)
    courier, acknowledged = Courier(room=1), []

    async def live() -> None:
        DmzEvents(courier, pace(), acknowledged.append).take(batch(1, "one", "two", "three"))
        await asyncio.sleep(0.05)
        assert len(courier.events) == 1
        courier.write(1)
        assert acknowledged == []
        courier.room = 2
        while len(courier.events) < 3:
            await asyncio.sleep(0.01)
        courier.write(2)

    asyncio.run(asyncio.wait_for(live(), 10))
    assert acknowledged == [3]
    assert [event.fields["reason"] for event in courier.events] == ["one", "two", "three"]


def test_a_batch_before_the_last_one_was_acknowledged_is_refused_and_not_kept() -> None:
    courier = Courier()
    events = DmzEvents(courier, pace(), lambda _: None)
    events.take(batch(1, "one", "two"))
    courier.write(1)
    with pytest.raises(m.LinkError, match="before the last ones were acknowledged"):
        events.take(batch(3, "three"))
    assert len(courier.events) == 2


def test_a_batch_with_one_event_that_is_not_the_servers_to_tell_is_refused_whole() -> None:
    courier = Courier()
    forged = EventMaker("dmz").make("FIL-END", what="forged")
    with pytest.raises(m.LinkError, match="no reason to send"):
        DmzEvents(courier, pace(), lambda _: None).take(m.Events(1, (*batch(1, "good").events, forged)))
    assert courier.events == []


def test_the_servers_events_are_acknowledged_once_they_are_on_disk(alone, tmp_path) -> None:
    alone(servers_events, tmp_path)


def servers_events(directory: str) -> None:
    from inside import Inside

    maker = EventMaker("inside", "session-1")  # a server that lies about where it is
    events = tuple(maker.make("SES-END", reason=str(number)) for number in range(3))

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        await control.send(m.Events(41, events))
        assert (await inside.next(control, m.EventsTaken)).up_to == 43
        kept = [event for event in inside.kept if event.code == "SES-END"]
        assert [event.hop for event in kept] == ["dmz"] * 3
        assert not {event.id for event in kept} & {event.id for event in events}

    assert Inside(directory).play(scene) == 0


def test_the_dmz_cannot_take_an_id_that_the_inside_will_give() -> None:
    """Ids are stored once: an event of the DMZ with the id of one of ours would keep ours out of the journal."""
    ours = EventMaker("inside", "session-1").make("FIL-END")
    theirs = stamped(msgspec.structs.replace(ours, fields={"result": "forged"}))
    assert theirs.hop == "dmz"
    assert theirs.id != ours.id
    longest = msgspec.structs.replace(ours, id="x" * MAX_ID)
    assert len(stamped(longest).id) == MAX_ID


def test_events_before_the_last_ones_were_acknowledged_end_the_link(alone, tmp_path) -> None:
    """A server that does not wait would fill our memory with what the disk has not taken yet."""
    alone(two_batches, tmp_path)


def two_batches(directory: str) -> None:
    from inside import Inside

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        maker = EventMaker("dmz")
        inside.hold = True
        await inside.until("CLI-LINKED")
        await control.send(m.Events(1, (maker.make("SRV-END", reason="one"),)))
        await control.send(m.Events(2, (maker.make("SRV-END", reason="two"),)))
        await inside.until("events came before the last ones were acknowledged")
        inside.hold = False
        await inside.ended

    assert Inside(directory).play(scene) == EXIT_LINK


def test_events_that_are_not_the_servers_to_tell_end_the_link_and_are_not_kept(alone, tmp_path) -> None:
    for code in ("AUD-CHANGE", "FIL-END", "CLI-END", "NEW-CODE"):
        home = tmp_path / code
        home.mkdir()
        alone(foreign, home, code)


def foreign(directory: str, code: str) -> None:
    from inside import Inside

    async def scene(inside: Inside) -> None:
        control = await inside.controls.get()
        maker = EventMaker("dmz")
        await control.send(m.Events(1, (maker.make("SRV-END", reason="good"), maker.make(code, what="forged"))))
        await inside.ended

    inside = Inside(directory)
    assert inside.play(scene) == EXIT_LINK
    assert inside.logged("an event came that a server has no reason to send")
    assert not [event for event in inside.kept if event.hop == "dmz"]


class Clock:
    now = 0.0


@pytest.fixture
def clock(monkeypatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "Bucket", lambda *rates: Bucket(*rates, clock=lambda: made.now))
    return made


def taken(paced: DmzPace, event: Event) -> int:
    """How many events like this are taken until one has to wait."""
    count = 0
    while not paced.wait(event):
        count += 1
    return count


def test_a_flood_of_the_dmz_is_taken_at_a_bounded_rate_and_said_once(clock) -> None:
    said: list[str] = []
    paced, event = pace(said), EventMaker("dmz").make("SRV-END", reason="x")
    assert taken(paced, event) == module.EVENTS_AT_ONCE
    clock.now += 2
    assert taken(paced, event) == 2 * module.EVENTS_A_SECOND
    assert said == ["CLI-FLOOD"]


def test_the_dmz_fills_neither_the_scripts_queue_nor_the_disk(clock) -> None:
    """The script's queue holds 100,000 runs, and is there for the critical events of others too."""
    maker = EventMaker("dmz")
    paced = pace()
    taken(paced, maker.make("SRV-PORT", address="x", reason="x"))
    clock.now += 3_600
    assert taken(paced, maker.make("SRV-PORT", address="x", reason="x")) <= 3_600
    clock.now += 100
    large = maker.make("SRV-END", **{f"f{number}": "x" * 500 for number in range(20)})
    assert taken(pace(), large) * len(msgspec.json.encode(large)) < 21_000_000


def test_what_came_too_fast_waits_and_is_acknowledged_in_its_order(monkeypatch) -> None:
    monkeypatch.setattr(module, "EVENTS_AT_ONCE", 2)
    monkeypatch.setattr(module, "EVENTS_A_SECOND", 100)
    courier, acknowledged = Courier(), []

    async def live() -> None:
        DmzEvents(courier, pace(), acknowledged.append).take(batch(1, "one", "two", "three", "four"))
        assert len(courier.events) == 2
        while len(courier.events) < 4:
            await asyncio.sleep(0.005)
        courier.write(4)

    asyncio.run(asyncio.wait_for(live(), 10))
    assert acknowledged == [4]
    assert [event.fields["reason"] for event in courier.events] == ["one", "two", "three", "four"]
