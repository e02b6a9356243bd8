"""At TRACE each command is a line, in order, and without any secret or content; else nothing is made."""

from pathlib import Path

import pytest

from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.framing import frame
from seon.oftp2.observer import Side
from seon.oftp2.reasons import EndReason
from seon.oftp2.rules import Policy
from seon.oftp2.transcript import Read, parse, play
from seon.session.command_log import CommandLog
from seon.session.tracing import TracedObserver, Tracer

ONE, TWO = Side.INITIATOR, Side.RESPONDER
SECRET = "GEHEIM42"
CONTENT = b"DO NOT SHOW THIS"
SSID = c.StartSession(5, "O0013", SECRET, 128, "B", False, True, False, 2)
SFID = c.StartFile("NAME", "20260131", "2359580001", "", "DEST", "ORIG", "U", 0, 1)
OLD_SFID = c.StartFile("NAME", "260131", "235958", "", "DEST", "ORIG", "U", 0, 1)
DATA, LAST = (frame(b"D" + bytes([head | len(CONTENT)]) + CONTENT) for head in (0x00, 0x80))
VECTORS = sorted((Path(__file__).parents[2] / "vectors" / "sessions").glob("*.oftp"))


class Log:
    """A session whose commands are logged while `on`."""

    def __init__(self, home: Path) -> None:
        self.on = True
        self.lines: list[str] = []
        self.questions = 0
        self.commands = CommandLog(self._wanted, self.lines.append, ONE)
        tracer = Tracer("abc", "session abc", home=home, wanted=lambda: False, report=lambda *_, **__: None)
        self.observer = TracedObserver(Policy(), tracer=tracer, commands=self.commands)

    def _wanted(self) -> bool:
        self.questions += 1
        return self.on

    def play(self, *reads: Read) -> list[str]:
        """Show reads to the verifier; return the lines so far."""
        for _ in play(reads, self.observer):
            pass
        return self.lines


@pytest.fixture
def log(tmp_path) -> Log:
    return Log(tmp_path)


def by(side: Side, *commands: c.Command) -> Read:
    return Read(side, b"".join(frame(encode(command, 5)) for command in commands))


OPENING = [by(TWO, c.StartSessionReady()), by(ONE, SSID), by(TWO, SSID)]
FILE = [*OPENING, by(ONE, SFID), by(TWO, c.StartFileAccepted())]


def test_each_command_is_a_line_that_says_who_sent_it_to_whom(log) -> None:
    ssid = "SSID O0013, level 5, buffer 128, credit 2, sends and receives, restart, password ********"
    assert log.play(*FILE) == [
        "station -> partner: SSRM ready",
        f"partner -> station: {ssid}",
        f"station -> partner: {ssid}",
        "partner -> station: SFID NAME of 20260131 2359580001, from ORIG to DEST, format U, 1 KiB",
        "station -> partner: SFPA accepted",
    ]


def test_a_run_of_data_and_credit_is_one_line_without_its_content(log) -> None:
    octets = 3 * len(CONTENT)
    data = [Read(ONE, DATA * 2), by(TWO, c.SetCredit()), Read(ONE, LAST), by(ONE, c.EndFile(0, octets))]
    assert log.play(*FILE, *data)[5:] == [
        f"partner -> station: DATA 3 buffers, {octets + 6} octets, 1 CDT",
        f"partner -> station: EFID {octets} octets, 0 records in the whole file",
    ]
    assert CONTENT.decode() not in "".join(log.lines)


def test_a_run_that_the_end_of_the_session_finds_is_said_then(log) -> None:
    log.play(*FILE, Read(ONE, DATA))
    assert "DATA" not in log.lines[-1]
    log.commands.end()
    assert log.lines[-1].startswith("partner -> station: DATA ")


def test_switched_on_in_mid_session_it_reads_on_by_the_level_in_force(log) -> None:
    log.on = False
    old = [Read(TWO, frame(encode(c.StartSessionReady(), 2)))]
    ssid = frame(encode(c.StartSession(2, "O0013", SECRET, 128, "B", False, False, False, 2), 2))
    old += [Read(ONE, ssid), Read(TWO, ssid)]
    assert log.play(*old) == []
    log.on = True
    assert log.play(Read(ONE, frame(encode(OLD_SFID, 2))))[0].startswith("partner -> station: SFID NAME of ")


def test_switched_off_it_is_silent_from_the_next_read_on(log) -> None:
    log.play(*FILE)
    said = len(log.lines)
    log.on = False
    assert len(log.play(Read(ONE, DATA), by(TWO, c.SetCredit()))) == said
    log.commands.end()
    assert len(log.lines) == said


def test_switched_off_it_costs_one_question_for_a_read_however_many_buffers_are_in_it(log) -> None:
    log.on = False
    log.play(*FILE)
    before = log.questions
    log.play(Read(ONE, DATA * 2))
    assert log.questions == before + 1


def test_of_a_refused_buffer_nothing_but_its_name_is_said(log) -> None:
    shifted = frame(b"X5" + SECRET.encode() * 8)
    lines = log.play(OPENING[0], Read(ONE, shifted))
    assert lines[-1].startswith("partner -> station: SSID refused by rule ")
    assert SECRET not in "".join(lines)


def test_what_the_proxy_makes_itself_is_told_apart(log) -> None:
    log.play(*OPENING)
    log.commands.own(ONE, frame(encode(c.EndSession(EndReason.UNSPECIFIED, "rule X"), 5)))
    assert log.lines[-1].startswith("proxy -> partner: ESID ")
    assert "rule X" in log.lines[-1]


def test_the_end_of_a_stream_is_said(log) -> None:
    assert log.play(*OPENING, Read(ONE, None))[-1] == "partner -> station: end of the stream"


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_every_recorded_session_can_be_said_in_printable_lines(log, path) -> None:
    lines = log.play(*parse(path.read_text()))
    assert lines
    assert all(line.isprintable() for line in lines)
