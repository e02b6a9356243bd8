import pytest

from seon.oftp2.fixed import FixedRecords, fixed_records


@pytest.mark.parametrize("length", [1, 62, 63, 64, 80, 126, 127, 1008])
def test_records_keep_their_octets_and_carry_their_headers(length: int) -> None:
    fixed, octets = FixedRecords(length), bytes(range(256)) * length
    wire = fixed.pack(memoryview(octets)[: 2 * length], 2)
    assert len(wire) == 2 * fixed.size == 2 * (length + (length + 62) // 63)
    assert bytes(fixed.unpack(memoryview(wire))) == octets[: 2 * length]
    assert [wire[fixed.size * number] for number in (0, 1)] == [63 if length > 63 else 0x80 | length] * 2


def test_only_whole_records_of_the_form_are_counted() -> None:
    fixed = FixedRecords(80)
    wire = fixed.pack(memoryview(b"x" * 240), 3)
    assert fixed.count(memoryview(b"D" + wire), 1) == 3
    assert fixed.count(memoryview(b"D" + wire[:-1]), 1) == 2
    assert fixed.count(memoryview(b"D" + wire[:82] + b"\x41x" + wire), 1) == 1
    assert fixed.count(memoryview(b"D\x41x" + wire), 1) == 0
    second_header_differs = bytearray(wire)
    second_header_differs[82 + 64] = 0x11
    assert fixed.count(memoryview(b"D" + second_header_differs), 1) == 1
    assert fixed.count(memoryview(b"D"), 1) == 0


def test_long_records_and_none_go_the_other_way() -> None:
    assert fixed_records(0) is None
    assert fixed_records(1009) is None
