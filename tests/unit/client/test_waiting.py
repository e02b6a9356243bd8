"""What the starting command waits for."""

from seon.client.waiting import Wait


def test_unless_told_otherwise_it_waits_five_seconds_for_all() -> None:
    assert Wait() == Wait("", 5.0)
