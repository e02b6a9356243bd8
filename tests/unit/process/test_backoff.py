"""Growing pauses."""

from seon.process.backoff import PAUSES, REMINDERS, Backoff, Reminder


def test_pauses_grow_and_the_last_one_stays() -> None:
    pauses = Backoff((1, 2, 5))
    assert [pauses.next() for _ in range(5)] == [1, 2, 5, 5, 5]


def test_after_it_worked_they_begin_anew() -> None:
    pauses = Backoff()
    assert [pauses.next() for _ in range(3)] == list(PAUSES[:3])
    pauses.reset()
    assert pauses.next() == PAUSES[0]


def test_what_stays_wrong_is_said_at_first_and_then_more_and_more_rarely() -> None:
    reminder = Reminder()
    said = [now for now in range(0, 4 * 3_600, 10) if reminder.due(now)]
    assert said == [0, 60, 360, 2_160, 5_760, 9_360, 12_960]
    assert len(REMINDERS) == 4


def test_what_is_wrong_again_is_said_at_once() -> None:
    reminder = Reminder((60,))
    assert reminder.due(1_000)
    assert not reminder.due(1_001)
    reminder.reset()
    assert reminder.due(1_002)
