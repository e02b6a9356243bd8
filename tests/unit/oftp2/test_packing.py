import io
import random
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seon.oftp2.commands import EndFile, StartFile
from seon.oftp2.packing import (
    MIN_DENSE_RUN,
    MIN_RUN,
    SAMPLE,
    best_chunk,
    capacity,
    full_subrecords,
    literal_subrecords,
    pack,
    repeats,
    run_subrecords,
)
from seon.oftp2.records import Extent, Piece, RecordLayout
from seon.oftp2.sending import OutgoingFile, Sending
from seon.oftp2.session_start import Agreement
from seon.oftp2.transfer import Transfer
from seon.oftp2.unpacking import Unpacker, subrecords

START = StartFile("ORDERS.EDI", "20260131", "1205070001", "", "O0013BOB", "O0013ALICE", "U", 0, 1)


def packed(octets: bytes, size: int, *, compression: bool = False) -> list[bytes]:
    return list(pack([(octets, True)] if octets else [], size, compression=compression))


def unpacked(buffers: Iterable[bytes], layout: RecordLayout, *, compression: bool) -> bytes:
    sink = io.BytesIO()
    unpacker = Unpacker(layout, sink, compression=compression, start=Extent())
    for buffer in buffers:
        unpacker.unpack(memoryview(buffer))
    assert unpacker.fault is None
    return sink.getvalue()


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
    assert packed(b"A" * 8, 128, compression=True) == [b"D\xc8A"]
    assert packed(b"xy" + b"A" * 63, 128, compression=True) == [b"D\x02xy\xffA"]
    assert packed(b"A" * 140 + b"z", 128, compression=True) == [b"D\x7fA\x7fA\x4eA\x81z"]
    assert packed(b"xy" + b"A" * 140 + b"z", 512, compression=True) == [b"D\x02xy\x7fA\x7fA\x4eA\x81z"]
    assert packed(b"A" * 8 + b"B" * 9, 128, compression=True) == [b"D\x48A\xc9B"]


def test_short_runs_stay_as_they_are() -> None:
    assert packed(b"xAAAAAAAy", 128, compression=True) == [b"D\x89xAAAAAAAy"]


def test_a_run_may_be_of_nul_and_stand_at_the_start_or_at_the_end() -> None:
    assert packed(bytes(9) + b"y", 128, compression=True) == [b"D\x49\0\x81y"]
    assert packed(b"y" + bytes(9), 128, compression=True) == [b"D\x01y\xc9\0"]


def test_runs_fill_buffers_as_far_as_they_go() -> None:
    octets = b"".join(b"%02d" % number + b" " * 20 for number in range(60))
    first, second, third = packed(octets, 128, compression=True)
    assert first == b"D" + b"".join(b"\x02%02d\x54 " % number for number in range(25)) + b"\x0125"[:2]
    assert second[:4] == b"D\x015\x54"
    assert unpacked([first, second, third], RecordLayout("U"), compression=True) == octets


def test_a_run_of_one_record_does_not_go_on_in_the_next() -> None:
    buffers = list(pack([(b" " * 60, True)], 128, compression=True, record_length=20))
    assert buffers == [b"D\xd4 \xd4 \xd4 "]


DENSE = {
    "runs that are short": (8, MIN_DENSE_RUN - 1, False),
    "runs that are not": (10, MIN_DENSE_RUN, True),
    "short runs, but most of the content": (2, MIN_RUN + 4, True),
    "short runs, but few": (60, MIN_RUN, True),
}
"""Octets between runs, octets of each run, and whether those are compressed."""


