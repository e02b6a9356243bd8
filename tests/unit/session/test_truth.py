"""Who ended a session: the first thing counts, each host says what it found, and both come to the same end."""

import pytest

from seon.endings import SessionEnd, agreed, credible
from seon.net.pump import Cause, Ending
from seon.oftp2.happenings import SessionEnded
from seon.oftp2.inspection import Refusal
from seon.oftp2.observer import Side
from seon.oftp2.reasons import EndReason
from seon.session.truth import Truth

ONE, TWO = Side.INITIATOR, Side.RESPONDER
TOLD = SessionEnd("verifier", "rule", "dmz", "CMD-ID")
"""The other host's word."""


class Play:
    """The truth at the client, whose own side is the Responder: a partner has come in."""

    def __init__(self, hop="inside", near=TWO) -> None:
        self.said: list[SessionEnd] = []
        self.truth = Truth(hop, near, self.said.append)

    def see(self, *events, number: int = 0) -> "Play":
        for event in events:
            if isinstance(event, SessionEnded):
                self.truth.esid_passed(event)
            elif isinstance(event, Refusal):
                self.truth.refused(event)
            else:
                self.truth.ended(event, number)
        return self


NEAR_ESID, FAR_ESID = SessionEnded(TWO, 5, "text"), SessionEnded(ONE, 9, "text")
NEAR_EOF, FAR_EOF = Ending(Cause.RESPONDER, "closed"), Ending(Cause.INITIATOR, "closed")
RULE = Ending(Cause.VERIFIER, "rule", "SEQ-TURN")
DECLINED = Ending(Cause.VERIFIER, "declined", "some words")
IDLE = Ending(Cause.IDLE, "idle")
BARRED = Ending(Cause.ORDER, "order", "barred")

STATION_ESID = SessionEnd("station", "esid", "inside", number=5)
LINK_ESID = SessionEnd("link", "unsaid", "inside", number=9)
STATION_CLOSED = SessionEnd("station", "closed", "inside")
LINK_LOST = SessionEnd("link", "lost", "inside")
OUR_RULE = SessionEnd("verifier", "rule", "inside", "SEQ-TURN")

KNOWN = [
    ([NEAR_ESID], STATION_ESID),
    ([NEAR_ESID, FAR_EOF], STATION_ESID),
    ([NEAR_ESID, NEAR_EOF], STATION_ESID),
    ([NEAR_ESID, IDLE], STATION_ESID),
    ([NEAR_ESID, FAR_ESID], STATION_ESID),
    ([NEAR_EOF], STATION_CLOSED),
    ([NEAR_EOF, FAR_EOF], STATION_CLOSED),
    ([NEAR_EOF, FAR_ESID], STATION_CLOSED),
    ([Ending(Cause.RESPONDER, "cut")], SessionEnd("station", "cut", "inside")),
    ([Ending(Cause.RESPONDER, "broken", "reset by peer")], SessionEnd("station", "broken", "inside")),
    ([RULE], OUR_RULE),
    ([RULE, FAR_EOF], OUR_RULE),
    ([RULE, NEAR_ESID], OUR_RULE),
    ([DECLINED], SessionEnd("verifier", "declined", "inside")),
    ([Ending(Cause.ORDER, "order", "shutdown")], SessionEnd("administrator", "shutdown", "inside")),
    ([Ending(Cause.ORDER, "order", "unlinked")], SessionEnd("link", "unlinked", "inside")),
    ([BARRED, NEAR_EOF], SessionEnd("administrator", "barred", "inside")),
    ([Ending(Cause.ORDER, "order", "orphaned")], SessionEnd("crash", "orphaned", "inside")),
]
GUESSED = [
    ([FAR_ESID], LINK_ESID),
    ([FAR_ESID, NEAR_EOF], LINK_ESID),
    ([FAR_ESID, NEAR_ESID], LINK_ESID),
    ([FAR_ESID, IDLE], LINK_ESID),
    ([FAR_ESID, RULE], LINK_ESID),
    ([FAR_EOF], LINK_LOST),
    ([FAR_EOF, NEAR_EOF], LINK_LOST),
    ([FAR_EOF, BARRED], LINK_LOST),
    ([Ending(Cause.INITIATOR, "broken", "reset by peer")], LINK_LOST),
]


@pytest.mark.parametrize(("events", "end"), KNOWN + GUESSED)
def test_what_a_host_finds_it_says_at_once_and_once(events, end) -> None:
    play = Play().see(events[0])
    assert play.said == [end], "in the moment in which it happens"
    play.see(*events[1:])
    assert play.said == [end]
    assert play.truth.end(None) == end


