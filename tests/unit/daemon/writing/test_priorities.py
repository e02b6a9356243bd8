"""log4c's priorities, matched as it matches them."""

import pytest

from seon.daemon.writing.priorities import priority
from seon.process.levels import Level


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("fatal", Level.FATAL), ("ALERT", Level.FATAL), ("crit", Level.FATAL), ("critical", Level.FATAL),
        ("error", Level.ERROR), ("Errors", Level.ERROR), ("warn", Level.WARNING), ("WARNING", Level.WARNING),
        ("notice", Level.WARNING), ("info", Level.INFO), ("Debug", Level.DEBUG), ("trace", Level.TRACE),
        ("unknown", Level.TRACE), ("notset", None), ("NOTSETTLED", None),
    ],
)  # fmt: skip
def test_any_case_and_whatever_begins_with_a_priority_is_one(name, level) -> None:
    assert priority(name) is level


@pytest.mark.parametrize("name", ["", "inf", "verbose", " info", "warm", "10"])
def test_what_begins_with_no_priority_is_none(name) -> None:
    with pytest.raises(LookupError):
        priority(name)
