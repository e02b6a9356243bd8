"""DATA buffers: what is counted, and what is refused."""

import pytest

from seon.oftp2.data import ENDED, Walk, plain_octets, walk_records, walk_stream
from seon.oftp2.errors import InvalidBufferError


def buffer(*subrecords: tuple[int, bytes]) -> memoryview:
    return memoryview(b"D" + b"".join(bytes([header]) + octets for header, octets in subrecords))


FULL = (0x3F, b"x" * 63)


def stream(view: memoryview, *, is_open: int = 0, compression: bool = True, text: bool = False) -> Walk:
    return walk_stream(view, is_open, compression=compression, text=text)


def records(view: memoryview, *, is_open: int = 0, limit: int = 100, fixed: bool = False) -> Walk:
    return walk_records(view, is_open, compression=True, limit=limit, fixed=fixed)


def rules(walk: Walk) -> list[str]:
    return [flaw.rule for flaw in walk.flaws]


@pytest.mark.parametrize("rows", [1, 2, 31, 1023, 1562])
def test_full_subrecords_are_counted_all_at_once(rows: int) -> None:
    view = buffer(*[FULL] * rows)
    assert plain_octets(view) == 63 * rows
    assert stream(view) == Walk(63 * rows, 0, 63 * rows)


@pytest.mark.parametrize("tail", [0, 1, 62, 63])
def test_what_follows_full_subrecords_is_counted_too(tail: int) -> None:
    view = buffer(FULL, FULL, (tail, b"y" * tail))
    assert plain_octets(view) == 126 + tail
    assert stream(view, is_open=5) == Walk(126 + tail, 0, 131 + tail)


@pytest.mark.parametrize(
    "last", [(0x81, b"a"), (0x41, b"a"), (0xC5, b"a"), (0x05, b"HELL"), (0x05, b"HELLO!"), (0xBF, b"x" * 63)]
)
def test_any_other_last_subrecord_is_left_to_the_walk(last: tuple[int, bytes]) -> None:
    assert plain_octets(buffer(FULL, FULL, last)) == 0
    assert plain_octets(buffer(last)) == 0


def test_the_proof_and_the_walk_agree_on_every_short_buffer() -> None:
    for first in range(256):
        for size in range(70):
            view = memoryview(b"D" + bytes([first]) + b"\x3f" * size)
            proved = plain_octets(view)
            if proved:
                assert stream(view, compression=False) == Walk(proved, 0, proved)


@pytest.mark.parametrize("broken_row", range(5))
def test_one_other_header_among_full_ones_is_found(broken_row: int) -> None:
    rows = [FULL] * 5
    rows[broken_row] = (0x3E, b"x" * 63)  # one octet less than there is: the walk goes out of step
    with pytest.raises(InvalidBufferError):
        stream(buffer(*rows))
    assert plain_octets(buffer(*rows)) == 0


@pytest.mark.parametrize("lacking", [1, 2, 63])
@pytest.mark.parametrize("walk", [stream, records])
def test_a_subrecord_never_ends_in_the_next_buffer(lacking: int, walk: object) -> None:
    view = buffer(FULL, FULL)[:-lacking]
    with pytest.raises(InvalidBufferError) as caught:
        stream(view) if walk is stream else records(view, limit=1000)
    assert caught.value.rule == "DAT-TRUNC"


def test_a_run_counts_its_octets_and_takes_two() -> None:
    assert stream(buffer((0x45, b" "), (0xC0 | 63, b"A"))) == Walk(68, 1, ENDED)


def test_a_run_needs_agreed_compression() -> None:
    walk = stream(buffer((0x05, b"HELLO"), (0x45, b" ")), compression=False)
    assert [(flaw.rule, flaw.offset) for flaw in walk.flaws] == [("DAT-CF", 7)]


def test_a_run_of_nothing_takes_its_octet() -> None:
    assert rules(stream(buffer((0x40, b"A"), (0x81, b"B")))) == ["DAT-CF0"]
    assert stream(buffer((0x40, b"A"), (0x81, b"B"))).octets == 1


def test_a_cut_run_has_no_reading() -> None:
    with pytest.raises(InvalidBufferError):
        stream(memoryview(b"D\x45"))


def test_a_buffer_without_a_subrecord_is_noted_and_changes_nothing() -> None:
    assert rules(stream(buffer())) == ["DAT-EMPTY"]
    assert stream(buffer()).open_record == 0
    assert stream(buffer(), is_open=ENDED).open_record == ENDED


def test_nothing_but_empty_subrecords_may_follow_the_end_of_a_file() -> None:
    end = (0x81, b"A")
    assert stream(buffer(end, (0, b""), (0, b""))).flaws == ()
    assert rules(stream(buffer(end, (1, b"B")))) == ["DAT-EOR"]
    assert rules(stream(buffer(FULL), is_open=ENDED)) == ["DAT-EOR"]
    assert rules(stream(buffer((1, b"B")), is_open=ENDED)) == ["DAT-EOR"]


def test_lines_of_a_text_sent_as_records_are_the_softer_flaw_and_counted() -> None:
    walk = stream(buffer((0x83, b"one"), (0x83, b"two")), text=True)
    assert (rules(walk), walk.records, walk.octets) == (["DAT-EOR/text"], 2, 6)


def test_records_are_counted_where_they_end() -> None:
    assert records(buffer((0x85, b"HELLO"), (0x80, b""), (2, b"ab"))) == Walk(7, 2, 2)
    assert records(buffer((0x83, b"cde")), is_open=2) == Walk(3, 1, 0)


def test_an_empty_subrecord_opens_no_record() -> None:
    assert records(buffer((0, b""))).open_record == 0


@pytest.mark.parametrize("limit", [62, 63, 64, 125, 126, 127])
def test_a_record_may_be_as_long_as_agreed_and_no_longer(limit: int) -> None:
    walk = records(buffer(FULL, (0x80 | 63, b"y" * 63)), limit=limit)
    assert rules(walk) == ([] if limit >= 126 else ["DAT-LRECL"])


def test_a_record_that_is_too_long_is_found_before_it_ends() -> None:
    assert rules(records(buffer(FULL), is_open=60, limit=100)) == ["DAT-LRECL"]


@pytest.mark.parametrize("length", [0, 1, 79, 80, 81])
def test_a_fixed_record_is_as_long_as_the_others(length: int) -> None:
    view = buffer((min(length, 40), b"x" * min(length, 40)), (0x80 | max(length - 40, 0), b"x" * max(length - 40, 0)))
    assert rules(records(view, limit=80, fixed=True)) == ([] if length == 80 else ["DAT-LRECL"])
