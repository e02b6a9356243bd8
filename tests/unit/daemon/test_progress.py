"""How far a session says it is: the newest counts, the rate is of the last seconds, and a flood is nonsense."""

import pytest

from seon.daemon.progress import AT_ONCE, MOST, RATE_SECONDS, Progress
from seon.process import line


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def claim(octets_in: int, octets_out: int = 0) -> line.Progress:
    return line.Progress("receiving", octets_in, octets_out)


def test_the_newest_counts(clock) -> None:
    progress = Progress(clock)
    assert progress.said is None
    for octets in (1, 2):
        progress.take(claim(octets))
    assert progress.said == claim(2)


def test_the_rate_is_that_of_the_last_seconds_in_both_directions(clock) -> None:
    progress = Progress(clock)
    for second in range(1, 21):
        clock.now += 1
        progress.take(claim(1_000 * second if second < 10 else 10_000 + 5_000 * (second - 10), 500 * second))
    assert progress.rate() == 5_500


def test_when_nothing_was_said_for_a_while_nothing_moves(clock) -> None:
    progress = Progress(clock)
    clock.now += 1
    progress.take(claim(1_000))
    assert progress.rate() == 1_000
    clock.now += RATE_SECONDS + 0.1
    assert progress.rate() == 0


@pytest.mark.parametrize("octets", [[2**63 - 1], [2**63 - 1, 0], [0, 2**63 - 1]])
def test_no_lie_makes_a_rate_that_cannot_be_said(clock, octets) -> None:
    progress = Progress(clock)
    for count in octets:
        clock.now += 0.001
        progress.take(claim(count, count))
        assert 0 <= progress.rate() <= MOST


def test_once_a_second_is_taken_for_ever_and_a_flood_is_nonsense(clock) -> None:
    progress = Progress(clock)
    for _ in range(10_000):
        clock.now += 1
        progress.take(claim(1))
    for _ in range(int(AT_ONCE) - 1):  # the last of them came just now
        progress.take(claim(1))
    with pytest.raises(line.NonsenseError, match="again and again how far"):
        progress.take(claim(1))
