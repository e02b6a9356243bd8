"""Two Stations talk to each other: any split of octets, watched by the strict verifier, which must find nothing."""

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from seon.oftp2 import commands as c
from seon.oftp2 import notices as n
from seon.oftp2.codec import encode
from seon.oftp2.errors import LocalError
from seon.oftp2.framing import frame
from seon.oftp2.observer import SessionObserver, Side
from seon.oftp2.packing import pack
from seon.oftp2.reasons import AnswerReason, EndReason, NegativeReason
from seon.oftp2.receiving import negative_receipt_for, receipt_for
from seon.oftp2.records import Extent, extent
from seon.oftp2.rules import Policy
from seon.oftp2.sending import OutgoingFile, layout_of
from seon.oftp2.session_start import Profile
from seon.oftp2.station import MOST_AT_ONCE, State, Station

ALICE = Profile("O0013ALICE", "SECRET-A")
BOB = Profile("O0013BOB", "SECRET-B")
START = c.StartFile("ORDERS.EDI", "20260131", "1205070001", "", "O0013BOB", "O0013ALICE", "U", 0, 1, 1)


def content(size: int, seed: int = 1) -> bytes:
    """Octets with runs in them, so that compression has something to do."""
    rng = random.Random(seed)
    half = rng.randbytes(size // 2)
    return (half + b" " * (size // 4) + b"ab" * size)[:size]


def variable(octets: bytes, most: int, seed: int = 2) -> bytes:
    """The local form of a V file: records of 0 to `most` octets."""
    rng, out, at = random.Random(seed), b"", 0
    while at < len(octets):
        record = octets[at : at + rng.randint(0, most)]
        out += len(record).to_bytes(2, "big") + record
        at += len(record)
    return out


def outgoing(octets: bytes, **values: object) -> OutgoingFile:
    size_k = -(-len(octets) // 1024)
    return OutgoingFile(replace(START, size_k=size_k, original_size_k=size_k, **values), io.BytesIO(octets))


class Watch:
    """The strict verifier between the two: it must forward everything and find nothing."""

    def __init__(self) -> None:
        self._observer = SessionObserver(Policy.named("strict"))
        self._held = dict.fromkeys(Side, b"")

    def see(self, side: Side, octets: bytes) -> None:
        held = self._held[side] + octets
        view = memoryview(held)
        while view:
            seen = self._observer.inspect(side, view)
            assert seen.refusal is None, seen.refusal
            assert seen.drop == 0
            assert not seen.findings, seen.findings
            if not seen.forward:
                break
            view = view[seen.forward :]
        self._held[side] = bytes(view)


def test_the_watch_is_not_blind() -> None:
    watch = Watch()
    watch.see(Side.RESPONDER, frame(encode(c.StartSessionReady(), 5)))
    with pytest.raises(AssertionError, match=r"SEQ-CMD|SEQ-TURN"):
        watch.see(Side.RESPONDER, frame(encode(c.StartSessionReady(), 5)))


class User:
    """One end: a Station and somebody who takes every file and returns receipts, unless told otherwise."""

    def __init__(self, profile: Profile, *, initiator: bool) -> None:
        self.station = Station(profile, initiator=initiator)
        self.side = Side.INITIATOR if initiator else Side.RESPONDER
        self.told: list[n.Notice] = []
        self.received: list[bytes] = []
        self.kept = b""
        """What is here already of a file (restart)."""
        self.refuse_start: AnswerReason | None = None
        self.refuse_end: AnswerReason | None = None
        self.negative = False
        self.ask_for_turn = False
        self.on_turn: Callable[[], None] = lambda: None
        self._sink = io.BytesIO()

    def see(self, notices: list[n.Notice]) -> None:
        for notice in notices:
            self.told.append(notice)
            if isinstance(notice, n.FileOffered):
                self._offered(notice.start)
            elif isinstance(notice, n.FileReceived):
                self._received(notice)
            elif isinstance(notice, n.TurnTaken):
                self.on_turn()

    def _offered(self, start: c.StartFile) -> None:
        if self.refuse_start:
            self.station.refuse_file(self.refuse_start, retry=False, text="no")
            return
        here = extent(io.BytesIO(self.kept), layout_of(start), start.restart)
        self._sink = io.BytesIO(self.kept[: here.local_octets(layout_of(start))])
        self._sink.seek(0, io.SEEK_END)
        self.station.accept_file(self._sink, here)

    def _received(self, notice: n.FileReceived) -> None:
        if self.refuse_end:
            self.station.refuse_end(self.refuse_end, "no")
            return
        self.received.append(self._sink.getvalue())
        self.station.accept_end(change_direction=self.ask_for_turn)
        if self.negative:
            code = self.station.profile.code
            self.station.send_receipt(negative_receipt_for(notice.start, NegativeReason.NOT_DELIVERED, code, "gone"))
        else:
            self.station.send_receipt(receipt_for(notice.start))

    def of(self, kind: type) -> list[n.Notice]:
        return [notice for notice in self.told if isinstance(notice, kind)]

    @property
    def end(self) -> n.SessionEnded:
        (end,) = self.of(n.SessionEnded)
        assert isinstance(end, n.SessionEnded)
        return end


class Pair:
    """Initiator and Responder at once; `split` cuts what one sends into what the other reads."""

    def __init__(
        self,
        initiator: Profile = ALICE,
        responder: Profile = BOB,
        split: Callable[[bytes], Iterator[bytes]] = lambda octets: iter((octets,)),
    ) -> None:
        self.initiator = User(initiator, initiator=True)
        self.responder = User(responder, initiator=False)
        self._split = split
        self._watch = Watch()

    def run(self) -> "Pair":
        while self._carry(self.responder, self.initiator) + self._carry(self.initiator, self.responder):
            pass
        assert self.initiator.station.ended
        assert self.responder.station.ended
        return self

    def _carry(self, giver: User, taker: User) -> int:
        carried = 0
        while octets := giver.station.data_to_send():
            assert len(octets) < MOST_AT_ONCE + 100_003
            carried += len(octets)
            self._watch.see(giver.side, octets)
            for part in self._split(octets):
                taker.see(taker.station.receive(part))
        giver.see(giver.station.notices())
        return carried

    def send(self, *files: OutgoingFile) -> "Pair":
        for file in files:
            self.initiator.station.send_file(file)
        return self.run()

    def assert_orderly(self) -> None:
        assert self.initiator.end.orderly
        assert self.responder.end.orderly


def one_at_a_time(octets: bytes) -> Iterator[bytes]:
    return (octets[at : at + 1] for at in range(len(octets)))


def at_random(octets: bytes) -> Iterator[bytes]:
    rng, at = random.Random(3), 0
    while at < len(octets):
        step = rng.randint(1, 700)
        yield octets[at : at + step]
        at += step


FORMS = {
    "U": (lambda octets: octets, {"format": "U"}),
    "T": (lambda octets: octets, {"format": "T"}),
    "F": (lambda octets: octets[: len(octets) // 80 * 80], {"format": "F", "record_length": 80}),
    "V": (lambda octets: variable(octets, 300), {"format": "V", "record_length": 300}),
}


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


class Chart:
    """A Station against octets made by hand: `got` commands, and it `must` answer with others."""

    def __init__(self, profile: Profile = BOB, *, initiator: bool = False) -> None:
        self.user = User(profile, initiator=initiator)
        self.level = profile.level

    def got(self, *commands: c.Command | bytes) -> "Chart":
        for command in commands:
            wire = frame(command if isinstance(command, bytes) else encode(command, self.level))
            self.user.see(self.user.station.receive(wire))
        return self

    def must(self, *commands: c.Command) -> "Chart":
        assert self.user.station.data_to_send() == b"".join(frame(encode(each, self.level)) for each in commands)
        return self

    def opened(self, **values: object) -> "Chart":
        offer = replace(ALICE.offer(), **values)
        return self.must(c.StartSessionReady()).got(offer).must(BOB.answer(offer))


def test_secure_authentication_is_refused_until_it_is_built() -> None:
    Chart().must(c.StartSessionReady()).got(replace(ALICE.offer(), authentication=True)).must(c.EndSession(12))


@pytest.mark.parametrize(
    "commands",
    [
        (c.ChangeDirection(), c.ChangeDirection()),
        (b"D\x81A",),
        (c.EndFile(0, 0),),
        (c.StartFileAccepted(0),),
        (c.ReadyToReceive(),),
        (ALICE.offer(),),
        (START, c.SetCredit()),
        (START, START),
        (START, c.EndToEndResponse("A", "20260131", "1205070001", "", "A", "B")),
    ],
)
def test_a_command_out_of_order_ends_the_session_with_02(commands: tuple[c.Command | bytes, ...]) -> None:
    chart = Chart().opened()
    chart.got(*commands)
    chart.user.station.data_to_send()
    assert chart.user.end.reason == EndReason.PROTOCOL_VIOLATION
    assert chart.user.end.by_us


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"z", EndReason.COMMAND_NOT_RECOGNISED),
        (b"R\r", EndReason.BUFFER_SIZE),
        (encode(START, 5).replace(b"ORDERS.EDI", b"ORDERS!EDI"), EndReason.INVALID_DATA),
    ],
)
def test_a_buffer_without_reading_ends_the_session(octets: bytes, reason: EndReason) -> None:
    Chart().opened().got(octets).must(c.EndSession(reason))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"D\x87ABCDEF", EndReason.BUFFER_SIZE),
        (b"D\xc7A", EndReason.INVALID_DATA),
        (b"D" + b"\0" * 128, EndReason.BUFFER_SIZE),
    ],
)
def test_a_data_buffer_of_wrong_form_ends_the_session(data: bytes, reason: EndReason) -> None:
    chart = Chart().opened(compression=False, buffer_size=128).got(START).must(c.StartFileAccepted())
    chart.got(data).must(c.EndSession(reason))


