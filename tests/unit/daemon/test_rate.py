"""A token bucket: so many at once, so many a second, never more."""

import pytest

from seon.daemon.rate import Bucket


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(bucket: Bucket) -> int:
    count = 0
    while bucket.take() == 0.0:
        count += 1
    return count


def test_so_many_are_there_at_once_and_then_none(clock) -> None:
    bucket = Bucket(10, 5, clock)
    assert taken(bucket) == 5
    assert taken(bucket) == 0


def test_so_many_come_a_second(clock) -> None:
    bucket = Bucket(8, 5, clock)
    taken(bucket)
    clock.now += 0.375
    assert taken(bucket) == 3


def test_after_a_long_time_there_are_no_more_than_at_first(clock) -> None:
    bucket = Bucket(10, 5, clock)
    taken(bucket)
    clock.now += 3_600
    assert taken(bucket) == 5


def test_whoever_gets_none_is_told_when_there_is_one(clock) -> None:
    bucket = Bucket(10, 5, clock)
    taken(bucket)
    assert bucket.take() == pytest.approx(0.1)
    clock.now += 0.04
    assert bucket.take() == pytest.approx(0.06), "asking costs nothing"
    clock.now += 0.0601
    assert bucket.take() == 0.0


def test_over_any_time_there_are_no_more_than_both_together(clock) -> None:
    bucket, got = Bucket(10, 5, clock), 0
    for _ in range(1_000):
        clock.now += 0.01
        got += bucket.take() == 0.0
    assert 5 + 10 * 10 - 1 <= got <= 5 + 10 * 10


def test_what_costs_more_takes_more(clock) -> None:
    bucket = Bucket(10, 5, clock)
    assert bucket.take(4) == 0.0
    assert bucket.take(3) == pytest.approx(0.2)
    assert taken(bucket) == 1


def test_whoever_waits_for_each_gets_no_more_a_second(clock) -> None:
    bucket, waited = Bucket(10, 5, clock), 0.0
    for _ in range(105):
        seconds = bucket.wait()
        clock.now += seconds
        waited += seconds
    assert waited == pytest.approx(10)
