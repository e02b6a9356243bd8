"""What a Station does when the other side breaks the protocol, or its own user, disk or connection fails."""

import io
from dataclasses import replace

import pytest

from seon.oftp2 import commands as c
from seon.oftp2 import notices as n
from seon.oftp2.codec import encode
from seon.oftp2.errors import LocalError
from seon.oftp2.framing import frame
from seon.oftp2.packing import pack
from seon.oftp2.reasons import AnswerReason, EndReason
from seon.oftp2.records import Extent
from seon.oftp2.rules import Policy
from seon.oftp2.sending import OutgoingFile
from seon.oftp2.station import State, Station
from unit.oftp2.stations import ALICE, BOB, START, Chart, Pair, content, outgoing, variable


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


def test_what_follows_an_end_is_not_heard() -> None:
    chart = Chart().opened()
    octets = b"".join(frame(encode(command, 5)) for command in (c.ChangeDirection(), c.EndSession(5), START))
    chart.user.see(chart.user.station.receive(octets))
    assert chart.user.end.reason == EndReason.EMERGENCY_CLOSE
    assert not chart.user.of(n.FileOffered)


def test_a_session_ends_once() -> None:
    chart = Chart().opened()
    for _ in range(2):
        chart.user.station.abort(EndReason.EMERGENCY_CLOSE, "power")
    chart.user.see(chart.user.station.timed_out() + chart.user.station.receive_eof())
    chart.must(c.EndSession(EndReason.EMERGENCY_CLOSE, "power"))
    assert chart.user.end.reason == EndReason.EMERGENCY_CLOSE


@pytest.mark.parametrize(("level", "said"), [(5, "power"), (4, "")])
def test_the_reason_of_an_abort_is_said_where_the_level_has_room_for_it(level: int, said: str) -> None:
    chart = Chart()
    chart.level = level
    offer = replace(ALICE.offer(), level=level)
    chart.must(c.StartSessionReady()).got(offer).must(BOB.answer(offer))
    chart.user.station.abort(EndReason.EMERGENCY_CLOSE, "power")
    chart.must(c.EndSession(EndReason.EMERGENCY_CLOSE, said))


def test_what_the_policy_refuses_ends_the_session_with_its_reason() -> None:
    lower = encode(START, 5).replace(b"ORDERS.EDI", b"orders.edi")
    tolerant, strict = Chart().opened(), Chart(policy=Policy.named("strict")).opened()
    assert tolerant.got(lower).user.of(n.FileOffered)
    strict.got(lower).must(c.EndSession(EndReason.INVALID_DATA))
    assert not strict.user.of(n.FileOffered)


def test_a_file_against_the_agreed_direction_ends_the_session() -> None:
    sender = replace(BOB, direction="S")
    chart = Chart(sender).must(c.StartSessionReady()).got(ALICE.offer()).must(sender.answer(ALICE.offer()))
    chart.got(START).must(c.EndSession(EndReason.PROTOCOL_VIOLATION))


def test_a_restart_that_was_not_agreed_ends_the_session() -> None:
    chart = Chart().opened(restart=False)
    chart.got(replace(START, restart=1)).must(c.EndSession(EndReason.PROTOCOL_VIOLATION))


def test_fixed_records_without_a_length_are_refused_by_the_station_itself() -> None:
    chart = Chart().opened().got(replace(START, format="F"))
    chart.must(c.StartFileRefused(AnswerReason.RECORD_LENGTH, retry=False))
    assert [notice.reason for notice in chart.user.of(n.FileFailed)] == [AnswerReason.RECORD_LENGTH]


class Broken(io.BytesIO):
    """A file on a disk that fails after `good` reads."""

    def __init__(self, octets: bytes, good: int) -> None:
        super().__init__(octets)
        self._good = good

    def read(self, size: int | None = -1, /) -> bytes:
        self._good -= 1
        if self._good < 0:
            raise OSError(5, "Input/output error")
        return super().read(size)


@pytest.mark.parametrize(("form", "good"), [("U", 1), ("V", 0)])
def test_a_file_that_cannot_be_read_ends_the_session_and_the_peer_is_not_told_why(form: str, good: int) -> None:
    """Also where it fails before the first buffer: a V file is counted to find its restart position."""
    octets = variable(content(300_000), 300)
    start = replace(
        START, format=form, record_length=300 if form == "V" else 0, restart=1, size_k=293, original_size_k=293
    )
    pair = Pair()
    pair.responder.kept = octets[:2000]
    pair.send(OutgoingFile(start, Broken(octets, good)))
    assert "cannot be read" in pair.initiator.end.text
    assert pair.initiator.end.by_us
    assert (pair.responder.end.reason, pair.responder.end.text) == (EndReason.UNSPECIFIED, "")


@pytest.mark.parametrize("level", [1, 2, 4])
def test_an_initiator_that_refuses_the_answer_may_do_so_in_the_layout_of_level_5(level: int) -> None:
    chart = Chart(replace(BOB, level=level))
    chart.user.station.data_to_send()
    chart.got(replace(ALICE.offer(), level=level, authentication=False))
    chart.user.station.data_to_send()
    chart.got(b"F03000\r")
    assert (chart.user.end.reason, chart.user.end.by_us) == (EndReason.UNKNOWN_CODE, False)
    assert chart.user.station.data_to_send() == b""
