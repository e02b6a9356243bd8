"""The counts of one file, and what EFID may say of it."""

from dataclasses import replace
from typing import Any

import pytest

from seon.oftp2.commands import EndFile, StartFile
from seon.oftp2.framing import frame
from seon.oftp2.transfer import Transfer

SFID = StartFile("NAME", "20260131", "2359580001", "", "DEST", "ORIG", "U", 0, 1)


def ended(buffers: list[bytes], records: int, octets: int, *, start: int = 0, **offer: Any) -> list[str]:
    transfer = Transfer(replace(SFID, **offer), compression=False, start=start)
    flaws = [flaw.rule for buffer in buffers for flaw in transfer.take(memoryview(b"D" + buffer))]
    return flaws + [flaw.rule for flaw in transfer.end(EndFile(records, octets))]


def test_a_file_of_zero_octets_needs_no_data_buffer() -> None:
    assert ended([], 0, 0) == []
    assert ended([b"\x80"], 0, 0) == []
    assert ended([], 0, 0, format="V", record_length=80) == []


def test_the_octets_of_all_buffers_count() -> None:
    assert ended([b"\x02ab", b"\x83cde"], 0, 5) == []
    assert ended([b"\x02ab", b"\x83cde"], 0, 4) == ["SEM-UCNT"]


@pytest.mark.parametrize("format_", ["U", "T"])
def test_a_file_without_records_counts_none(format_: str) -> None:
    assert ended([b"\x81a"], 1, 1, format=format_) == ["SEM-RCNT"]


def test_a_missing_end_of_record_is_noted() -> None:
    assert ended([b"\x01a"], 0, 1) == ["DAT-END"]
    assert ended([b"\x81a\x01b"], 1, 2, format="V", record_length=9) == ["DAT-END"]


def test_records_are_counted_over_buffers() -> None:
    file: dict[str, Any] = {"format": "V", "record_length": 9}
    assert ended([b"\x81a\x01b", b"\x81c\x80"], 3, 3, **file) == []
    assert ended([b"\x81a\x01b", b"\x81c\x80"], 2, 3, **file) == ["SEM-RCNT"]


def test_a_variable_record_may_be_no_longer_than_announced_even_over_buffers() -> None:
    assert ended([b"\x02ab", b"\x82cd"], 1, 4, format="V", record_length=3) == ["DAT-LRECL"]


def test_a_fixed_record_of_length_0_says_nothing_of_its_length() -> None:
    assert ended([b"\x82ab\x81c"], 2, 3, format="F") == []


def test_after_a_restart_blocks_count_as_1024_octets() -> None:
    assert ended([b"\x81a"], 0, 2049, start=2) == []
    assert ended([b"\x81a"], 0, 1, start=2) == ["SEM-UCNT"]


def test_after_a_restart_records_before_it_count() -> None:
    fixed: dict[str, Any] = {"format": "F", "record_length": 2, "start": 3}
    assert ended([b"\x82ab"], 4, 8, **fixed) == []
    assert ended([b"\x82ab"], 1, 2, **fixed) == ["SEM-RCNT", "SEM-UCNT"]
    assert ended([b"\x82ab"], 4, 77, format="V", record_length=2, start=3) == []


@pytest.mark.parametrize("service", [{"security": 1}, {"compression": 1}, {"envelope": 1}])
def test_a_file_with_services_is_a_stream_whatever_it_was(service: dict[str, int]) -> None:
    assert ended([b"\x3f" + b"x" * 63, b"\x81a"], 0, 64, format="F", record_length=80, **service) == []
    assert ended([b"\x3f" + b"x" * 63, b"\x81a"], 7, 64, format="F", record_length=80, **service) == []


def test_lines_of_a_text_sent_as_records_may_be_counted() -> None:
    assert ended([b"\x81a\x81b"], 2, 2, format="T") == ["DAT-EOR/text"]


def test_an_end_of_record_more_does_not_make_a_text_lines() -> None:
    """Nothing was warned of there, so nothing is let pass."""
    assert ended([b"\x82ab\x80"], 77, 2, format="T") == ["SEM-RCNT"]
    assert ended([b"\x82ab", b"\x80"], 0, 2, format="T") == []


@pytest.mark.parametrize(("records", "octets"), [(1, 5), (2, 8), (1, 8), (2, 5)])
def test_a_last_record_without_its_end_counts_or_does_not(records: int, octets: int) -> None:
    for format_ in "FV":
        assert ended([b"\x85abcde\x03abc"], records, octets, format=format_, record_length=5) == ["DAT-END"]


def test_a_last_record_without_its_end_is_one_record_at_most() -> None:
    buffers = [b"\x85abcde\x03abc"]
    assert ended(buffers, 3, 10, format="F", record_length=5) == ["DAT-END", "SEM-RCNT", "SEM-UCNT"]
    assert ended(buffers, 0, 4, format="V", record_length=5) == ["DAT-END", "SEM-RCNT", "SEM-UCNT"]
    assert ended([b"\x85abcde"], 2, 5, format="V", record_length=5) == ["SEM-RCNT"]


def full_buffers(count: int) -> tuple[memoryview, int]:
    """Return full data buffers in their stream buffers, and the length of one."""
    one = frame(b"D" + (b"\x3f" + b"x" * 63) * 2)
    return memoryview(one * count), len(one)


