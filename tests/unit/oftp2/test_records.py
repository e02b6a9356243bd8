import io

import pytest

from seon.oftp2.errors import LocalError
from seon.oftp2.records import CHUNK, Extent, RecordLayout, extent, pieces, wind

FIXED, VARIABLE, STREAM = RecordLayout("F", 10), RecordLayout("V", 300), RecordLayout("U")


def local_v(*lengths: int) -> bytes:
    return b"".join(length.to_bytes(2, "big") + b"x" * length for length in lengths)


def read(octets: bytes, layout: RecordLayout, chunk: int = CHUNK) -> list[tuple[bytes, bool]]:
    return [(bytes(piece), ends) for piece, ends in pieces(io.BytesIO(octets), layout, chunk)]


def test_a_stream_is_one_record_that_ends_with_its_last_piece() -> None:
    assert read(b"abcdef", STREAM, 4) == [(b"abcd", False), (b"ef", True)]
    assert read(b"abcd", STREAM, 4) == [(b"abcd", True)]
    assert read(b"", STREAM) == []


def test_fixed_records_come_whole_and_many_at_a_time() -> None:
    assert read(b"a" * 10 + b"b" * 10, FIXED) == [(b"a" * 10 + b"b" * 10, True)]
    assert all(len(piece) % 10 == 0 for piece, _ in read(b"x" * 200_000, FIXED))


def test_records_are_counted_where_the_format_has_them() -> None:
    assert FIXED.records_in((b"x" * 30, True)) == 3
    assert [VARIABLE.records_in((b"x", ends)) for ends in (False, True)] == [0, 1]
    assert STREAM.records_in((b"x", True)) == 0


def test_variable_records_are_found_by_their_lengths_wherever_a_read_ends() -> None:
    lengths = [0, 1, 300, 255, 256] * 400
    assert [len(piece) for piece, _ in read(local_v(*lengths), VARIABLE)] == lengths


def test_the_longest_variable_record_fits() -> None:
    assert [len(piece) for piece, _ in read(local_v(65_535, 1), RecordLayout("V", 65_535))] == [65_535, 1]


@pytest.mark.parametrize(
    ("octets", "layout", "why"),
    [
        (b"a" * 11, FIXED, "not a whole record of 10"),
        (local_v(5)[:-1], VARIABLE, "ends inside a record"),
        (b"\0", VARIABLE, "ends inside a record"),
        (local_v(301), VARIABLE, "longer than the record length 300"),
        (b"a", RecordLayout("F", 0), "needs a record length"),
    ],
)
def test_a_file_that_is_not_in_its_local_form_is_our_error(octets: bytes, layout: RecordLayout, why: str) -> None:
    with pytest.raises(LocalError, match=why):
        read(octets, layout)


@pytest.mark.parametrize(
    ("octets", "layout", "most", "expected"),
    [
        (b"x" * 2047, STREAM, None, Extent(1, 0, 1024)),
        (b"x" * 4096, STREAM, 3, Extent(3, 0, 3072)),
        (b"x" * 29, FIXED, None, Extent(2, 2, 20)),
        (b"x" * 29, FIXED, 1, Extent(1, 1, 10)),
        (local_v(3, 0, 7) + b"\0\x05abc", VARIABLE, None, Extent(3, 3, 10)),
        (local_v(3, 0, 7), VARIABLE, 2, Extent(2, 2, 3)),
        (local_v(3), VARIABLE, 0, Extent()),
        (local_v(*[100] * 2000), VARIABLE, None, Extent(2000, 2000, 200_000)),
    ],
)
def test_the_extent_is_what_a_restart_can_build_on(
    octets: bytes, layout: RecordLayout, most: int | None, expected: Extent
) -> None:
    assert extent(io.BytesIO(octets), layout, most) == expected


def test_winding_places_a_source_behind_the_units_agreed() -> None:
    source = io.BytesIO(local_v(3, 0, 7))
    assert wind(source, VARIABLE, 2) == Extent(2, 2, 3)
    assert source.read() == local_v(7)


def test_a_source_cannot_be_wound_beyond_its_end() -> None:
    with pytest.raises(LocalError, match="has 1 restart units"):
        wind(io.BytesIO(b"x" * 2000), STREAM, 2)
