"""Events are made with ids of their own, cut to what is bearable, and belong to whom their maker says."""

import re
import time

from seon.events import MAX_VALUE_OCTETS
from seon.process.events import EventMaker


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


def test_a_main_says_of_which_session_an_event_is() -> None:
    assert EventMaker("dmz").make("SES-FAILED", "abc").session == "abc"
    assert EventMaker("dmz").make("SRV-END").session == ""


def test_an_event_has_the_hop_of_its_maker_and_the_time_of_its_making() -> None:
    event = EventMaker("inside").make("SRV-END")
    assert event.hop == "inside"
    assert abs(event.time - time.time()) < 5
