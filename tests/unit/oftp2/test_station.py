"""Two Stations talk to each other: any split of octets, watched by the strict verifier, which must find nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from seon.oftp2 import commands as c
from seon.oftp2 import notices as n
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame
from seon.oftp2.observer import Side
from seon.oftp2.reasons import AnswerReason, EndReason
from seon.oftp2.session_start import Profile
from seon.oftp2.station import MOST_AT_ONCE
from unit.oftp2.stations import ALICE, BOB, FORMS, Pair, Watch, at_random, content, one_at_a_time, outgoing


def test_the_watch_is_not_blind() -> None:
    watch = Watch()
    watch.see(Side.RESPONDER, frame(encode(c.StartSessionReady(), 5)))
    with pytest.raises(AssertionError, match=r"SEQ-CMD|SEQ-TURN"):
        watch.see(Side.RESPONDER, frame(encode(c.StartSessionReady(), 5)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [0, 1, 1000, 65_535])
@pytest.mark.parametrize("compression", [False, True])
def test_a_file_arrives_as_it_was_sent_and_its_receipt_returns(form: str, size: int, compression: bool) -> None:
    shape, values = FORMS[form]
    octets = shape(content(size))
    pair = Pair(replace(ALICE, compression=compression)).send(outgoing(octets, **values))
    assert pair.responder.received == [octets]
    (receipt,) = (notice.receipt for notice in pair.initiator.of(n.ReceiptReceived))
    assert receipt == c.EndToEndResponse("ORDERS.EDI", "20260131", "1205070001", "", "O0013ALICE", "O0013BOB")
    assert len(pair.responder.of(n.ReceiptSent)) == 1
    pair.assert_orderly()


@pytest.mark.parametrize(
    ("buffer_size", "credit"), [(128, 1), (128, 20), (129, 2), (191, 999), (4096, 1), (65_535, 20), (99_999, 999)]
)
@pytest.mark.parametrize("form", FORMS)
def test_every_buffer_size_and_credit_works(buffer_size: int, credit: int, form: str) -> None:
    shape, values = FORMS[form]
    octets = shape(content(70_000))
    bob = replace(BOB, buffer_size=buffer_size, credit=credit)
    pair = Pair(replace(ALICE, credit=999, buffer_size=99_999), bob).send(outgoing(octets, **values))
    assert pair.responder.received == [octets]
    pair.assert_orderly()


@pytest.mark.parametrize("split", [one_at_a_time, at_random])
def test_how_the_octets_are_split_does_not_matter(split: Callable[[bytes], Iterator[bytes]]) -> None:
    octets = content(5000)
    pair = Pair(split=split).send(outgoing(octets))
    assert pair.responder.received == [octets]
    pair.assert_orderly()


@pytest.mark.parametrize("own", [1, 2, 4, 5])
@pytest.mark.parametrize("other", [1, 2, 4, 5])
def test_the_lower_level_counts(own: int, other: int) -> None:
    pair = Pair(replace(ALICE, level=own), replace(BOB, level=other)).send(outgoing(content(3000)))
    (file,) = pair.initiator.of(n.FileSent)
    assert isinstance(file, n.FileSent)
    assert file.start.date == ("260131" if min(own, other) < 4 else "20260131")
    (started,) = pair.responder.of(n.SessionStarted)
    assert isinstance(started, n.SessionStarted)
    assert started.agreement.level == min(own, other)
    assert len(pair.initiator.of(n.ReceiptReceived)) == 1
    pair.assert_orderly()


def test_many_files_go_in_one_session_and_come_back_in_it() -> None:
    pair = Pair()
    back = outgoing(content(9000, 9), name="INVOICE", destination="O0013ALICE", originator="O0013BOB")
    waiting = [back]
    pair.responder.on_turn = lambda: pair.responder.station.send_file(waiting.pop()) if waiting else None
    octets = [content(size, size) for size in (10, 0, 70_000)]
    pair.send(*(outgoing(each, name=f"FILE{number}") for number, each in enumerate(octets)))
    assert pair.responder.received == octets
    assert pair.initiator.received == [content(9000, 9)]
    assert len(pair.responder.of(n.ReceiptReceived)) == 1
    pair.assert_orderly()


def test_octets_come_in_pieces_that_memory_can_hold() -> None:
    octets = content(5 * MOST_AT_ONCE)
    pair = Pair(replace(ALICE, compression=False, credit=999), replace(BOB, credit=999)).send(outgoing(octets))
    assert pair.responder.received == [octets]
    assert len(octets) > 2 * (MOST_AT_ONCE + 100_003), "Pair allows no piece longer than that"


def test_nothing_to_send_ends_in_order() -> None:
    pair = Pair().run()
    assert (pair.initiator.end.by_us, pair.responder.end.by_us) == (False, True)
    pair.assert_orderly()


def test_the_listener_gets_the_turn_it_asks_for() -> None:
    pair = Pair()
    pair.responder.ask_for_turn = True
    pair.send(outgoing(b"one"), outgoing(b"two", name="SECOND"))
    assert pair.responder.received == [b"one", b"two"]
    assert len(pair.initiator.of(n.ReceiptReceived)) == 2
    pair.assert_orderly()


def test_a_file_of_zero_octets_needs_no_data_buffer() -> None:
    pair = Pair().send(outgoing(b""))
    (received,) = pair.responder.of(n.FileReceived)
    assert isinstance(received, n.FileReceived)
    assert (received.octets, received.records) == (0, 0)


@pytest.mark.parametrize("level", [2, 5])
def test_a_refused_offer_keeps_the_session_going(level: int) -> None:
    pair = Pair(replace(ALICE, level=level))
    pair.responder.refuse_start = AnswerReason.DUPLICATE
    pair.send(outgoing(b"x"), outgoing(b"y"))
    assert [file.reason for file in pair.initiator.of(n.FileRejected)] == [13, 13]
    assert not pair.responder.received
    pair.assert_orderly()


@pytest.mark.parametrize("level", [2, 5])
def test_a_file_refused_at_its_end_keeps_the_session_going(level: int) -> None:
    pair = Pair(replace(ALICE, level=level))
    pair.responder.refuse_end = AnswerReason.ACCESS_METHOD
    pair.send(outgoing(b"x"))
    (rejected,) = pair.initiator.of(n.FileRejected)
    assert isinstance(rejected, n.FileRejected)
    assert (rejected.reason, rejected.text) == (12, "no" if level == 5 else "")
    pair.assert_orderly()


@pytest.mark.parametrize(("level", "count"), [(5, 1), (4, 1), (2, 0)])
def test_a_negative_receipt_exists_from_level_4_on(level: int, count: int) -> None:
    pair = Pair(replace(ALICE, level=level))
    pair.responder.negative = True
    pair.send(outgoing(b"x"))
    receipts = [notice.receipt for notice in pair.initiator.of(n.ReceiptReceived)]
    assert [(each.reason, each.creator) for each in receipts] == [(35, "O0013BOB")] * count
    pair.assert_orderly()


@pytest.mark.parametrize("form", FORMS)
def test_a_restart_sends_only_what_is_missing(form: str) -> None:
    shape, values = FORMS[form]
    octets = shape(content(65_535))
    pair = Pair()
    pair.responder.kept = octets[:40_001]
    pair.send(outgoing(octets, **values, restart=1000 if form in "FV" else 50))
    assert pair.responder.received == [octets]
    (started,) = pair.initiator.of(n.FileStarted)
    assert isinstance(started, n.FileStarted)
    assert started.restart > 30
    pair.assert_orderly()


def test_no_restart_is_offered_where_none_was_agreed() -> None:
    pair = Pair(replace(ALICE, restart=False))
    pair.responder.kept = content(2048)
    pair.send(outgoing(content(4096), restart=4))
    (offered,) = pair.responder.of(n.FileOffered)
    assert isinstance(offered, n.FileOffered)
    assert offered.start.restart == 0
    assert pair.responder.received == [content(4096)]


def test_a_station_that_only_receives_is_sent_no_more_than_its_direction_allows() -> None:
    pair = Pair(replace(ALICE, direction="R")).send(outgoing(b"x"))
    (rejected,) = pair.initiator.of(n.FileRejected)
    assert isinstance(rejected, n.FileRejected)
    assert rejected.reason == AnswerReason.DIRECTION_REFUSED
    pair.assert_orderly()


@pytest.mark.parametrize(
    ("initiator", "responder", "reason"),
    [
        (replace(ALICE, direction="S"), replace(BOB, direction="S"), EndReason.INCOMPATIBLE),
        (ALICE, replace(BOB, peer_codes=frozenset({"O0013CAROL"})), EndReason.UNKNOWN_CODE),
        (ALICE, replace(BOB, peer_password="OTHER"), EndReason.INVALID_PASSWORD),
        (replace(ALICE, peer_codes=frozenset({"O0013CAROL"})), BOB, EndReason.UNKNOWN_CODE),
        (replace(ALICE, peer_password="OTHER"), BOB, EndReason.INVALID_PASSWORD),
    ],
)
def test_stations_that_do_not_fit_say_why(initiator: Profile, responder: Profile, reason: EndReason) -> None:
    pair = Pair(initiator, responder).run()
    assert pair.initiator.end.reason == pair.responder.end.reason == reason
    assert not pair.initiator.end.orderly
    assert not pair.responder.received


def test_no_password_stands_in_notices_or_representations() -> None:
    pair = Pair().send(outgoing(b"x"))
    assert "SECRET" not in repr([pair.initiator.told, pair.responder.told, ALICE])
