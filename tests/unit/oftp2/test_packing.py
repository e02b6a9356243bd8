import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seon.oftp2.commands import EndFile, StartFile
from seon.oftp2.packing import best_chunk, capacity, full_subrecords, pack, runs
from seon.oftp2.transfer import Transfer

START = StartFile("ORDERS.EDI", "20260131", "1205070001", "", "O0013BOB", "O0013ALICE", "U", 0, 1)


def packed(octets: bytes, size: int, *, compression: bool = False) -> list[bytes]:
    return list(pack([(octets, True)] if octets else [], size, compression=compression))


def test_a_full_buffer_has_the_best_fill() -> None:
    # The data buffers of a vendor's trace (oftp2-protocol.md 4.1): a file of 8546 octets with buffers of 4000.
    assert capacity(4000) == 3936
    assert [len(buffer) for buffer in packed(bytes(8546), 4000)] == [4000, 4000, 686]


@pytest.mark.parametrize("size", [128, 129, 191, 192, 193, 4096, 65_535, 99_999])
def test_the_read_size_fills_whole_buffers(size: int) -> None:
    octets = random.Random(1).randbytes(best_chunk(size))
    assert {len(buffer) for buffer in packed(octets, size)} <= {size, size - 1}


@pytest.mark.parametrize("size", [128, 129, 200, 4096, 65_535])
@pytest.mark.parametrize("compression", [False, True])
def test_the_verifier_counts_what_was_packed(size: int, compression: bool) -> None:
    octets = random.Random(2).randbytes(70_000) + b"\0" * 5000 + b"abc"
    buffers = packed(octets, size, compression=compression)
    assert all(2 <= len(buffer) <= size for buffer in buffers)
    transfer = Transfer(START, compression=compression)
    assert not any(transfer.take(memoryview(buffer)) for buffer in buffers)
    assert transfer.end(EndFile(0, len(octets))) == []


def test_the_end_of_a_record_is_flagged_once_on_its_last_subrecord() -> None:
    assert packed(b"A", 128) == [b"D\x81A"]
    assert packed(b"A" * 63, 128) == [b"D\xbf" + b"A" * 63]
    assert packed(b"A" * 64, 128) == [b"D\x3f" + b"A" * 63 + b"\x81A"]


def test_runs_become_one_compressed_subrecord_of_two_octets() -> None:
    assert packed(b"A" * 5, 128, compression=True) == [b"D\xc5A"]
    assert packed(b"xy" + b"A" * 63, 128, compression=True) == [b"D\x02xy\xffA"]
    assert packed(b"A" * 130 + b"z", 128, compression=True) == [b"D\x7fA\x7fA\x44A\x81z"]


def test_short_runs_stay_as_they_are() -> None:
    assert packed(b"xAAAy", 128, compression=True) == [b"D\x85xAAAy"]


def test_compression_shrinks_zeros_and_leaves_noise_alone() -> None:
    zeros = packed(bytes(1_000_000), 65_535, compression=True)
    assert sum(map(len, zeros)) < 32_000
    noise = random.Random(3).randbytes(100_000)
    assert sum(map(len, packed(noise, 65_535, compression=True))) <= 1.02 * len(noise)


def test_records_share_buffers_and_empty_ones_are_kept() -> None:
    records = [(b"", True), (b"ab", True), (b"", True)]
    assert list(pack(records, 128, compression=True)) == [b"D\x80\x82ab\x80"]


def test_records_run_over_buffers() -> None:
    buffers = list(pack([(b"x" * 3000, True)], 128, compression=False, record_length=300))
    transfer = Transfer(replace(START, format="F", record_length=300), compression=False)
    assert not any(transfer.take(memoryview(buffer)) for buffer in buffers)
    assert transfer.end(EndFile(10, 3000)) == []


def test_buffers_are_made_only_as_they_are_asked_for() -> None:
    asked = []

    def content():
        for number in range(5):
            asked.append(number)
            yield b"x" * 1000, number == 4

    buffers = pack(content(), 128, compression=False)
    next(buffers)
    assert asked == [0]


def test_full_subrecords_are_63_octets_behind_their_header() -> None:
    assert full_subrecords(b"a" * 63 + b"b" * 63, 2) == b"?" + b"a" * 63 + b"?" + b"b" * 63


@given(st.lists(st.tuples(st.sampled_from(b"\0\1ab"), st.integers(1, 9)), max_size=30))
def test_runs_are_found_exactly(parts: list[tuple[int, int]]) -> None:
    octets = b"".join(bytes([octet]) * count for octet, count in parts)
    expected, at = [], 0
    while at < len(octets):
        stop = at
        while stop < len(octets) and octets[stop] == octets[at]:
            stop += 1
        if stop - at >= 4:
            expected.append((at, stop))
        at = stop
    assert list(runs(octets)) == expected
