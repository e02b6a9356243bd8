"""The codec against any value and any octets."""

import string

from hypothesis import example, given, settings
from hypothesis import strategies as st

from seon.oftp2 import commands as c
from seon.oftp2.codec import decode, encode
from seon.oftp2.errors import InvalidBufferError
from seon.oftp2.framing import Frames, frame
from seon.oftp2.layouts import FORMS, LEVELS
from seon.oftp2.rules import RULES

X = string.ascii_uppercase + string.digits + "/-.&()"
FAST = settings(deadline=None, max_examples=200)


def words(size: int) -> st.SearchStrategy[str]:
    return st.text(X, min_size=1, max_size=size)


texts = st.text(max_size=200)
octets = st.binary(max_size=300)
known = st.tuples(st.sampled_from([bytes([code]) for code in FORMS]), octets).map(b"".join)
"""A command that exists, with any octets behind."""
stamps = st.tuples(st.dates().map(lambda day: day.strftime("%Y%m%d").rjust(8, "0")), st.just("2359580001"))
level_5 = st.one_of(
    st.builds(c.StartSession, st.sampled_from(LEVELS), words(25), words(8), st.integers(128, 99999),
              st.sampled_from("SRB"), st.booleans(), st.booleans(), st.just(False), st.integers(1, 999)),
    st.builds(c.StartFileAccepted, st.integers(0, 10**17 - 1)),
    st.builds(c.StartFileRefused, st.sampled_from([1, 13, 99]), st.booleans(), texts),
    st.builds(c.EndFile, st.integers(0, 10**17 - 1), st.integers(0, 10**17 - 1)),
    st.builds(c.EndFileRefused, st.sampled_from([1, 23, 99]), texts),
    st.builds(c.EndSession, st.sampled_from([0, 12, 99]), texts),
    st.builds(c.AuthenticationChallenge, st.binary(min_size=1, max_size=2000)),
    st.builds(c.AuthenticationResponse, st.binary(min_size=20, max_size=20)),
    stamps.flatmap(lambda stamp: st.builds(
        c.NegativeEndResponse, words(26), st.just(stamp[0]), st.just(stamp[1]), words(25), words(25), words(25),
        st.just(34), texts, octets.filter(bool), octets.filter(bool))),
    stamps.flatmap(lambda stamp: st.builds(
        c.StartFile, words(26), st.just(stamp[0]), st.just(stamp[1]), words(8), words(25), words(25), st.just("V"),
        st.integers(0, 65535), st.integers(0, 10**13 - 1), restart=st.integers(0, 10**17 - 1), description=texts)),
)  # fmt: skip


@FAST
@given(level_5)
def test_what_is_written_is_read_again_as_it_was(command: c.Command) -> None:
    assert decode(encode(command, 5), 5) == (command, [])


@FAST
@given(st.one_of(octets, known), st.sampled_from(LEVELS))
@example(b"X", 5)
@example(b"F", 4)
@example(b"A\xff\xff", 5)
def test_any_octets_have_a_reading_or_break_a_rule(raw: bytes, level: int) -> None:
    try:
        command, flaws = decode(raw, level)
    except InvalidBufferError as error:
        command, flaws = None, [error.flaw]
    if command is None:
        assert RULES[flaws[0].rule].hard
        return
    assert all(flaw.rule in RULES for flaw in flaws)
    if not flaws:
        written = encode(command, level)
        # The one freedom of a clean buffer is its terminator, CR or CR with parity.
        assert written == raw or (written[:-1] == raw[:-1] and raw[-1] == 0x8D)


@FAST
@given(st.lists(st.binary(min_size=1, max_size=400), max_size=20), st.lists(st.integers(1, 300), min_size=1))
def test_frames_are_the_same_whatever_the_cuts(buffers: list[bytes], steps: list[int]) -> None:
    stream = b"".join(map(frame, buffers))
    frames, seen, at, turn = Frames(), [], 0, 0
    while at < len(stream):
        step = steps[turn % len(steps)]
        seen += frames.feed(stream[at : at + step])
        at, turn = at + step, turn + 1
    assert seen == buffers
