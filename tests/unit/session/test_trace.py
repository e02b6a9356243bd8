"""A trace says what passed and what was refused, is a transcript, and holds no secret and no content."""

import re
from pathlib import Path

import pytest

from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame
from seon.oftp2.observer import Finding, Inspection, SessionObserver, Side
from seon.oftp2.rules import Policy, Severity
from seon.oftp2.transcript import Read, parse, replay
from seon.session import trace as tracing
from seon.session.trace import Trace
from seon.session.trace_file import TraceFile

I, R = Side  # noqa: E741 - the names in a transcript
EMPTY = b"\x10\0\0\4"


def data(octets: int) -> bytes:
    return frame(b"D" + b"\x01Q" * (octets // 2))


def sfid(name: str = "FILE") -> bytes:
    return frame(encode(c.StartFile(name, "20260101", "1200000001", "", "TO", "FROM", "U", 0, 1, 1), 5))


@pytest.fixture
def trace(tmp_path) -> Trace:
    trace = Trace(TraceFile(tmp_path, "abc"))
    trace.begin(["what it is"])
    return trace


def lines(trace: Trace) -> list[str]:
    """The lines, but for times."""
    return [line for line in trace.file.path.read_text().splitlines() if not re.fullmatch(r"# \+\d+\.\d{3} s", line)]


def show(trace: Trace, side: Side, octets: bytes, seen: Inspection | None = None, *, over: bool = False) -> None:
    trace.inspected(side, memoryview(octets), seen or Inspection(len(octets)), 5, over=over)


def test_each_buffer_that_passed_is_a_line(trace) -> None:
    show(trace, R, frame(b"P") + frame(b"R"))
    show(trace, I, frame(b"D\x83abc"))
    assert lines(trace) == ["# what it is", "R 1000000550", "R 1000000552", "I 100000094483000000"]


def test_the_time_since_the_beginning_stands_before_what_came(trace) -> None:
    show(trace, R, frame(b"P"))
    heading, when, _ = trace.file.path.read_text().splitlines()
    assert heading == "# what it is"
    assert re.fullmatch(r"# \+\d+\.\d{3} s", when)


def test_what_has_not_come_whole_is_not_written_before_it_has(trace) -> None:
    show(trace, I, b"\x10\0\0\x05", Inspection())
    assert lines(trace) == ["# what it is"]
    trace.stream_ended(I, 4, Inspection())
    assert lines(trace)[1:] == ["I 10000005", "I EOF"]


def test_of_an_incomplete_buffer_the_beginning_and_the_length_are_written(trace) -> None:
    show(trace, I, b"\x10\0\0\xffXsecret", Inspection())
    trace.stream_ended(I, 11, Inspection())
    trace.ended("done")
    blanked = "# blanked: only the first 5 of these 11 octets are as I has sent them, for the buffer cannot be read"
    assert lines(trace)[1:] == ["I 100000ff58" + "00" * 6, blanked, "I EOF", "# end: done"]


def test_a_session_that_ends_in_the_middle_of_a_buffer_says_so(trace) -> None:
    show(trace, I, frame(b"P") + b"\x10\0\0\xffXsecret", Inspection(5))
    trace.ended("idle")
    assert lines(trace)[1:] == [
        "I 1000000550", "# I has sent 11 octets of a buffer that is not complete", "# end: idle",
    ]  # fmt: skip


def test_the_end_of_a_stream_is_a_line(trace) -> None:
    trace.stream_ended(R, 0, Inspection())
    assert lines(trace)[1:] == ["R EOF"]


def test_a_dropped_buffer_is_written_as_the_verifier_has_to_see_it(trace) -> None:
    late_credit = frame(b"C  ")
    show(trace, R, late_credit, Inspection(drop=len(late_credit)))
    show(trace, R, EMPTY, Inspection(drop=4), over=True)
    assert lines(trace)[1:] == ["R 10000007432020", "R 10000004"]


def test_octets_after_the_end_are_counted_only(trace) -> None:
    show(trace, R, b"SECRET", Inspection(drop=6), over=True)
    assert lines(trace)[1:] == ["# R has sent 6 octets after the end"]


def test_findings_stand_where_they_were_made(trace) -> None:
    finding = Finding("FLD-RSV", Severity.WARN, I, 3, 27, "reserved field not blank", "CDTRSV1", "xx")
    show(trace, I, frame(b"Cxx"), Inspection(7, findings=(finding,)))
    assert lines(trace)[1:] == [
        "I 10000007437878", "# warn: FLD-RSV, I buffer 3, offset 27: reserved field not blank",
    ]  # fmt: skip


def test_what_is_not_ours_is_escaped_in_comments(trace) -> None:
    trace.ended("bye\nI 00\r\x85\u2028\u202eü\\")
    assert lines(trace)[1:] == ["# end: bye\\nI 00\\r\\x85\\u2028\\u202e\\xfc\\\\"]


def test_a_refused_buffer_is_the_last_and_the_reason_follows(trace) -> None:
    observer = SessionObserver(Policy())
    reads = [Read(R, frame(b"IODETTE FTP READY \r")), Read(I, frame(b"Zsecret") + b"more of it")]
    for read in reads:
        view = memoryview(read.octets or b"")
        trace.inspected(read.side, view, observer.inspect(read.side, view), 5, over=True)
    trace.ended("refused")
    *_, offender, blanked, more, why, end = lines(trace)
    assert offender == "I 1000000b5a" + "00" * 6
    assert (
        blanked
        == "# blanked: only the first 5 of these 11 octets are as I has sent them, for the buffer cannot be read"
    )
    assert more == "# I has sent 10 octets more, which are not here"
    assert why == "# refused: CMD-ID, I buffer 1, offset 0: unknown command octet 0x5a; ESID 01"
    assert end == "# end: refused"


def test_a_stream_that_ends_inside_a_buffer_is_refused_with_its_rest(trace) -> None:
    observer = SessionObserver(Policy())
    for side, octets in ((R, frame(b"IODETTE FTP READY \r")), (I, b"\x10\0\0\x41X5")):
        view = memoryview(octets)
        trace.inspected(side, view, observer.inspect(side, view), 5, over=False)
    trace.stream_ended(I, 6, observer.end_of_stream(I, 6))
    text = trace.file.path.read_text()
    assert "# refused: STH-EOF, I buffer 1" in text
    assert replay(parse(text), SessionObserver(Policy())).refusal.rule == "STH-EOF"


def test_a_refused_buffer_that_can_be_read_is_shown_and_not_called_blanked(trace) -> None:
    observer = SessionObserver(Policy())
    for side, octets in ((R, frame(b"IODETTE FTP READY \r")), (R, frame(b"R"))):
        view = memoryview(octets)
        trace.inspected(side, view, observer.inspect(side, view), 5, over=True)
    text = "\n".join(lines(trace))
    assert "R 1000000552" in text
    assert "refused: " in text
    assert "blanked" not in text


# --- the proxy's own ------------------------------------------------------------------------------------------------

ESID = frame(encode(c.EndSession(9), 5))


def test_an_esid_of_the_proxys_is_marked_as_its_own_with_whom_it_went_to(trace) -> None:
    show(trace, R, frame(b"P"))
    for side in Side:
        trace.own(side, ESID)
    trace.ended("idle")
    assert lines(trace)[2:] == [
        f"# the proxy's own, to I: {ESID.hex()}", f"# the proxy's own, to R: {ESID.hex()}", "# end: idle",
    ]  # fmt: skip
    assert [read.octets for read in parse(trace.file.path.read_text())] == [frame(b"P")], "no side has sent it"


def test_an_answer_of_the_proxys_is_marked_as_its_own_and_stands_where_the_verifier_looks_for_it(trace) -> None:
    sfna = frame(encode(c.StartFileRefused(99, False), 5))
    show(trace, I, sfid(), Inspection(drop=len(sfid()), reply=sfna))
    *_, asked, marked, answer = lines(trace)
    assert asked == f"I {sfid().hex()}"
    assert marked == "# the proxy's own, to I, and never sent by R:"
    assert answer == f"R {sfna.hex()}"


def test_the_proxys_own_is_in_a_trace_that_is_full_too(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tracing, "MAX_TRANSCRIPT", 500)
    trace = Trace(TraceFile(tmp_path, "abc"))
    for _ in range(100):
        show(trace, I, frame(b"P"))
    trace.own(I, ESID)
    assert lines(trace)[-1] == f"# the proxy's own, to I: {ESID.hex()}"


# --- bounds ---------------------------------------------------------------------------------------------------------


MISSING = "# what was left out is missing in the counts, so a verifier must find them wrong"


def left_out(trace: Trace) -> list[str]:
    return [line for line in lines(trace) if "left out" in line]


def test_of_a_big_file_the_rest_is_left_out_and_its_commands_are_not(trace, monkeypatch) -> None:
    monkeypatch.setattr(tracing, "MAX_FILE_CONTENT", 10_000)
    for _ in range(10):
        show(trace, I, data(1_000))
    show(trace, I, frame(b"T" + b"0" * 34))
    trace.ended("done")
    # a line of 1,005 octets has 2,013 characters
    assert left_out(trace) == [
        "# ... 6 buffers of data and credit, 6030 octets, left out", MISSING,
    ]  # fmt: skip
    assert [line[10:12] for line in lines(trace) if line.startswith("I")] == ["44"] * 4 + ["54"]
    assert trace.left_out == 6_030


def test_the_next_file_has_room_of_its_own(trace, monkeypatch) -> None:
    monkeypatch.setattr(tracing, "MAX_FILE_CONTENT", 5_000)
    for _ in range(3):
        show(trace, I, sfid() + data(1_000) * 3)
    trace.ended("done")
    commands = [line[10:12] for line in lines(trace) if line.startswith("I")]
    assert commands == ["48", "44", "44"] * 3
    assert left_out(trace)[:3] == ["# ... 1 buffers of data and credit, 1005 octets, left out"] * 3


def test_where_data_is_left_out_the_credit_for_it_and_the_rest_of_the_file_are_too(trace, monkeypatch) -> None:
    monkeypatch.setattr(tracing, "MAX_FILE_CONTENT", 3_000)
    credit = frame(b"C  ")
    show(trace, R, credit)
    show(trace, I, data(1_000) * 2)
    show(trace, R, credit)
    show(trace, I, data(10) + frame(b"T" + b"0" * 34))
    show(trace, R, credit)
    commands = [line[10:12] for line in lines(trace) if not line.startswith("#")]
    assert commands == ["43", "44", "54", "43"]
    assert left_out(trace) == ["# ... 3 buffers of data and credit, 1027 octets, left out"]


def test_all_files_together_leave_room_for_commands(trace, monkeypatch) -> None:
    monkeypatch.setattr(tracing, "MAX_CONTENT", 5_000)
    for _ in range(3):
        show(trace, I, sfid() + data(1_000) * 2)
    trace.ended("done")
    commands = [line[10:12] for line in lines(trace) if line.startswith("I")]
    assert commands == ["48", "44", "44", "48", "48"]


def test_a_trace_has_a_greatest_size_and_still_says_how_it_ended(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tracing, "MAX_TRANSCRIPT", 2_000)
    trace = Trace(TraceFile(tmp_path, "abc"))
    for _ in range(1_000):
        show(trace, I, frame(b"P"))
    show(trace, I, data(100))
    assert trace.file.size < 2_200
    trace.ended("done")
    assert [line for line in lines(trace) if line.startswith("#")] == [
        "# the trace is full; what follows is not in it",
        "# ... 1 buffers of data and credit, 105 octets, left out",
        MISSING,
        "# end: done",
    ]
    list(parse(trace.file.path.read_text()))


def test_the_bounds_leave_room_for_one_another() -> None:
    assert tracing.MAX_FILE_CONTENT < tracing.MAX_CONTENT < tracing.MAX_TRANSCRIPT < tracing.MAX_OCTETS
    assert Path(tracing.__file__).exists()
