"""What the tests of session processes share: signal handlers as they were, and the two ends of a line."""

import signal

import pytest

from seon.process import line
from seon.process.signals import ENDING, LEVELS


@pytest.fixture(autouse=True)
def handlers():
    """Signal handlers as they were: an end of the line sets its own."""
    before = {number: signal.getsignal(number) for number in (*ENDING, *LEVELS)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def ends():
    """The main's end of a line, and the session process's."""
    ours, theirs = line.pair()
    ours.settimeout(5)
    yield ours, theirs
    ours.close()
    theirs.close()
