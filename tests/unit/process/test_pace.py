"""Steps are said with what each took, and not made where nobody reads them."""

import re

from seon.process.pace import Pace


def test_each_step_is_said_with_its_milliseconds() -> None:
    said: list[str] = []
    pace = Pace(lambda: True, said.append)
    pace.done("one")
    pace.done("two")
    assert [re.sub(r"\d+\.\d", "N", text) for text in said] == ["one (N ms)", "two (N ms)"]


def test_a_level_that_changes_between_two_steps_counts_from_the_next_on() -> None:
    said: list[str] = []
    wanted = [False, True, False]
    pace = Pace(lambda: wanted.pop(0), said.append)
    for step in ("one", "two", "three"):
        pace.done(step)
    assert len(said) == 1
    assert said[0].startswith("two (")