def test_a_run_is_taken_only_in_a_file_without_records_that_has_not_ended() -> None:
    view, length = full_buffers(3)
    stream = Transfer(SFID, compression=False)
    assert (stream.take_run(view, 0, length, 9), stream.octets) == (3, 3 * 126)
    assert stream.end(EndFile(0, 378))[0].rule == "DAT-END"
    for format_ in "FV":
        records = Transfer(replace(SFID, format=format_, record_length=100), compression=False)
        assert (records.take_run(view, 0, length, 9), records.octets) == (0, 0)
        assert [flaw.rule for flaw in records.take(view[4:length])] == ["DAT-LRECL"]
    ended = Transfer(SFID, compression=False)
    ended.take(memoryview(b"D\x81x"))
    assert ended.take_run(view, 0, length, 9) == 0
    assert [flaw.rule for flaw in ended.take(view[4:length])] == ["DAT-EOR"]


def test_a_file_may_be_as_big_as_is_allowed_and_no_octet_bigger() -> None:
    view, length = full_buffers(3)
    for most, rules in ((378, []), (377, ["POL-SIZE/grown"])):
        transfer = Transfer(SFID, compression=False, most=most)
        assert transfer.take_run(view, 0, length, 2) == 2
        assert [flaw.rule for flaw in transfer.take(view[2 * length + 4 :])] == rules
    assert Transfer(SFID, compression=False, most=377).take_run(view, 0, length, 3) == 0


@pytest.mark.parametrize(
    ("offer", "data", "rules"),
    [
        ({"format": "F", "record_length": 1}, b"\x80", ["DAT-LRECL"]),
        ({"format": "F", "record_length": 1}, b"\x81x", []),
        ({"format": "V", "record_length": 0}, b"\x81x", ["DAT-LRECL"]),
        ({"format": "V", "record_length": 0}, b"\x80", []),
    ],
)
def test_the_shortest_records_are_as_long_as_announced(offer: dict[str, Any], data: bytes, rules: list[str]) -> None:
    assert [
        flaw.rule for flaw in Transfer(replace(SFID, **offer), compression=False).take(memoryview(b"D" + data))
    ] == rules


def test_what_must_be_in_efid_is_said() -> None:
    transfer = Transfer(replace(SFID, format="F", record_length=2), compression=False, start=3)
    transfer.take(memoryview(b"D\x82ab\x82cd"))
    assert [flaw.text.rpartition(": ")[2] for flaw in transfer.end(EndFile(1, 2))] == ["1, must be 5", "2, must be 10"]
    stream = Transfer(SFID, compression=False)
    assert [flaw.text.rpartition(": ")[2] for flaw in stream.end(EndFile(1, 0))] == ["1, must be 0"]


def test_a_record_is_open_from_its_first_octet_on() -> None:
    assert ended([b"\x01a"], 1, 1, format="V", record_length=5) == ["DAT-END"]


def void(transfer: Transfer, buffers: int, octets: bytes = b"D\x00") -> list[str]:
    """Show buffers without content; return the rules that they break."""
    return [flaw.rule for _ in range(buffers) for flaw in transfer.take(memoryview(octets))]


def test_the_sixteenth_data_buffer_in_a_row_without_content_is_one_too_many() -> None:
    transfer = Transfer(SFID, compression=False)
    assert void(transfer, 15) == []
    transfer.take(memoryview(b"D\x01x"))
    assert void(transfer, 15) == []
    view, length = full_buffers(1)
    assert transfer.take_run(view, 0, length, 1) == 1
    assert void(transfer, 15) == []
    assert void(transfer, 1) == ["DAT-VOID"]


def test_long_buffers_without_content_are_too_many_by_their_octets() -> None:
    long = b"D" + bytes(32_767)
    assert void(Transfer(SFID, compression=False), 2, long) == []
    assert void(Transfer(SFID, compression=False), 3, long) == ["DAT-VOID"]
    assert void(Transfer(SFID, compression=False), 1, b"D" + bytes(65_535)) == []
    assert void(Transfer(SFID, compression=False), 1, b"D" + bytes(65_536)) == ["DAT-VOID"]


@pytest.mark.parametrize(
    ("offer", "counts"),
    [
        ({"format": "F", "record_length": 0}, True),
        ({"format": "V", "record_length": 9}, True),
        ({"format": "T"}, True),
        ({"format": "U"}, False),
        ({"format": "V", "record_length": 9, "security": 1, "envelope": 1}, False),
        ({"format": "T", "compression": 1, "envelope": 1}, False),
    ],
)
def test_an_empty_record_is_content_where_a_file_has_records_or_lines(offer, counts) -> None:
    transfer = Transfer(replace(SFID, **offer), compression=False)
    assert ("DAT-VOID" in void(transfer, 40, b"D\x80")) is not counts


def test_a_run_of_no_octets_is_no_content() -> None:
    transfer = Transfer(SFID, compression=True)
    assert void(transfer, 16, b"D\x40x") == ["DAT-CF0"] * 16 + ["DAT-VOID"]


def test_lines_sent_as_records_are_known_by_the_octets_behind_an_end() -> None:
    for format_, lines in (("T", True), ("U", False)):
        transfer = Transfer(replace(SFID, format=format_), compression=False)
        transfer.take(memoryview(b"D\x81a\x81b"))
        assert transfer.as_lines is lines
    one = Transfer(replace(SFID, format="T"), compression=False)
    one.take(memoryview(b"D\x83abc"))
    assert one.as_lines is False
