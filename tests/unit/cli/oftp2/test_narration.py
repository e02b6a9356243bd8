"""A session as a table: each command in its place, findings below it, runs of data in one row."""

from pathlib import Path

import pytest

from seon.cli.oftp2.narration import Narrator
from seon.cli.oftp2.screen import Screen
from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame
from seon.oftp2.observer import SessionObserver, Side
from seon.oftp2.rules import Policy, Profile
from seon.oftp2.transcript import Read, parse, play

SESSIONS = Path(__file__).parents[3] / "vectors" / "sessions"
ONE, TWO = Side.INITIATOR, Side.RESPONDER
SSID = c.StartSession(5, "O0013", "GEHEIM42", 128, "B", False, True, False, 2)
SFID = c.StartFile("NAME", "20260131", "2359580001", "", "DEST", "ORIG", "U", 0, 1)
DATA = frame(b"D\x03abc")


def by(side: Side, *commands: c.Command) -> Read:
    return Read(side, b"".join(frame(encode(command, 5)) for command in commands))


OPENING = [by(TWO, c.StartSessionReady()), by(ONE, SSID), by(TWO, SSID)]
FILE = [*OPENING, by(ONE, SFID), by(TWO, c.StartFileAccepted())]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]):
    def tell(reads: list[Read], profile: Profile = "default") -> list[str]:
        observer = SessionObserver(Policy.named(profile))
        narrator = Narrator(Screen())
        for step in play(reads, observer):
            narrator.tell(step)
        narrator.finish(observer.broken_off(), observer.surplus())
        return capsys.readouterr().out.splitlines()[1:]

    return tell


def test_a_row_has_number_side_buffer_command_and_fields(told) -> None:
    assert told(OPENING[:2]) == [
        "     1  <- R             1  SSRM  ready",
        "     2  I ->             1  SSID  O0013, level 5, buffer 128, credit 2, sends and receives, restart, "
        "password ********",
    ]


def test_what_was_agreed_stands_below_the_second_ssid(told) -> None:
    assert told(OPENING)[3].strip() == "agreed: level 5, buffer 128, credit 2, restart"


def test_a_run_of_data_and_the_credits_between_it_is_one_row(told) -> None:
    round_ = [Read(ONE, DATA), Read(ONE, DATA), by(TWO, c.SetCredit())]
    rows = told([*FILE, *round_ * 50, Read(ONE, DATA), by(ONE, c.EndFile(0, 303)), by(TWO, c.EndFileAccepted())])
    assert rows[6:] == [
        "     6  I ->        3..103  DATA  101 buffers, 505 octets, 50 CDT",
        "   157  I ->           104  EFID  303 octets, 0 records in the whole file",
        " " * 28 + "! warn DAT-END, offset 0: the last record has no end",
        "   158  <- R            54  EFPA  accepted",
        " " * 34 + "file NAME delivered: 303 octets",
    ]


def test_a_data_buffer_with_a_finding_has_a_row_of_its_own(told) -> None:
    rows = told([*FILE, Read(ONE, DATA + frame(b"D")), by(TWO, c.SetCredit()), Read(ONE, DATA)])
    assert rows[6:] == [
        "     6  I ->             3  DATA  5 octets",
        "     7  I ->             4  DATA  1 octets",
        " " * 28 + "! warn DAT-EMPTY, offset 0: DATABUF: data buffer without a subrecord",
        "     8  <- R             4  CDT   credit",
        "     9  I ->             5  DATA  5 octets",
        " " * 34 + "file NAME broken off: 6 octets",
    ]


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_the_table_does_not_depend_on_the_cuts(told, step: int) -> None:
    for path in sorted(SESSIONS.glob("*.oftp")):
        if path.name == "Q44.oftp":
            continue  # what comes after ESID is refused by its header, and its command shown only if it is there
        reads = list(parse(path.read_text()))
        cut = []
        for read in reads:
            octets = read.octets
            pieces = [octets[at : at + step] for at in range(0, len(octets), step)] if octets else [octets]
            cut += [Read(read.side, piece) for piece in pieces]
        assert told(cut) == told(reads), path.name


