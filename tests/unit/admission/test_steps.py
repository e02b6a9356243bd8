"""Work in steps comes to the same whoever takes them."""

import pytest

from seon.admission.steps import finished


def test_all_steps_are_taken_and_what_comes_of_them_is_returned() -> None:
    taken = []

    def work():
        for number in range(3):
            taken.append(number)
            yield
        return "done"

    assert finished(work()) == "done"
    assert taken == [0, 1, 2]


def test_what_goes_wrong_in_a_step_comes_out() -> None:
    def work():
        yield
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        finished(work())
