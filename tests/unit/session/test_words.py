"""Each command in one line that can be shown, without a secret."""

import csv
from pathlib import Path

import pytest

from seon.oftp2 import commands as c
from seon.oftp2.codec import decode
from seon.oftp2.framing import Frames
from seon.oftp2.happenings import FileBrokenOff, FileEnded, SessionAgreed
from seon.oftp2.layouts import DATA
from seon.session.words import brief, of_agreement, of_command, of_file_end

VECTORS = Path(__file__).parents[2] / "vectors" / "messages.tsv"
STAMP = ("NAME", "20260131", "2359580001")
SSID = c.StartSession(5, "O0013", "GEHEIM42", 128, "S", True, False, False, 2, authentication=True, user="ME")
SFID = c.StartFile(*STAMP, "", "DEST", "ORIG", "V", 80, 12_345, restart=7, security=3, cipher=4, signed_receipt=True)


def commands() -> list[c.Command]:
    with VECTORS.open() as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    buffers = [(oeb, int(row["level"])) for row in rows for oeb in Frames().feed(bytes.fromhex(row["octets"]))]
    return [decode(oeb, level)[0] for oeb, level in buffers if oeb[0] != DATA]


@pytest.mark.parametrize("command", commands(), ids=lambda command: type(command).__name__)
def test_every_command_has_words(command: c.Command) -> None:
    assert of_command(command).isprintable()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (SSID, "O0013, level 5, buffer 128, credit 2, only sends, compression, secure authentication, "
               "password ********, user ME"),
        (SFID, "NAME of 20260131 2359580001, from ORIG to DEST, format V 80, 12,345 KiB, restart offered at 7, "
               "encrypted and signed, cipher suite 04, signed receipt asked for"),
        (c.StartFileRefused(13, retry=True), "13 duplicate file, may be sent again later"),
        (c.StartFileRefused(99, retry=False, text="no"), "99 unspecified reason: no, not to be sent again"),
        (c.EndFileAccepted(change_direction=True), "accepted, asks for the turn"),
        (c.EndFileRefused(11), "11 invalid byte count"),
        (c.EndSession(77), "77 a reason this program does not know"),
        (c.StartFileAccepted(5), "accepted, from 5 on"),
        (c.NegativeEndResponse(*STAMP, "D", "O", "MAKER", 34), "NAME of 20260131 2359580001, from O to D, not signed, "
                                                             "34 file processing failed, created by MAKER"),
    ],
    ids=lambda one: type(one).__name__,
)  # fmt: skip
def test_the_important_fields_are_told(command: c.Command, words: str) -> None:
    assert of_command(command) == words


@pytest.mark.parametrize(
    "command", [SSID, c.AuthenticationChallenge(b"GEHEIM42"), c.AuthenticationResponse(b"GEHEIM42".ljust(20))]
)
def test_a_secret_is_masked(command: c.Command) -> None:
    assert "********" in of_command(command)
    assert "GEHEIM" not in of_command(command)
    assert b"GEHEIM".hex() not in of_command(command)


@pytest.mark.parametrize("evil", ["\x1b[31m", "a\r\nb", "\u202egnp.exe", "\u2028", "\x00\x9b2J", "\x07"])
def test_a_text_from_a_station_is_escaped_and_capped(evil: str) -> None:
    lines = [
        of_command(c.EndSession(6, evil + "x" * 999)),
        of_command(c.EndFileRefused(6, evil + "x" * 999)),
        of_command(c.StartFile(*STAMP, "", "D", "O", "U", 0, 1, description=evil + "x" * 999)),
        of_file_end(FileEnded(evil + "x" * 999, "", "", 0, 0, accepted=True)),
    ]
    for line in lines:
        assert line.isprintable()
        assert len(line) < 300


def test_an_agreement_and_the_end_of_a_file_are_told() -> None:
    agreed = SessionAgreed("A", "B", 5, 128, 2, compression=False, restart=True, authentication=False)
    assert of_agreement(agreed) == "agreed: level 5, buffer 128, credit 2, restart"
    ended = FileEnded("N", "", "", 1_000, 10, accepted=True)
    assert of_file_end(ended) == "file N delivered: 1,000 octets, 10 records"
    assert of_file_end(FileBrokenOff("N", "", "", 5, 0)) == "file N broken off: 5 octets"


def test_a_text_is_brief_on_one_line() -> None:
    assert brief("x" * 500) == "x" * 119 + "…"
    assert brief("a\x1b[0m\n") == "a\\x1b[0m\\n"