def test_each_stream_buffer_of_a_session_without_data_has_a_row_with_its_number(told) -> None:
    reads = list(parse((SESSIONS / "T12-level5.oftp").read_text()))
    rows = [row.split() for row in told(reads) if row[:6].strip()]
    assert [row[0] for row in rows] == [str(n + 1) for n in range(len(rows))]
    assert [(row[1] + row[2], row[3]) for row in rows] == [("<-R", "1"), ("I->", "1"), ("<-R", "2")]


def test_a_refused_command_is_shown_and_why(told) -> None:
    rows = told([*OPENING, by(TWO, c.ChangeDirection())])
    assert rows[-2] == "     4  <- R             3  CD    hands the turn over"
    assert rows[-1].strip().startswith("X refuse SEQ-TURN, offset 0: ")


def test_a_warning_before_the_refusal_of_the_same_buffer_stands_before_it(told) -> None:
    oeb = bytearray(encode(SFID, 5))
    oeb[27:30], oeb[106:107] = b"000", b"X"
    rows = told([*OPENING, Read(ONE, frame(bytes(oeb)))])
    assert [row.split()[1:3] for row in rows[-2:]] == [["warn", "FLD-RSV,"], ["refuse", "FLD-ENUM,"]]
    assert "SFID  165 octets that cannot be read" in rows[-3]


@pytest.mark.parametrize(
    ("octets", "what"),
    [
        (b"\x20\0\0\x05R", "stream header 20000005"),
        (b"\x10\0\0\x04", "stream header 10000004"),
        (b"\x10\xff\xff\xffR", "stream header 10ffffff"),
        (frame(b"zGEHEIM42"), "?     unknown command, 9 octets"),
        (frame(b"XGEHEIM42"), "SSID  9 octets that cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named_and_not_shown(told, octets: bytes, what: str) -> None:
    rows = told([*OPENING, Read(ONE, octets)])
    assert what in rows[4]
    assert "GEHEIM" not in "".join(rows)
    assert b"GEHEIM".hex() not in "".join(rows)


def test_an_end_inside_a_buffer_and_one_between_buffers_are_shown(told) -> None:
    rows = told([*OPENING, Read(TWO, None), Read(ONE, DATA[:5]), Read(ONE, None)])
    assert [row.strip() for row in rows[4:6]] == ["<- R                      end of the stream", rows[5].strip()]
    assert "I ->" in rows[5]
    assert "STH-EOF" in rows[6]


def test_what_is_not_passed_on_says_so(told) -> None:
    ended = [*OPENING, by(ONE, c.ChangeDirection()), by(TWO, c.EndSession(0)), Read(TWO, b"\x10\0\0\x04")]
    rows = told([*ended, Read(ONE, b"GEHEIM42")])
    assert "not passed on: stream buffer without an exchange buffer" in rows[-3]
    assert "SEQ-END" in rows[-2]
    assert rows[-1].endswith("8 octets after the other side's ESID, not passed on")


def test_a_file_that_is_under_way_at_the_end_is_told(told) -> None:
    assert told([*FILE, Read(ONE, DATA)])[-1].strip() == "file NAME broken off: 3 octets"


def test_commands_are_read_by_the_level_in_force(told) -> None:
    for level in (1, 2, 4, 5):
        rows = told(list(parse((SESSIONS / f"T02-level{level}.oftp").read_text())))
        assert not any("cannot be read" in row for row in rows)


def test_an_esid_of_the_old_form_before_the_level_is_known_is_read(told) -> None:
    rows = told([*OPENING[:2], Read(TWO, frame(b"F04\r"))])
    assert rows[-1].endswith("ESID  04 invalid password")