@pytest.mark.parametrize(("events", "end"), KNOWN)
def test_what_the_inside_knows_the_dmzs_word_does_not_change(events, end) -> None:
    truth = Play().see(*events).truth
    assert not truth.needs_far_word
    assert truth.end(TOLD) == end


@pytest.mark.parametrize(("events", "end"), GUESSED)
def test_what_comes_over_the_link_is_the_other_hosts_to_say(events, end) -> None:
    truth = Play().see(*events).truth
    assert truth.needs_far_word
    assert truth.end(TOLD) == TOLD


def test_the_dmz_always_hears_the_inside_whose_knowledge_comes_before_its_own() -> None:
    """Both may have seen another end at the same time; a guess says that the inside has not."""
    truth = Play("dmz", ONE).see(Ending(Cause.INITIATOR, "closed")).truth
    assert truth.needs_far_word
    assert truth.end(STATION_ESID) == STATION_ESID
    assert truth.end(LINK_LOST) == truth.end(None) == SessionEnd("partner", "closed", "dmz")


ENDS = [STATION_ESID, STATION_CLOSED, OUR_RULE, LINK_LOST]
DMZ_ENDS = [TOLD, SessionEnd("partner", "esid", "dmz"), SessionEnd("crash", "killed", "dmz", number=9),
            SessionEnd("link", "lost", "dmz")]  # fmt: skip


@pytest.mark.parametrize("inside", ENDS)
@pytest.mark.parametrize("dmz", DMZ_ENDS)
def test_whatever_each_has_found_both_hosts_say_the_same(inside, dmz) -> None:
    said = {(end.ended_by, end.reason) for end in (agreed("inside", inside, dmz), agreed("dmz", dmz, inside))}
    assert len(said) == 1


@pytest.mark.parametrize(("side", "key", "by"), [(ONE, "STH-EOF", "link"), (TWO, "STH-EOF", "verifier"),
                                                 (ONE, "SEQ-TURN", "verifier")])  # fmt: skip
def test_a_buffer_that_is_cut_on_the_link_is_the_links_fault(side, key, by) -> None:
    """The other host lets whole buffers out, so no partner can have cut it; any other rule is its sender's."""
    refusal = Refusal(key, EndReason.INVALID_DATA, side, 1, 0, "text", b"")
    end = Play().see(refusal, Ending(Cause.VERIFIER, "rule", key)).truth.end(None)
    assert (end.by, end.rule) == (by, "" if by == "link" else key)


@pytest.mark.parametrize(("events", "end"), KNOWN + GUESSED)
def test_what_is_said_can_be_believed(events, end) -> None:
    """The other host refuses what this one cannot know."""
    assert credible(Play().see(*events).truth.end(None))


@pytest.mark.parametrize(
    ("hop", "near", "closes", "end"),
    [
        ("dmz", ONE, ONE, SessionEnd("partner", "closed", "dmz")),
        ("dmz", ONE, TWO, SessionEnd("link", "lost", "dmz")),
        ("dmz", TWO, TWO, SessionEnd("partner", "closed", "dmz")),
        ("dmz", TWO, ONE, SessionEnd("link", "lost", "dmz")),
        ("inside", ONE, ONE, SessionEnd("station", "closed", "inside")),
        ("inside", ONE, TWO, SessionEnd("link", "lost", "inside")),
    ],
)
def test_each_host_knows_its_own_side_whichever_that_is_of_the_protocol(hop, near, closes, end) -> None:
    cause = Cause.INITIATOR if closes is ONE else Cause.RESPONDER
    assert Play(hop, near).see(Ending(cause, "closed")).truth.end(None) == end
    by_esid = Play(hop, near).see(SessionEnded(closes, 0, "")).truth.end(None)
    assert by_esid.by == end.by


def test_idle_time_and_signals_keep_their_number() -> None:
    assert Play().see(IDLE, number=300).truth.end(None) == SessionEnd("idle", "idle", "inside", number=300)
    signalled = Play().see(Ending(Cause.ORDER, "order", "signal"), number=15)
    assert signalled.truth.end(None) == SessionEnd("administrator", "signal", "inside", number=15)


def test_no_octet_of_a_stranger_gets_into_it() -> None:
    play = Play().see(SessionEnded(TWO, 5, "a stranger's words"))
    assert "stranger" not in play.truth.end(None).reason
    broken = Play().see(Ending(Cause.RESPONDER, "broken", "words of a library"))
    assert "library" not in broken.truth.end(None).reason