@pytest.mark.parametrize(
    ("start", "data", "end", "reason"),
    [
        (START, b"D\x82AB", c.EndFile(0, 3), AnswerReason.OCTET_COUNT),
        (START, b"D\x82AB", c.EndFile(1, 2), AnswerReason.RECORD_COUNT),
        (START, b"D\x81A\x01B", c.EndFile(0, 2), AnswerReason.OCTET_COUNT),
        (replace(START, format="F", record_length=3), b"D\x82AB", c.EndFile(1, 2), AnswerReason.RECORD_LENGTH),
        (replace(START, format="V", record_length=1), b"D\x82AB", c.EndFile(1, 2), AnswerReason.RECORD_LENGTH),
    ],
)
def test_wrong_counts_and_records_refuse_the_file_not_the_session(
    start: c.StartFile, data: bytes, end: c.EndFile, reason: AnswerReason
) -> None:
    chart = Chart().opened().got(start).must(c.StartFileAccepted()).got(data, end).must(c.EndFileRefused(reason))
    assert [notice.reason for notice in chart.user.of(n.FileFailed)] == [reason]
    assert chart.user.station.state is State.IDLE_LISTENER


def test_a_sink_that_cannot_write_refuses_the_file_not_the_session() -> None:
    class Full(io.BytesIO):
        def write(self, octets: object, /) -> int:
            raise OSError(28, "No space left on device")

    chart = Chart().opened()
    chart.user.see = lambda notices: None
    chart.got(START)
    chart.user.station.accept_file(Full())
    chart.must(c.StartFileAccepted()).got(b"D\x81A", c.EndFile(0, 1)).must(c.EndFileRefused(AnswerReason.ACCESS_METHOD))


