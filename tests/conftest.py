"""For all tests: helpers in `tests/` are importable by their path below it (`functional.harness`)."""

import sys
from collections.abc import Generator
from pathlib import Path

import pytest

_HERE = str(Path(__file__).parent)
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)

import collecting  # noqa: E402

LONGEST_ID = 60
"""Characters or octets of a parameter that names its test."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report a failed test, and not a crash of pytest: it parses the source to show where a test failed."""
    with collecting.held_back():
        return (yield)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a long value by its argument: certificates are made anew in each worker, and these must name tests alike."""
    return argname if isinstance(val, bytes | str) and len(val) > LONGEST_ID else None
