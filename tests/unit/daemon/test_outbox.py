"""Events on their way: nothing is lost before the next hop has it, and a limit is a limit."""

import re

from seon.daemon import outbox
from seon.daemon.outbox import EventMaker, Outbox


def test_ids_are_unique_and_say_session_hop_and_number() -> None:
    maker = EventMaker("inside", "abc")
    assert [maker.make("SES-END").id for _ in range(3)] == ["abc-inside-1", "abc-inside-2", "abc-inside-3"]


def test_two_mains_have_ids_of_their_own() -> None:
    one, two = (EventMaker("dmz").make("SRV-END") for _ in range(2))
    assert one.id != two.id
    assert re.fullmatch(r"[0-9a-f]{32}-dmz-1", one.id)
    assert one.session == ""


def test_a_long_text_is_cut_and_a_number_is_not() -> None:
    fields = EventMaker("dmz").make("SRV-END", reason="x" * 3_000, count=10**9).fields
    assert len(fields["reason"]) == 2_000
    assert fields["count"] == 10**9


def test_a_batch_stays_until_it_is_taken() -> None:
    box, maker = Outbox(), EventMaker("dmz")
    events = [maker.make("SRV-END") for _ in range(5)]
    for event in events:
        box.add(event)
    assert box.batch(2) == box.batch(2) == tuple(events[:2])
    box.taken(2)
    assert box.batch(100) == tuple(events[2:])
    box.taken(100)
    assert len(box) == 0
    assert box.batch(1) == ()


def test_beyond_the_capacity_the_newest_are_dropped_and_counted(monkeypatch) -> None:
    monkeypatch.setattr(outbox, "CAPACITY", 3)
    box, maker = Outbox(), EventMaker("dmz")
    events = [maker.make("SRV-END") for _ in range(5)]
    for event in events:
        box.add(event)
    assert box.batch(10) == tuple(events[:3])
    assert box.dropped == 2
