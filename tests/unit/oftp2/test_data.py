"""DATA buffers: what is counted, and what is refused."""

import random
import tracemalloc
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seon.oftp2.data import ENDED, Walk, plain_octets, plain_run, walk_records, walk_stream
from seon.oftp2.errors import InvalidBufferError
from seon.oftp2.framing import HEADER, frame, stb_length


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


# --- the quick ways say what a plain reading of RFC 5024 7 says ------------------------------------------------------


class Subrecord(NamedTuple):
    """As it stands in a buffer."""

    at: int
    count: int
    is_run: bool
    is_end: bool


def subrecords(raw: bytes) -> list[Subrecord] | None:
    """Read a buffer header by header; None if its last subrecord is cut."""
    found, at = [], 1
    while at < len(raw):
        header = raw[at]
        one = Subrecord(at, header & 0x3F, bool(header & 0x40), bool(header & 0x80))
        found.append(one)
        at += 2 if one.is_run else 1 + one.count
    return found if at == len(raw) else None


def flaws(raw: bytes, places: dict[str, list[int]]) -> list[tuple[str, int]]:
    empty = [("DAT-EMPTY", 0)] if len(raw) == 1 else []
    return [(rule, at[0]) for rule, at in places.items() if at] + empty


def run_flaws(all_of_them: list[Subrecord], *, compression: bool) -> dict[str, list[int]]:
    return {
        "DAT-CF": [one.at for one in all_of_them if one.is_run and not compression],
        "DAT-CF0": [one.at for one in all_of_them if one.is_run and not one.count],
    }


def plain_stream(raw: bytes, is_open: int, *, compression: bool, text: bool) -> object:
    """What walk_stream is to say; None for DAT-TRUNC."""
    found = subrecords(raw)
    if found is None:
        return None
    late, ended, records = [], is_open == ENDED, 0
    for one in found:
        if ended and one.count:
            late.append(one.at)
            ended = not text
        ended = ended or one.is_end
        records += one.is_end
    octets = sum(one.count for one in found)
    still_open = max(is_open, 0) + octets or int(bool(found))  # an empty subrecord opens a stream's only record
    places = run_flaws(found, compression=compression) | {"DAT-EOR/text" if text else "DAT-EOR": late}
    return octets, records, ENDED if ended else still_open, flaws(raw, places)


def plain_records(raw: bytes, is_open: int, *, compression: bool, limit: int, fixed: bool) -> object:
    """What walk_records is to say; None for DAT-TRUNC."""
    found = subrecords(raw)
    if found is None:
        return None
    wrong, length, records = [], is_open, 0
    for one in found:
        length += one.count
        if one.is_end:
            if length > limit or (fixed and length != limit):
                wrong.append(one.at)
            records += 1
            length = 0
    if length > limit:
        wrong.append(len(raw))
    octets = sum(one.count for one in found)
    places = run_flaws(found, compression=compression) | {"DAT-LRECL": wrong}
    return octets, records, length, flaws(raw, places)


def told(call: Callable[[], Walk]) -> object:
    """What a walk says, as the plain readings do."""
    try:
        walk = call()
    except InvalidBufferError as error:
        return None if error.rule == "DAT-TRUNC" else error.rule
    return walk.octets, walk.records, walk.open_record, [(flaw.rule, flaw.offset) for flaw in walk.flaws]


LITERAL, RUN, END = range(0x40), range(0x40, 0x80), range(0x80, 0x100)


@st.composite
def data_buffers(draw: st.DrawFn) -> bytes:
    """Buffers of one habit with a few exceptions, some then cut or with one octet changed."""
    habit = draw(
        st.sampled_from(
            [LITERAL, [0x3F], [0x3F, 0x91], [0, 1], RUN, [*LITERAL, *RUN], [*LITERAL, *END], [0x94], range(256)]
        )
    )
    headers = draw(st.lists(st.sampled_from(habit), max_size=30)) * draw(st.sampled_from([1, 1, 1, 7]))
    for header in draw(st.lists(st.integers(0, 255), max_size=2)):
        headers.insert(draw(st.integers(0, len(headers))), header)
    filler = draw(st.sampled_from([b"\xaa", b"\x01", b"\x3f", b"\x41"]))  # some content looks like headers
    raw = b"D" + b"".join(bytes([h]) + filler * (1 if h & 0x40 else h & 0x3F) for h in headers)
    damage = draw(st.sampled_from(["none", "none", "none", "cut", "changed"]))
    if damage == "cut":
        return raw[: draw(st.integers(1, len(raw)))]
    if damage == "changed" and len(raw) > 1:
        at = draw(st.integers(1, len(raw) - 1))
        return raw[:at] + bytes([draw(st.integers(0, 255))]) + raw[at + 1 :]
    return raw


