import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seon.oftp2.errors import InvalidBufferError
from seon.oftp2.packing import pack
from seon.oftp2.reasons import AnswerReason
from seon.oftp2.records import Extent, RecordLayout
from seon.oftp2.unpacking import Unpacker, full_rows, subrecords

LAYOUTS = {"U": RecordLayout("U"), "T": RecordLayout("T"), "F": RecordLayout("F", 4), "V": RecordLayout("V", 500)}


def unpack(layout: RecordLayout, *buffers: bytes, compression: bool = True) -> tuple[bytes, Unpacker]:
    sink = io.BytesIO()
    unpacker = Unpacker(layout, sink, compression=compression, start=Extent())
    for buffer in buffers:
        unpacker.unpack(memoryview(buffer))
    return sink.getvalue(), unpacker


@given(
    st.lists(st.binary(max_size=400).map(lambda octets: octets + b" " * (len(octets) % 90)), max_size=12),
    st.integers(128, 700),
    st.booleans(),
)
def test_what_was_packed_comes_out_again(records: list[bytes], size: int, compression: bool) -> None:
    buffers = pack([(record, True) for record in records], size, compression=compression)
    octets, unpacker = unpack(LAYOUTS["V"], *buffers, compression=compression)
    assert octets == b"".join(len(record).to_bytes(2, "big") + record for record in records)
    assert (unpacker.records, unpacker.octets) == (len(records), sum(map(len, records)))
    assert unpacker.fault is None


@given(
    st.integers(1, 200),
    st.integers(0, 40),
    st.integers(128, 900),
    st.booleans(),
    st.sampled_from([b"", b"    ", b"?" * 64]),
)
def test_fixed_records_come_out_again_whatever_their_length(
    length: int, count: int, size: int, compression: bool, pattern: bytes
) -> None:
    octets = (bytes(range(256)) + pattern * 9) * (length * count // 256 + 1)
    octets = octets[: length * count]
    pieces = [(octets, True)] if octets else []
    buffers = list(pack(pieces, size, compression=compression, record_length=length))
    assert buffers == list(
        pack([(octets[at : at + length], True) for at in range(0, len(octets), length)], size, compression=compression)
    )
    result, unpacker = unpack(RecordLayout("F", length), *buffers, compression=compression)
    assert result == octets
    assert (unpacker.records, unpacker.octets, unpacker.fault) == (count, len(octets), None)


def test_full_subrecords_are_counted_up_to_the_first_other_one() -> None:
    full, short = b"?" + b"x" * 63, b"\x05xxxxx"
    assert full_rows(memoryview(b"D" + full * 3), 1) == 3
    assert full_rows(memoryview(b"D" + full * 2 + short + full * 2), 1) == 2
    assert full_rows(memoryview(b"D" + short), 1) == 0


def test_headers_inside_content_are_content() -> None:
    octets = b"?" * 5000
    assert unpack(LAYOUTS["U"], *pack([(octets, True)], 300, compression=False))[0] == octets


@pytest.mark.parametrize(
    ("buffer", "rule"),
    [
        (b"D\x87ABCDEF", "DAT-TRUNC"),
        (b"D\x41", "DAT-TRUNC"),
        (b"D?" + b"x" * 63 + b"?" + b"x" * 62, "DAT-TRUNC"),
    ],
)
def test_subrecords_must_add_up_to_their_buffer(buffer: bytes, rule: str) -> None:
    with pytest.raises(InvalidBufferError) as error:
        unpack(LAYOUTS["U"], buffer)
    assert error.value.rule == rule


def test_a_compressed_subrecord_needs_agreed_compression() -> None:
    with pytest.raises(InvalidBufferError, match="DAT-CF"):
        unpack(LAYOUTS["U"], b"D\xc5A", compression=False)


def test_empty_subrecords_and_runs_of_none_are_nothing() -> None:
    octets, unpacker = unpack(LAYOUTS["U"], b"D\0\x40A\x01B\0\x80\0\0")
    assert octets == b"B"
    assert unpacker.fault is None
    assert list(subrecords(memoryview(b"D"), compression=True)) == []


@pytest.mark.parametrize(
    ("form", "buffer", "reason"),
    [
        ("U", b"D\x81A\x01B", AnswerReason.OCTET_COUNT),
        ("T", b"D\x81A\x81B", AnswerReason.OCTET_COUNT),
        ("F", b"D\x83ABC", AnswerReason.RECORD_LENGTH),
        ("F", b"D\x05ABCDE", AnswerReason.RECORD_LENGTH),
        ("V", b"D" + b"\x7fA" * 8, AnswerReason.RECORD_LENGTH),
    ],
)
def test_wrong_content_is_a_fault_of_the_file_and_nothing_more_is_written(
    form: str, buffer: bytes, reason: AnswerReason
) -> None:
    octets, unpacker = unpack(LAYOUTS[form], buffer, b"D\x84XXXX")
    assert octets == b""
    assert unpacker.fault is reason


def test_a_variable_record_longer_than_its_local_form_can_say_is_a_fault() -> None:
    _, unpacker = unpack(RecordLayout("V", 99_999), b"D" + b"\x7fA" * 1041)
    assert unpacker.fault is AnswerReason.RECORD_LENGTH


def test_counts_go_on_behind_a_restart() -> None:
    unpacker = Unpacker(LAYOUTS["F"], io.BytesIO(), compression=False, start=Extent(5, 5, 20))
    unpacker.unpack(memoryview(b"D\x84ABCD"))
    assert (unpacker.records, unpacker.octets) == (6, 24)
