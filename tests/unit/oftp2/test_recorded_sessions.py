"""What the verifier tells of the recorded sessions, word by word: administrators and their partners read it."""

import pytest

from vectors import telling


@pytest.mark.parametrize("name", telling.names())
def test_what_is_told_of_a_session_is_what_was_read_and_found_right(name: str) -> None:
    assert telling.told_of(name) == telling.told_before()[name]


def test_no_session_is_told_of_that_is_not_there() -> None:
    assert list(telling.told_before()) == telling.names()
