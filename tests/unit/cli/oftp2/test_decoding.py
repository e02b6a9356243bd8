"""Octets explained on the screen."""

import re

import pytest

from seon.cli.oftp2.decoding import Decoder, looks_bare
from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame

SSRM = frame(encode(c.StartSessionReady(), 5))
SFID = c.StartFile("NAME", "20260131", "2359580001", "", "DEST", "ORIG", "U", 0, 1)


def ssid(level: int) -> bytes:
    return frame(encode(c.StartSession(level, "O0013", "GEHEIM42", 128, "B", False, True, False, 2), level))


@pytest.fixture
def explained(capsys: pytest.CaptureFixture[str]):
    def explain(octets: bytes, *, level: int | None = None, show_secrets: bool = False) -> tuple[str, bool]:
        decoder = Decoder(level, show_secrets=show_secrets)
        decoder.exchange_buffer(octets) if looks_bare(octets) else decoder.stream(octets)
        return capsys.readouterr().out, decoder.readable

    return explain


def cells(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_a_stream_buffer_is_explained_with_its_header(explained) -> None:
    text, readable = explained(SSRM)
    assert readable
    assert text.startswith("Stream buffer 1 at octet 0: SSRM, Start Session Ready, 19 octets, read by level 5\n")
    assert cells(text)[1:] == [
        ["offset", "length", "field", "hex", "value", "meaning"],
        ["-", "4", "STH", "10000017", "length", "23", "version", "1,", "flags", "0"],
        ["0", "1", "SSRMCMD", "49", "I", "Start", "Session", "Ready"],
        ["1", "17", "SSRMMSG", "4f444554544520465450205245414459", "ODETTE", "FTP", "READY"],
        ["20"],
        ["18", "1", "SSRMCR", "0d", "CR"],
        [],
    ]


def test_several_stream_buffers_are_explained_one_after_the_other(explained) -> None:
    text, readable = explained(SSRM + ssid(5))
    assert readable
    assert "Stream buffer 2 at octet 23: SSID, Start Session, 61 octets" in text


def test_a_bare_exchange_buffer_is_explained(explained) -> None:
    text, readable = explained(b"F00000\r")
    assert readable
    assert text.startswith("Exchange buffer: ESID, End Session, 7 octets")
    assert ["1", "2", "ESIDREAS", "3030", "00", "normal", "end"] in cells(text)


@pytest.mark.parametrize("level", [1, 2, 4])
def test_the_level_follows_the_ssids_unless_it_is_given(explained, level: int) -> None:
    octets = ssid(level) + frame(encode(SFID, level) if level == 4 else encode(old_sfid(), level))
    assert explained(octets)[1]
    assert f"SFID, Start File, 128 octets, read by level {level}" in explained(octets)[0]
    assert not explained(octets, level=5)[1]


def old_sfid() -> c.StartFile:
    return c.StartFile("NAME", "260131", "235958", "", "DEST", "ORIG", "U", 0, 1)


def test_a_flaw_stands_below_its_field(explained) -> None:
    oeb = bytearray(encode(SFID, 5))
    oeb[27:30] = b"000"
    lines = explained(bytes(oeb))[0].splitlines()
    at = next(n for n, line in enumerate(lines) if "SFIDRSV1" in line)
    assert lines[at + 1].strip() == "! warn FLD-RSV, offset 27: reserved field not blank"


@pytest.mark.parametrize(
    ("octets", "rule"),
    [
        (b"\x10\0\0\x04", "STH-MIN"),
        (b"\x10\xff\xff\xff" + b"x" * 10, "STH-MAX"),
        (SSRM + b"\x30\0\0\x05R", "STH-VER"),
        (SSRM[:-3], "STH-EOF"),
        (SSRM + b"\x10\0", "STH-EOF"),
        (b"\x10\0\0\x05R"[:4], "STH-EOF"),
        (frame(b"z"), "CMD-ID"),
        (frame(b"R\r"), "CMD-LEN"),
        (frame(b"D\x05a"), "DAT-TRUNC"),
        (b"F55000x", "FLD-CR"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_rule(explained, octets: bytes, rule: str) -> None:
    text, readable = explained(octets)
    assert not readable
    assert rule in text


def test_flags_in_the_header_leave_a_buffer_readable(explained) -> None:
    text, readable = explained(b"\x13\0\0\x05R")
    assert readable
    assert "! warn STH-FLG" in text
    assert "version 1, flags 3" in text


def test_what_stands_behind_a_broken_header_is_not_shown(explained) -> None:
    text, _ = explained(SSRM + b"\x50\0\0\x05" + ssid(5))
    assert "GEHEIM" not in text
    assert b"GEHEIM".hex() not in text


def test_a_secret_is_masked_unless_it_is_asked_for(explained) -> None:
    assert "GEHEIM" not in explained(ssid(5))[0]
    assert b"GEHEIM".hex() not in explained(ssid(5))[0]
    assert "********" in explained(ssid(5))[0]
    assert "GEHEIM42" in explained(ssid(5), show_secrets=True)[0]


def test_a_secret_that_stands_where_it_does_not_belong_is_masked(explained) -> None:
    """An SSIDCODE that is too short puts the password into it, and a wrong length puts it into the next header."""
    for cut in range(1, 26):
        shifted = frame(ssid(5)[4:6] + ssid(5)[6 + cut : -1] + b" " * cut + b"\r")
        assert not re.search("GEHE|HEIM|IM42", explained(shifted)[0]), cut
    for length in range(6, 65):
        short = b"\x10\0\0" + bytes([length]) + ssid(5)[4:]
        text, _ = explained(short)
        assert not re.search("GEHE|HEIM|IM42|47454845|4845494d", text), length
        assert ("--show-secrets" in text) == (length < 64)


def test_long_fields_are_cut_and_their_length_is_told(explained) -> None:
    receipt = c.EndToEndResponse("N", "20260131", "2359580001", "", "D", "O", b"h" * 64, b"s" * 60_000)
    text, _ = explained(frame(encode(receipt, 5)))
    assert len(text) < 8_000
    assert "60000 octets" in text


@pytest.mark.parametrize("evil", ["\x1b[2J", "\r\n", "\u202e", "\x9b", "\x07"])
def test_what_a_station_sent_is_escaped(explained, evil: str) -> None:
    text, _ = explained(encode(c.EndSession(6, evil), 5))
    assert all(line.isprintable() for line in text.splitlines())
    raw = encode(SFID, 5)
    text, _ = explained(raw[:1] + (evil * 9).encode("utf-8")[:8] + raw[9:])
    assert all(line.isprintable() for line in text.splitlines())