@pytest.mark.parametrize("case", DENSE)
def test_where_runs_are_dense_those_that_save_little_stay_as_they_are(case: str) -> None:
    between, run, compressed = DENSE[case]
    octets = (bytes(range(65, 65 + between)) + b" " * run) * (SAMPLE // (between + run) + 1)
    wire = b"".join(packed(octets, 65_535, compression=True))
    assert (len(wire) < len(octets)) is compressed
    # A file that is short is not judged.
    assert len(b"".join(packed(octets[: SAMPLE - 1], 65_535, compression=True))) < SAMPLE


def test_dense_runs_are_judged_for_records_as_well() -> None:
    octets = (bytes(range(65, 73)) + b" " * 10) * (SAMPLE // 10)
    (wire,) = pack([(octets, True)], 65_535, compression=True, record_length=18)
    assert len(wire) == 1 + len(octets) + len(octets) // 18


def test_compression_pays_for_a_file_of_blanks_above_all() -> None:
    lines = b"".join(b"%08d" % number + b" " * 70 + b"\r\n" for number in range(10_000))
    for size in (2048, 65_535):
        assert sum(map(len, packed(lines, size, compression=True))) < 0.2 * len(lines)


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


@pytest.mark.parametrize("compression", [False, True])
def test_records_that_are_very_long_are_packed_as_well(compression: bool) -> None:
    octets = random.Random(6).randbytes(1200) * 3
    buffers = pack([(octets, True)], 2048, compression=compression, record_length=1200)
    assert unpacked(buffers, RecordLayout("F", 1200), compression=compression) == octets


@pytest.mark.parametrize("compression", [False, True])
def test_no_octets_are_nothing_unless_they_end_a_record(compression: bool) -> None:
    assert list(pack([(b"", False), (b"a", False), (b"", False), (b"", True)], 128, compression=compression)) == [
        b"D\x01a\x80"
    ]


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


@pytest.mark.parametrize("size", [0, 1, 62, 63, 64, 126, 127, 189, 190, 390])
def test_literals_of_any_size_become_subrecords(size: int) -> None:
    octets = bytes(range(200)) * 2
    found = list(subrecords(memoryview(literal_subrecords(octets, 5, 5 + size)), 0, compression=False))
    assert b"".join(bytes(piece) for piece, _, _ in found) == octets[5 : 5 + size]
    assert not any(ends for _, ends, _ in found)


def test_runs_of_any_size_become_subrecords() -> None:
    assert run_subrecords(65, 9) == b"\x49A"
    assert run_subrecords(65, 63) == b"\x7fA"
    assert run_subrecords(65, 64) == b"\x7fA\x41A"


RUNS = st.tuples(st.sampled_from(b"\0\1 a\xff"), st.integers(1, 20) | st.integers(60, 66) | st.integers(1, 500))
LITERALS = st.tuples(st.integers(0, 255), st.integers(1, 70) | st.integers(1, 500))
CONTENT = st.lists(
    RUNS.map(lambda run: bytes((run[0],)) * run[1])
    | LITERALS.map(lambda literal: bytes((literal[0] + at) % 256 for at in range(literal[1]))),
    max_size=40,
).map(b"".join)


@given(CONTENT)
def test_what_repeats_is_found_exactly(octets: bytes) -> None:
    expected = [at > 0 and octets[at - 1] == octets[at] for at in range(len(octets))]
    assert [octet == 0 for octet in repeats(octets)] == expected


@given(CONTENT, st.sampled_from([128, 129, 131, 200, 2048]), st.booleans(), st.lists(st.integers(0, 3000), max_size=4))
def test_what_is_packed_is_unpacked_again(octets: bytes, size: int, compression: bool, cuts: list[int]) -> None:
    at = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    pieces = [(octets[start:stop], stop == len(octets)) for start, stop in pairwise(at)]
    buffers = list(pack(pieces, size, compression=compression))
    assert all(1 < len(buffer) <= size for buffer in buffers)
    assert unpacked(buffers, RecordLayout("U"), compression=compression) == octets
    assert sum(map(len, buffers)) <= len(octets) + len(octets) // 40 + 3 * len(buffers) + len(pieces)


@given(CONTENT, st.sampled_from([128, 129, 131, 200, 2048]), st.booleans(), st.integers(1, 150))
def test_records_of_both_kinds_are_unpacked_again(octets: bytes, size: int, compression: bool, length: int) -> None:
    whole = octets[: len(octets) // length * length]
    pieces: list[Piece] = [(whole, True)] if whole else []
    buffers = list(pack(pieces, size, compression=compression, record_length=length))
    assert unpacked(buffers, RecordLayout("F", length), compression=compression) == whole
    records = [whole[at : at + length] for at in range(0, len(whole), length)]
    buffers = list(pack([(memoryview(record), True) for record in records], size, compression=compression))
    local = b"".join(len(record).to_bytes(2, "big") + record for record in records)
    assert unpacked(buffers, RecordLayout("V", length), compression=compression) == local


def text(size: int) -> bytes:
    """A T file: lines of words, and between them lines of a table whose columns are filled up with blanks."""
    rng = random.Random(4)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 10))) for _ in range(2000)]
    lines: list[str] = []
    while len(lines) * 50 < size:
        lines += (" ".join(rng.choices(words, k=rng.randint(3, 14))) for _ in range(3))
        lines.append(
            f"{rng.choice(words):20}{rng.randrange(10**6):12}  {rng.choice(words):16}{rng.randrange(10**5):08}"
        )
    return "\r\n".join(lines).encode()[:size]


def seconds(octets: bytes, format_: str, size: int, *, compression: bool) -> float:
    """Return the CPU seconds that packing takes."""
    agreed = Agreement(5, size, 20, compression=compression, restart=True, may_send=True, may_receive=True)
    sending = Sending(OutgoingFile(replace(START, format=format_), io.BytesIO(octets)), agreed)
    start = time.process_time()
    sending.begin(0)
    while sending.next_buffer() is not None:
        pass
    return time.process_time() - start


@pytest.mark.skipif(sys.gettrace() is not None, reason="Python steps are slow where each is traced for coverage")
@pytest.mark.parametrize("size", [2048, 65_535])
@pytest.mark.parametrize("compression", [False, True])
def test_a_text_takes_at_most_five_times_as_long_as_noise(size: int, compression: bool) -> None:
    octets = 1_500_000
    files = {"T": text(octets), "U": random.Random(5).randbytes(octets)}
    rounds = [
        {kind: seconds(file, kind, size, compression=compression) for kind, file in files.items()} for _ in range(9)
    ]
    best = {kind: min(each[kind] for each in rounds) for kind in files}
    assert best["T"] <= 5 * best["U"]
