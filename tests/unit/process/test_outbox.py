"""Events on their way: nothing is lost before the next hop has it, and a limit is a limit."""

import msgspec
import pytest

from seon.process import outbox
from seon.process.events import EventMaker
from seon.process.outbox import Intake, Outbox

MUCH = 10**9


def test_a_batch_stays_until_it_is_taken() -> None:
    box, maker = Outbox(), EventMaker("dmz")
    events = [maker.make("SRV-END") for _ in range(5)]
    for event in events:
        box.add(event)
    assert box.batch(2, MUCH) == box.batch(2, MUCH) == tuple(events[:2])
    box.taken_up_to(2)
    assert box.batch(100, MUCH) == tuple(events[2:])
    box.taken_up_to(5)
    assert len(box) == 0
    assert box.batch(1, MUCH) == ()


def test_a_batch_has_a_limit_in_octets_too_but_is_never_empty() -> None:
    box, maker = Outbox(), EventMaker("dmz")
    events = [maker.make("SRV-END", reason="x" * 400) for _ in range(5)]
    three = sum(len(msgspec.json.encode(event)) + 1 for event in events[:3])  # with the comma between them
    for event in events:
        box.add(event)
    assert box.batch(100, three) == tuple(events[:3])
    assert box.batch(100, three - 1) == tuple(events[:2])
    assert box.batch(100, 1) == tuple(events[:1])


def test_beyond_the_capacity_the_newest_are_dropped_and_counted(monkeypatch) -> None:
    monkeypatch.setattr(outbox, "CAPACITY", 3)
    box, maker = Outbox(), EventMaker("dmz")
    events = [maker.make("SRV-END") for _ in range(5)]
    for event in events:
        box.add(event)
    assert box.batch(10, MUCH) == tuple(events[:3])
    assert box.dropped == 2


def numbered(count: int) -> tuple[Outbox, list]:
    box, maker = Outbox(), EventMaker("dmz")
    events = [maker.make("SRV-END") for _ in range(count)]
    assert all(box.add(event) for event in events)
    return box, events


def test_the_next_hop_says_up_to_which_number_it_has_them() -> None:
    box, events = numbered(5)
    assert (box.first_number, box.next_number) == (1, 6)
    assert box.taken_up_to(2) == 2
    assert (box.first_number, box.next_number) == (3, 6)
    assert box.batch(100, MUCH) == tuple(events[2:])
    assert box.taken_up_to(5) == 3
    assert (box.first_number, len(box)) == (6, 0)


def test_acknowledgements_may_be_lost_late_and_repeated() -> None:
    box, events = numbered(5)
    assert box.taken_up_to(4) == 4, "those for 1 to 3 were lost"
    assert [box.taken_up_to(number) for number in (4, 1, 0, 3)] == [0, 0, 0, 0]
    assert box.batch(100, MUCH) == (events[4],)


@pytest.mark.parametrize("number", [6, 10**9])
def test_what_was_never_there_cannot_be_acknowledged(number) -> None:
    box, events = numbered(5)
    with pytest.raises(ValueError, match=f"event {number} was acknowledged, and the last one has number 5"):
        box.taken_up_to(number)
    assert box.batch(100, MUCH) == tuple(events)


def test_a_dropped_event_has_no_number(monkeypatch) -> None:
    monkeypatch.setattr(outbox, "CAPACITY", 3)
    box, _ = numbered(3)
    assert not box.add(EventMaker("dmz").make("SRV-END"))
    assert box.next_number == 4
    box.taken_up_to(1)
    assert box.add(EventMaker("dmz").make("SRV-END"))
    assert box.next_number == 5


def test_the_other_end_takes_each_event_once_however_often_it_comes() -> None:
    box, events = numbered(6)
    intake = Intake()
    assert intake.fresh(1, box.batch(3, MUCH)) == tuple(events[:3])
    assert intake.fresh(1, box.batch(3, MUCH)) == tuple(events[:3]), "not safe yet"
    assert intake.safe(1, 3) == 3
    assert intake.fresh(1, box.batch(4, MUCH)) == (events[3],), "the acknowledgement was lost, and one more was sent"
    assert intake.safe(1, 4) == 4
    assert intake.fresh(2, tuple(events[1:3])) == ()
    assert intake.safe(2, 2) == 4, "a late one takes nothing back"
    box.taken_up_to(4)
    assert intake.fresh(box.first_number, box.batch(9, MUCH)) == tuple(events[4:])


def test_the_other_end_may_begin_later_but_leaves_none_out_after_that() -> None:
    intake = Intake()
    event = EventMaker("dmz").make("SRV-END")
    assert intake.fresh(17, (event,)) == (event,)
    assert intake.safe(17, 1) == 17
    with pytest.raises(ValueError, match="event 19 came, and 18 should have"):
        intake.fresh(19, (event,))


def test_every_event_arrives_once_and_in_order_over_a_hop_that_loses_and_repeats() -> None:
    """Every second batch is lost on its way, every third acknowledgement too, and all others come twice."""
    box, events = numbered(50)
    intake, got, tries = Intake(), [], 0
    while len(box):
        first, batch = box.first_number, box.batch(7, MUCH)
        tries += 1
        assert tries < 200
        if tries % 2:
            continue
        got += intake.fresh(first, batch)
        number = intake.safe(first, len(batch))
        if tries % 3:
            box.taken_up_to(number)
            box.taken_up_to(number)
    assert got == events
