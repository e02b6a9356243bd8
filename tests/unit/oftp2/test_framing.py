"""Stream buffers, whole and in pieces."""

import time

import pytest

from seon.oftp2.errors import InvalidBufferError, LocalError
from seon.oftp2.framing import HEADER, MAX_OEB, MAX_STB, Frames, frame, header_fault, stb_length

BUFFERS = [b"R", b"C  ", b"x" * 300, b"P", b"y" * MAX_OEB]


def test_a_header_counts_itself() -> None:
    assert frame(b"R") == bytes.fromhex("1000000552")
    assert stb_length(frame(b"y" * MAX_OEB)) == MAX_STB == MAX_OEB + HEADER


@pytest.mark.parametrize("oeb", [b"", b"x" * (MAX_OEB + 1)])
def test_what_cannot_be_announced_is_not_framed(oeb: bytes) -> None:
    with pytest.raises(LocalError):
        frame(oeb)


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        (0x10000005, ""),
        (0x10000000 + MAX_STB, ""),
        (0x10000000 + MAX_STB + 1, "STH-MAX"),
        (0x10FFFFFF, "STH-MAX"),
        (0x10000004, "STH-MIN"),
        (0x10000000, "STH-MIN"),
        (0x00000005, "STH-VER"),
        (0x20000005, "STH-VER"),
        (0xF0000005, "STH-VER"),
        (0x11000005, "STH-FLG"),
        (0x1F000005, "STH-FLG"),
    ],
)
def test_the_header_is_judged_bit_by_bit(header: int, rule: str) -> None:
    assert header_fault(header) == rule


@pytest.mark.parametrize("step", [1, 2, 3, 5, 1000, 10**6])
def test_buffers_come_out_whole_whatever_the_cuts(step: int) -> None:
    stream = b"".join(map(frame, BUFFERS))
    frames = Frames()
    seen = [oeb for at in range(0, len(stream), step) for oeb in frames.feed(stream[at : at + step])]
    assert seen == BUFFERS
    assert not frames.incomplete


def test_an_incomplete_buffer_is_known_to_be_one() -> None:
    frames = Frames()
    assert list(frames.feed(frame(b"RR")[:-1])) == []
    assert frames.incomplete


def test_good_buffers_before_a_bad_header_come_out_and_nothing_after() -> None:
    frames = Frames()
    fed = frames.feed(frame(b"R") + b"\x00\x00\x00\x05R" + frame(b"P"))
    assert next(fed) == b"R"
    with pytest.raises(InvalidBufferError) as caught:
        next(fed)
    assert caught.value.rule == "STH-VER"
    with pytest.raises(InvalidBufferError):
        list(frames.feed(frame(b"P")))


def test_the_cost_is_linear_at_one_octet_a_time() -> None:
    def seconds(size: int) -> float:
        stream, frames = frame(b"y" * size), Frames()
        start = time.process_time()
        for octet in range(len(stream)):
            list(frames.feed(stream[octet : octet + 1]))
        return time.process_time() - start

    seconds(1000)
    assert seconds(40_000) < 30 * seconds(4_000)  # linear is 10, quadratic 100


@pytest.mark.parametrize("size", [0, 100_000])
def test_what_cannot_be_framed_is_told_with_its_size(size: int) -> None:
    with pytest.raises(LocalError, match=f"^exchange buffer of {size} octets, must be 1 to 99999$"):
        frame(bytes(size))


def test_a_header_that_is_none_is_told_as_a_flaw_of_the_header() -> None:
    with pytest.raises(InvalidBufferError) as told:
        stb_length(b"\x20\0\0\x05")
    flaw = told.value.flaw
    assert (flaw.rule, flaw.offset, flaw.field) == ("STH-VER", 0, "STH")
    assert flaw.text == "version of the stream header is not 1: first octet 20"
    with pytest.raises(InvalidBufferError, match="length 100004"):
        stb_length(b"\x10\x01\x86\xa4")
