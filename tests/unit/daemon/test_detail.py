"""Lines of one subject at DEBUG and TRACE: written where they are wanted, and nowhere made where they are not."""

from pathlib import Path

import pytest

from seon.daemon.detail import UNHEARD, Detail
from seon.daemon.log import Log
from seon.process.levels import Level


class Play:
    """A subject's lines at a level."""

    def __init__(self, directory: Path) -> None:
        self.log = Log(directory, "log")
        self.detail = Detail(self.log, "gate")

    def at(self, level: Level) -> None:
        self.log.level_changed(level)

    @property
    def lines(self) -> list[str]:
        return self.log.path.read_text().splitlines()[1:]


@pytest.fixture
def play(tmp_path) -> Play:
    return Play(tmp_path)


def test_at_info_nothing_is_written(play) -> None:
    play.at(Level.INFO)
    play.detail.say("a step")
    play.detail.pace("192.0.2.1:5").done("another")
    assert play.lines == []
    assert not play.detail.wanted()
    assert play.detail.handshake("192.0.2.1:5") is None


def test_at_debug_steps_are_written_and_handshakes_are_not(play) -> None:
    play.at(Level.DEBUG)
    play.detail.say("a step")
    play.detail.pace("192.0.2.1:5").done("another")
    one, two = play.lines
    assert " DEBUG " in one
    assert one.endswith(" a step")
    assert " 192.0.2.1:5 another (" in two
    assert play.detail.handshake("192.0.2.1:5") is None


def test_at_trace_handshakes_are_written_with_their_peer(play) -> None:
    play.at(Level.TRACE)
    tell = play.detail.handshake("192.0.2.1:5")
    assert tell is not None
    tell("read client hello\nFATAL")
    (line,) = play.lines
    assert " TRACE " in line
    assert line.endswith(" 192.0.2.1:5: read client hello\\nFATAL")


def test_without_a_log_nobody_wants_anything() -> None:
    UNHEARD.say("a step")
    UNHEARD.pace("x").done("another")
    assert not UNHEARD.wanted()
    assert UNHEARD.handshake("x") is None