def test_records_from_another_station_may_run_over_buffers() -> None:
    start = replace(START, format="V", record_length=500)
    octets = variable(content(4000), 500)
    view, at, parts = octets, 0, []
    while at < len(view):
        length = int.from_bytes(view[at : at + 2], "big")
        parts.append((view[at + 2 : at + 2 + length], True))
        at += 2 + length
    chart = Chart().opened(credit=999).got(start)
    chart.user.station.data_to_send()
    chart.got(*pack(parts, 130, compression=False), c.EndFile(len(parts), len(octets) - 2 * len(parts)))
    assert chart.user.received == [octets]


def test_credit_set_while_some_is_left_ends_the_session() -> None:
    chart = Chart(ALICE, initiator=True)
    chart.user.station.send_file(outgoing(content(100)))
    chart.got(c.StartSessionReady()).must(ALICE.offer()).got(BOB.answer(ALICE.offer()))
    chart.user.station.data_to_send()
    chart.got(c.StartFileAccepted(), c.SetCredit()).must(c.EndSession(EndReason.PROTOCOL_VIOLATION))


def test_an_answered_position_above_the_offer_ends_the_session() -> None:
    chart = Chart(ALICE, initiator=True)
    chart.user.station.send_file(outgoing(content(9000), restart=5))
    chart.got(c.StartSessionReady()).must(ALICE.offer()).got(BOB.answer(ALICE.offer()))
    chart.user.station.data_to_send()
    chart.got(c.StartFileAccepted(6)).must(c.EndSession(EndReason.PROTOCOL_VIOLATION))


def test_a_file_that_is_not_in_its_local_form_ends_the_session_and_says_so_to_us_only() -> None:
    pair = Pair().send(outgoing(b"x" * 81, format="F", record_length=80))
    assert pair.initiator.end.text == "the file's end is not a whole record of 80 octets"
    assert pair.responder.end.reason == EndReason.UNSPECIFIED
    assert pair.responder.end.text == ""


def test_silence_ends_with_09_and_a_lost_connection_without_an_esid() -> None:
    chart = Chart().opened()
    chart.user.see(chart.user.station.timed_out())
    chart.must(c.EndSession(EndReason.TIME_OUT))
    lost = Chart().opened()
    lost.user.see(lost.user.station.receive_eof())
    lost.must()
    assert lost.user.end.reason is None
    assert not lost.user.end.orderly


def test_nothing_is_said_before_the_responder_is_ready() -> None:
    chart = Chart(ALICE, initiator=True).must()
    chart.got(c.ChangeDirection()).must()
    assert chart.user.end.reason == EndReason.PROTOCOL_VIOLATION


def test_commands_at_the_wrong_time_are_our_error() -> None:
    station = Station(BOB, initiator=False)
    for call in (
        lambda: station.accept_file(io.BytesIO()),
        lambda: station.refuse_file(AnswerReason.DUPLICATE, retry=False),
        station.accept_end,
        lambda: station.refuse_end(AnswerReason.DUPLICATE),
        lambda: station.abort(EndReason.NORMAL),
    ):
        with pytest.raises(LocalError):
            call()


def test_more_than_was_offered_cannot_be_kept() -> None:
    chart = Chart().opened()
    chart.user.see = lambda notices: None
    chart.got(replace(START, restart=1))
    with pytest.raises(LocalError, match="only 1 was offered"):
        chart.user.station.accept_file(io.BytesIO(), Extent(units=2, octets=2048))
