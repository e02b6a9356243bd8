from typing import Any

from seon.backend.script.telling import BAD_AGAIN, INTERVAL, Telling


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_failures_are_told_once_a_minute_with_the_number_of_the_others() -> None:
    told: list[Any] = []
    clock = Clock()
    telling = Telling(lambda code, **fields: told.append((code, fields["count"])), clock)
    for _ in range(100):
        telling.failed("/x", "SRV-PORT", "exit status 1")
    assert told == [("SCR-FAILED", 0)]
    telling.tell_due()
    assert len(told) == 1
    clock.now += INTERVAL
    telling.tell_due()
    telling.tell_due()
    assert told[1:] == [("SCR-FAILED", 98)], "the one that is told, and 98 more"


def test_a_script_that_cannot_be_run_is_told_when_that_is_new_and_each_hour() -> None:
    told: list[str] = []
    clock = Clock()
    telling = Telling(lambda code, **fields: told.append(fields["reason"]), clock)
    assert telling.bad("/x", "gone")
    assert not telling.bad("/x", "gone")
    assert telling.bad("/x", "writable")
    clock.now += BAD_AGAIN
    assert not telling.bad("/x", "writable")
    assert told == ["gone", "writable", "writable"]
    assert telling.good()
    assert not telling.good()
    assert telling.bad("/x", "writable")