MANY = settings(max_examples=400, deadline=None)


@pytest.mark.parametrize("compression", [False, True])
@pytest.mark.parametrize("others", [0, 1, 2, 3, 40])
def test_every_header_at_every_place_is_judged_as_a_plain_reading_does(others: int, compression: bool) -> None:
    ways = {"compression": compression, "fixed": False}
    for header in range(256):
        size = 1 if header & 0x40 else header & 0x3F
        for after in (0, 1, 300):
            content = b"\x05" + b"\x01" * 5
            raw = b"D" + content * others + bytes([header]) + b"\x02" * size + content * after
            view = memoryview(raw)
            for text in (False, True):
                seen = told(lambda: walk_stream(view, 0, compression=compression, text=text))  # noqa: B023
                assert seen == plain_stream(raw, 0, compression=compression, text=text), (header, after)
            for limit in (70, 10**17):
                seen = told(lambda: walk_records(view, 3, limit=limit, **ways))  # noqa: B023
                assert seen == plain_records(raw, 3, limit=limit, **ways), (header, after)


def no_careful_walk(*_: object) -> None:
    raise AssertionError("walked a second time")


@pytest.mark.parametrize("compression", [False, True])
@pytest.mark.parametrize("count", [0, 1, 20, 62, 63])
@pytest.mark.parametrize("number", [1, 3, 4, 5, 8, 11, 100])
def test_what_gives_nothing_to_remark_is_walked_only_once(
    monkeypatch: pytest.MonkeyPatch, number: int, count: int, compression: bool
) -> None:
    monkeypatch.setattr("seon.oftp2.data._flaws", no_careful_walk)
    literals = [(count, b"\x01" * count)] * number + [(1, b"a")]  # content that looks like headers
    runs = [(0x40 | max(count, 1), b"\x01")] * number if compression else []
    octets = number * count + 1 + number * max(count, 1) * compression
    ways = {"compression": compression}
    assert walk_stream(buffer(*literals, *runs), 7, text=False, **ways) == Walk(octets, 0, 7 + octets)
    ends = [(0x80 | header, content) for header, content in [*literals, *runs]]
    whole = Walk(octets, len(ends), 0)
    assert walk_records(buffer(*ends), 0, limit=63, fixed=False, **ways) == whole
    same = [end for end in ends if end[0] & 0x3F == count]
    fixed = walk_records(buffer(*same), 0, limit=count, fixed=True, **ways)
    assert fixed == Walk(len(same) * count, len(same), 0)


@MANY
@given(data_buffers(), st.sampled_from([ENDED, 0, 1, 500]), st.booleans(), st.booleans())
def test_a_stream_is_counted_and_judged_as_a_plain_reading_does(
    raw: bytes, is_open: int, compression: bool, text: bool
) -> None:
    seen = told(lambda: walk_stream(memoryview(raw), is_open, compression=compression, text=text))
    assert seen == plain_stream(raw, is_open, compression=compression, text=text)


@MANY
@given(data_buffers(), st.sampled_from([0, 0, 1, 20, 63, 200]), st.booleans(), st.booleans(), st.data())
def test_records_are_counted_and_judged_as_a_plain_reading_does(
    raw: bytes, is_open: int, compression: bool, fixed: bool, data: st.DataObject
) -> None:
    lengths = [0, 1, 20, 62, 63, 64, 80, 126, 127, 1000, 10**17]
    limit = data.draw(st.sampled_from(lengths))
    seen = told(lambda: walk_records(memoryview(raw), is_open, compression=compression, limit=limit, fixed=fixed))
    assert seen == plain_records(raw, is_open, compression=compression, limit=limit, fixed=fixed)


