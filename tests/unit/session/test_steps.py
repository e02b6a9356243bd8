"""What a session process says of its start, by the level that is set."""

import pytest

from seon.process import line
from seon.process.levels import Level
from seon.session.steps import Steps
from unit.session.scenes import assignment, main_line


@pytest.fixture
def said(ends):
    def say(level: Level) -> list[line.FromSession]:
        main = main_line(ends[1])
        line.say(ends[0], line.Verbosity(level))
        main.poll()
        steps = Steps.of(main, assignment())
        steps.done("connected")
        if tell := steps.handshake("192.0.2.1:6619"):
            tell("write client hello")
        ends[0].setblocking(False)
        heard = []
        try:
            while message := line.hear_session(ends[0]):
                heard.append(message)
        except BlockingIOError:
            return heard

    return say


def test_at_info_nothing_is_said(said) -> None:
    assert said(Level.INFO) == []


def test_at_debug_a_step_is_said_with_its_session(said) -> None:
    (step,) = said(Level.DEBUG)
    assert (step.category, step.level) == ("session", Level.DEBUG)
    assert step.text.startswith("[0123456789abcdef] connected (")


def test_at_trace_the_handshake_is_said_too(said) -> None:
    _, step = said(Level.TRACE)
    assert (step.category, step.level) == ("session.tls", Level.TRACE)
    assert step.text == "[0123456789abcdef] 192.0.2.1:6619: write client hello"
