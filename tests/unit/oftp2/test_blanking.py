"""Blanked copies: no secret and no content is left, and the verifier comes to the same end with them."""

from pathlib import Path
from random import Random

import pytest

from seon.oftp2 import blanking
from seon.oftp2 import commands as c
from seon.oftp2.blanking import blanked, command_octet, stream_buffers
from seon.oftp2.codec import encode
from seon.oftp2.data import walk_stream
from seon.oftp2.framing import HEADER, frame
from seon.oftp2.layouts import LEVELS, layout
from seon.oftp2.observer import Inspection, SessionObserver, Side
from seon.oftp2.packing import pack
from seon.oftp2.rules import Policy, Profile
from seon.oftp2.transcript import Read, Replay, parse, replay

VECTORS = sorted((Path(__file__).parents[2] / "vectors" / "sessions").glob("*.oftp"))
PASSWORD = "HUSH/4ME"
CHALLENGE, RESPONSE = bytes(range(0x30, 0x30 + 80)), bytes(range(0xC0, 0xC0 + 20))


def blanked_offender(octets: memoryview, level: int) -> bytes:
    return blanking.blanked_offender(octets, level).octets


def blanked_part(beginning: bytes, octets: int) -> bytes:
    return blanking.blanked_part(beginning, octets).octets


def ssid(password: str = PASSWORD, level: int = 5) -> bytes:
    return frame(encode(c.StartSession(level, "O0013005438ONE", password, 4_096, "B", False, False, False, 20), level))


def framed(oeb: bytes) -> bytes:
    return (0x1000_0000 | HEADER + len(oeb)).to_bytes(HEADER, "big") + oeb


def pieces(secret: bytes, size: int = 3) -> list[bytes]:
    return [secret[at : at + size] for at in range(len(secret) - size + 1)]


# --- the same verdict -----------------------------------------------------------------------------------------------