@MANY
@given(st.sampled_from([1, 62, 63, 64, 80, 126, 127, 1_009]), st.integers(0, 130), st.integers(0, 12), st.data())
def test_fixed_records_of_one_form_are_judged_as_a_plain_reading_does(
    length: int, is_open: int, rows: int, data: st.DataObject
) -> None:
    """Where the loop leaves many records to one comparison, and one of them may differ."""
    is_open = min(is_open, length - 1)
    records = [length - is_open] + [length] * rows + [data.draw(st.integers(0, 130))]
    headers = [header for octets in records for header in [63] * ((octets - 1) // 63) + [0x80 | (octets - 1) % 63 + 1]]
    raw = bytearray(b"D" + b"".join(bytes([header]) + b"\x85" * (header & 63) for header in headers))
    if data.draw(st.booleans()):
        raw[data.draw(st.integers(1, len(raw) - 1))] = data.draw(st.sampled_from([0, 20, 63, 0x80, 0xBF, 0xC1]))
    raw = raw[: len(raw) - data.draw(st.sampled_from([0, 0, 0, 1, 40]))] or raw
    seen = told(lambda: walk_records(memoryview(raw), is_open, compression=False, limit=length, fixed=True))
    assert seen == plain_records(bytes(raw), is_open, compression=False, limit=length, fixed=True)


@MANY
@given(data_buffers())
def test_what_is_proved_to_be_full_is_so_by_a_plain_reading(raw: bytes) -> None:
    found = subrecords(raw)
    full = found and all(one.count == 63 for one in found[:-1]) and not any(one.is_run or one.is_end for one in found)
    assert plain_octets(memoryview(raw)) == (sum(one.count for one in found) if found and full else 0)


# --- several buffers alike -------------------------------------------------------------------------------------------


def full_buffer(size: int) -> bytes:
    """A data buffer of full subrecords but perhaps the last, with random-looking content, in its stream buffer."""
    content = b"".join(bytes([63]) + b"\x3f" * 63 for _ in range((size - 1) // 64))
    rest = (size - 1) % 64
    return frame(b"D" + content + (bytes([rest - 1]) + b"\x3f" * (rest - 1) if rest else b""))


def run_of(octets: bytes, most: int = 999) -> tuple[int, int]:
    return plain_run(memoryview(octets), 0, stb_length(octets[:HEADER]), most)


SIZES = st.sampled_from([65, 66, 68, 128, 129, 512, 2_048, 4_096])


@pytest.mark.parametrize(("size", "buffers"), [(65, 100), (128, 50), (512, 20), (2_048, 40), (4_096, 3), (65_535, 4)])
def test_buffers_alike_are_taken_at_once(size: int, buffers: int) -> None:
    octets = size - 1 - -(-(size - 1) // 64)
    assert run_of(full_buffer(size) * buffers) == (buffers, octets)
    assert run_of(full_buffer(size) * buffers, most=2) == (2, octets)


@pytest.mark.parametrize("lacking", [1, 5, 500])
def test_a_buffer_that_is_not_all_there_is_not_taken(lacking: int) -> None:
    assert run_of((full_buffer(2_048) * 5)[:-lacking])[0] == 4


def test_a_run_is_found_amid_others() -> None:
    before, one = frame(b"D\x81x"), full_buffer(512)
    view = memoryview(before + one * 3 + before)
    assert plain_run(view, len(before), len(before) + len(one), 999) == (3, 511 - 8)


def test_a_buffer_that_is_not_full_starts_no_run() -> None:
    assert run_of(frame(b"D\x81x") * 3) == (0, 0)


@settings(max_examples=400, deadline=None)
@given(SIZES, st.integers(1, 40), st.data())
def test_a_run_ends_where_a_header_differs(size: int, buffers: int, data: st.DataObject) -> None:
    octets = bytearray(full_buffer(size) * buffers)
    length = size + HEADER
    at = data.draw(st.integers(length, len(octets)) if buffers > 1 else st.just(len(octets)))
    if at < len(octets):
        octets[at] = data.draw(st.integers(0, 255))
    one = bytes(octets[:length])
    places = [*range(HEADER + 1), *range(HEADER + 1, length, 64)]
    alike = 1
    while alike < buffers and all(octets[alike * length + place] == one[place] for place in places):
        alike += 1
    assert run_of(bytes(octets))[0] == alike


def header_places(length: int) -> list[int]:
    """Where headers stand in a stream buffer of this length, the command octet counted with them."""
    return [*range(HEADER + 1), *range(HEADER + 1, length, 64)]


@pytest.mark.parametrize("size", [65, 66, 129, 512, 2_048, 4_096, 9_000])
def test_a_run_ends_at_the_first_header_that_differs_whatever_stands_around(size: int) -> None:
    """Contents look like headers, the run begins amid others, and ends in a part of one more buffer."""
    chance = random.Random(size)
    for _ in range(80):
        buffers, before, length = chance.randint(1, 30), chance.randint(0, 3), size + HEADER
        first = bytearray(full_buffer(size))
        octets = bytearray()
        for _ in range(before + buffers + 1):
            octets += (
                bytes(
                    octet if place in header_places(length) else chance.choice(b"\x3f\x10D\x00\x40x")
                    for place, octet in enumerate(first)
                )
                if size < 600
                else first
            )
        del octets[len(octets) - chance.randint(1, length) :]
        at = before * length
        for _ in range(chance.randint(0, 2) if buffers > 1 else 0):
            place = at + chance.randrange(1, buffers) * length + chance.choice(header_places(length))
            octets[place] = chance.choice((octets[place + 1] if place + 1 < len(octets) else 0, 0x3E, 0x10, 0x44, 0xBF))
        one = octets[at : at + length]
        alike = 1
        while alike < buffers and all(
            octets[at + alike * length + place] == one[place] for place in header_places(length)
        ):
            alike += 1
        octets_each = size - 1 - -(-(size - 1) // 64)
        assert plain_run(memoryview(octets), at, at + length, 999) == (alike, octets_each)
        assert plain_run(memoryview(octets), at, at + length, 2) == (min(alike, 2), octets_each)


@pytest.mark.parametrize(("size", "buffers"), [(512, 20), (4_096, 40), (4_096, 3)])
def test_every_header_of_a_run_is_compared(size: int, buffers: int) -> None:
    good, length = full_buffer(size) * buffers, size + HEADER
    last = (buffers - 1) * length
    for place in (*range(HEADER + 1), *range(HEADER + 1, length, 64)):
        bad = bytearray(good)
        bad[last + place] ^= 0x80
        assert run_of(bytes(bad))[0] == buffers - 1, place


# --- memory ----------------------------------------------------------------------------------------------------------


def peak(call: Callable[[], object]) -> int:
    """Octets of memory that a call has at most at a time."""
    call()
    tracemalloc.start()
    call()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("compression", [False, True])
@pytest.mark.parametrize("header", [0x00, 0x01, 0x41, 0x80, 0x81, 0xC1])
def test_memory_does_not_grow_with_the_number_of_subrecords(header: int, compression: bool) -> None:
    """Not even by 8 octets for each one: what grows is the copy of the buffer."""
    size = 80_001
    content = b"" if header & 0x7F == 0 else b"x"
    many = buffer(*[(header, content)] * ((size - 1) // (1 + len(content))))
    few = buffer(*[FULL] * (size // 64))
    for walk in (
        lambda view: walk_stream(view, 0, compression=compression, text=True),
        lambda view: walk_records(view, 0, compression=compression, limit=10**17, fixed=False),
    ):
        assert peak(lambda: walk(many)) < peak(lambda: walk(few)) + 4_096  # noqa: B023


def test_memory_does_not_grow_with_the_octets_of_a_run() -> None:
    for size, buffers in ((128, 1_900), (65_535, 4)):
        view = memoryview(full_buffer(size) * buffers)
        assert peak(lambda: plain_run(view, 0, size + HEADER, 9_999)) < 8_192  # noqa: B023


def test_each_record_counts_in_a_buffer_with_a_flaw_too() -> None:
    walk = records(buffer((0x82, b"ab"), (0x40, b"x"), (0x83, b"abc"), (0x81, b"a"), (0x01, b"b")))
    assert (walk.records, walk.octets, walk.open_record, rules(walk)) == (3, 7, 1, ["DAT-CF0"])
