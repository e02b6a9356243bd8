"""Events on their way: nothing is lost before the next hop has it, and a limit is a limit."""

import re

import msgspec

from seon.daemon import outbox
from seon.process.events import EventMaker
from seon.process.outbox import Outbox
from seon.events import MAX_VALUE_OCTETS

MUCH = 10**9


def test_ids_say_hop_and_number_and_begin_with_what_nobody_else_can_know() -> None:
    """Not with the session's id: the other host may have chosen that, and would know the ids of our events."""
    maker = EventMaker("inside", "abc")
    ids = [maker.make("SES-END").id for _ in range(3)]
    prefix = ids[0].partition("-")[0]
    assert re.fullmatch("[0-9a-f]{32}", prefix)
    assert ids == [f"{prefix}-inside-{number}" for number in (1, 2, 3)]
    assert maker.make("SES-END").session == "abc"


def test_two_processes_of_one_session_have_ids_of_their_own() -> None:
    one, two = (EventMaker("dmz", "abc").make("SRV-END") for _ in range(2))
    assert one.id != two.id


def test_a_long_text_is_cut_and_a_number_is_not() -> None:
    fields = EventMaker("dmz").make("SRV-END", reason="x" * 3_000, count=10**9).fields
    assert 100 < len(fields["reason"]) <= MAX_VALUE_OCTETS
    assert fields["count"] == 10**9


def test_a_batch_stays_until_it_is_taken() -> None:
    box, maker = Outbox(), EventMaker("dmz")
    events = [maker.make("SRV-END") for _ in range(5)]
    for event in events:
        box.add(event)
    assert box.batch(2, MUCH) == box.batch(2, MUCH) == tuple(events[:2])
    box.taken(2)
    assert box.batch(100, MUCH) == tuple(events[2:])
    box.taken(100)
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