class Copying(SessionObserver):
    """A verifier that keeps blanked copies of what it was shown."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self.copies: list[Read] = []
        self._beginning = dict.fromkeys(Side, b"")

    def inspect(self, side: Side, view: memoryview) -> Inspection:
        seen = super().inspect(side, view)
        whole = seen.forward + (0 if self.ended else seen.drop)
        self.copies += [Read(side, blanked(stb)) for stb in stream_buffers(view[:whole])]
        if seen.drop and view[whole:] == b"\x10\0\0\4":
            self.copies.append(Read(side, blanked(view[whole:])))
        if seen.refusal:
            self.copies.append(Read(side, blanked_offender(view[seen.forward :], self._lowest)))
        self._beginning[side] = bytes(view[seen.forward + seen.drop :])
        return seen

    def end_of_stream(self, side: Side, tail: int) -> Inspection:
        if tail:
            self.copies.append(Read(side, blanked_part(self._beginning[side], tail)))
        self.copies.append(Read(side, None))
        return super().end_of_stream(side, tail)


def said(result: Replay) -> list[tuple[object, ...]]:
    problems = [*result.findings, *([result.refusal] if result.refusal else [])]
    return [(type(one), one.rule, one.side, one.stb, one.offset, one.field) for one in problems]


def check_same(reads: list[Read], profile: Profile) -> None:
    observer = Copying(Policy.named(profile))
    real = replay(reads, observer)
    assert said(replay(observer.copies, SessionObserver(Policy.named(profile)))) == said(real)
    lengths = {side: sum(len(r.octets or b"") for r in observer.copies if r.side is side) for side in Side}
    for side in Side:
        assert lengths[side] >= len(real.forwarded[side]), "nothing that passed is missing"


@pytest.mark.parametrize("profile", ["default", "strict"])
@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.name)
def test_a_blanked_session_gets_the_same_verdict(path: Path, profile: Profile) -> None:
    check_same(list(parse(path.read_text())), profile)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.name)
def test_so_does_a_damaged_one(path: Path) -> None:
    rng = Random(path.name)
    whole = list(parse(path.read_text()))
    for _ in range(10):
        reads = list(whole)
        place = rng.randrange(len(reads))
        octets = bytearray(reads[place].octets or b"")
        at = rng.randrange(len(octets) + 1)
        octets[at : at + rng.randint(0, 2)] = rng.choice([b"", rng.randbytes(1), b" ", b"0", rng.randbytes(4)])
        reads[place] = Read(reads[place].side, bytes(octets))
        check_same(reads, "default")


# --- secrets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_a_password_is_blanked_and_nothing_else_of_its_ssid(level: int) -> None:
    real = ssid(level=level)
    copy = blanked(memoryview(real))
    assert copy == real.replace(PASSWORD.encode(), b"XXXXXXXX")


@pytest.mark.parametrize(
    ("password", "likeness"),
    [("A", b"X"), ("secret_1", b"x"), ("A B", b"X X"), ("a b", b"x X"), ("", b" "), (" A", b"X X")],
)
def test_another_password_that_breaks_the_same_rules_takes_its_place(password: str, likeness: bytes) -> None:
    copy = blanked(memoryview(ssid(password)))
    assert copy[HEADER + 27 : HEADER + 35] == likeness.ljust(8, likeness[-1:])


def test_a_challenge_and_its_response_are_zeros() -> None:
    challenge = blanked(memoryview(frame(encode(c.AuthenticationChallenge(CHALLENGE), 5))))
    assert challenge[HEADER:] == b"A\0\x50" + bytes(80)
    response = blanked(memoryview(frame(encode(c.AuthenticationResponse(RESPONSE), 5))))
    assert response[HEADER:] == b"S" + bytes(20)


def test_every_secret_of_the_layouts_is_known_at_every_level() -> None:
    """A field that becomes secret is blanked by itself, if it stands at the same place at all levels."""
    found = {}
    for level in LEVELS:
        for code in (code for code in b"XAS" if level >= 5 or code == ord("X")):
            at = 1
            for field in layout(code, level):
                if field.secret:
                    found.setdefault(code, set()).add((at, field.name))
                at += field.width or 0
    assert found == {ord("X"): {(27, "SSIDPSWD")}, ord("A"): {(3, "AUCHCHAL")}, ord("S"): {(1, "AURPRSP")}}


@pytest.mark.parametrize("by", [-9, -8, -3, -1, 1, 3, 8, 9, 20])
@pytest.mark.parametrize("kept", [False, True], ids=["another length", "the same length"])
def test_a_password_that_has_moved_is_not_shown_either(by: int, kept: bool) -> None:
    oeb = ssid()[HEADER:]
    moved = oeb[:2] + b" " * by + oeb[2:] if by > 0 else oeb[:2] + oeb[2 - by :]
    if kept:
        moved = moved[: len(oeb) - 1].ljust(len(oeb) - 1) + b"\r"
    copy = blanked_offender(memoryview(framed(moved)), 5)
    assert len(copy) == HEADER + len(moved)
    assert PASSWORD.encode() in moved
    assert not [piece for piece in pieces(PASSWORD.encode()) if piece in copy]


@pytest.mark.parametrize("code", [b"P", b"J", b"R", b"4", b"C", b"T", b"H", b"E", b"N", b"F", b"Z", b"\0"])
def test_a_buffer_that_has_swallowed_the_next_does_not_show_its_secret(code: bytes) -> None:
    for secret in (b"A\0\x50" + CHALLENGE, b"S" + RESPONSE, ssid()[HEADER:]):
        swallowed = code + bytes(200) + framed(secret)
        copy = blanked_offender(memoryview(framed(swallowed)), 5)
        assert len(copy) == HEADER + len(swallowed)
        assert copy[: HEADER + 1] == framed(swallowed)[: HEADER + 1]
        for one in (CHALLENGE, RESPONSE, PASSWORD.encode()):
            assert not [piece for piece in pieces(one) if piece in copy]


def test_a_secret_command_of_the_wrong_length_is_blanked_to_its_end() -> None:
    for oeb in (b"A\0\x10" + CHALLENGE, b"A\1\0" + CHALLENGE, b"S" + RESPONSE * 2, b"S" + RESPONSE[:-1]):
        for level in LEVELS:
            copy = blanked_offender(memoryview(framed(oeb)), level)
            assert not copy[HEADER + 3 :].strip(b"\0")
            assert len(copy) == HEADER + len(oeb)


# --- what was refused -----------------------------------------------------------------------------------------------


def test_a_readable_buffer_out_of_order_is_shown() -> None:
    efid = frame(encode(c.EndFile(3, 4), 5))
    assert blanked_offender(memoryview(efid + b"more"), 5) == efid


def test_a_bad_field_is_shown_where_there_is_no_secret() -> None:
    efid = frame(encode(c.EndFile(3, 4), 5).replace(b"3", b"x"))
    assert blanked_offender(memoryview(efid), 5) == efid


def test_counts_inside_a_command_are_shown_up_to_where_they_do_not_fit() -> None:
    efna = b"501" + b"005" + b"short, and then more"
    assert blanked_offender(memoryview(framed(efna)), 5) == framed(b"501005short" + bytes(len(efna) - 11))


def test_of_octets_in_place_of_a_header_only_the_first_is_shown() -> None:
    assert blanked_offender(memoryview(b"SECRET"), 5) == b"S\0\0\0"


@pytest.mark.parametrize("header", [b"\x10\0\0\4", b"\x10\0\0\0", b"\x10\xff\xff\xff"])
def test_of_what_is_no_stream_buffer_only_the_header_is_shown(header: bytes) -> None:
    assert blanked_offender(memoryview(header + b"SSSSSSSS"), 5) == header


@pytest.mark.parametrize("have", [4, 5, 6, 500])
def test_of_an_incomplete_buffer_only_the_beginning_is_shown(have: int) -> None:
    octets = b"\x10\0\x20\0X" + b"secret" * 100
    copy = blanked_offender(memoryview(octets[:have]), 5)
    assert copy == octets[: min(have, 5)] + bytes(max(0, have - 5))
    assert blanked_part(octets[:have], have) == copy


def test_any_octets_are_taken() -> None:
    rng = Random(7)
    for _ in range(20_000):
        code = rng.choice(b"IXJASH23DT45CRFENPZ")
        oeb = bytes([code]) + rng.choice([rng.randbytes, lambda n: rng.choice([b"0", b" ", b"Y"]) * n])(
            rng.randrange(150)
        )
        octets = framed(oeb) if rng.random() < 0.9 else rng.randbytes(rng.randint(4, 50))
        copy = blanked_offender(memoryview(octets), rng.choice(LEVELS))
        assert copy[:HEADER] == (octets[:HEADER] if octets[0] >> 4 == 1 else octets[:1] + bytes(3))
        assert len(copy) <= len(octets)


# --- contents -------------------------------------------------------------------------------------------------------


CONTENT = Random(3).randbytes(3_000) + b"a" * 500 + Random(4).randbytes(100)


@pytest.mark.parametrize("compression", [False, True])
@pytest.mark.parametrize("size", [128, 1_000, 65_535])
def test_content_is_zeros_between_the_same_headers(size: int, compression: bool) -> None:
    at_open = 0
    for buffer in pack([(CONTENT, True)], size, compression=compression):
        copy = blanked(memoryview(frame(buffer)))
        assert copy[:HEADER] == frame(buffer)[:HEADER]
        walked = walk_stream(memoryview(copy)[HEADER:], at_open, compression=compression, text=False)
        assert walked == walk_stream(memoryview(buffer), at_open, compression=compression, text=False)
        assert not walked.flaws
        assert not [piece for piece in pieces(CONTENT, 4) if piece != b"aaaa" and piece in copy]
        assert b"aa" not in copy
        at_open = walked.open_record


def test_content_of_short_records_is_zeros_too() -> None:
    records = frame(b"D" + b"\x83abc\x03abc\x80\x44x\xc4y\x82ab")
    assert blanked(memoryview(records)) == frame(b"D" + b"\x83\0\0\0\x03\0\0\0\x80\x44\0\xc4\0\x82\0\0")


@pytest.mark.parametrize(
    "oeb", [b"D", b"D\x00", b"D\x3f", b"D\x3fabc", b"D\x7f", b"D\x01a\x80", b"D" + b"\x3f" + b"a" * 63]
)
def test_a_data_buffer_may_be_empty_or_cut_off(oeb: bytes) -> None:
    copy = blanked_offender(memoryview(framed(oeb)), 5)
    assert len(copy) == HEADER + len(oeb)
    assert b"a" not in copy
    assert copy[: HEADER + 2] == framed(oeb)[: HEADER + 2]


# --- taking a stream apart ------------------------------------------------------------------------------------------


def test_stream_buffers_are_found_one_by_one() -> None:
    buffers = [ssid(), framed(b""), frame(b"D\x81a"), frame(b"P")]
    found = list(stream_buffers(memoryview(b"".join(buffers))))
    assert found == buffers
    assert [command_octet(stb) for stb in found] == [ord("X"), -1, ord("D"), ord("P")]
    assert blanked(found[1]) == buffers[1]
    assert list(stream_buffers(memoryview(b""))) == []


@pytest.mark.parametrize(("oeb", "level"), [(b"zSECRET", 5), (b"JSECRET", 4)])
def test_of_a_command_that_there_is_not_only_its_octet_is_shown(oeb: bytes, level: int) -> None:
    assert blanked_offender(memoryview(framed(oeb)), level) == framed(oeb[:1] + bytes(len(oeb) - 1))


@pytest.mark.parametrize(
    ("octets", "level", "kept"),
    [
        (b"SECRET", 5, 1),
        (b"\x1f\xff\xff\xffmore", 5, 4),
        (framed(b"Zsecret"), 5, 5),
        (framed(b"X5" + b"secret" * 9), 5, 6),
        (framed(b"X5" + b"secret" * 9)[:40], 5, 5),
        (framed(b"P") + b"more", 5, 5),
        (framed(b"D\x03abc"), 5, 9),
    ],
)
def test_it_is_known_how_much_of_a_copy_is_as_it_was_sent(octets: bytes, level: int, kept: int) -> None:
    copy = blanking.blanked_offender(memoryview(octets), level)
    assert copy.kept == kept
    assert copy.octets[: min(kept, 6)] == octets[: min(kept, 6)]
    assert blanking.blanked_part(b"\x10\0\0\xffXsecret", 11).kept == 5
    assert blanking.blanked_part(b"\x10\0\0", 3).kept == 3
