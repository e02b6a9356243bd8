"""For all tests: helpers in `tests/` are importable by their path below it (`functional.harness`)."""

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

_HERE = str(Path(__file__).parent)
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)

import collecting  # noqa: E402


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report a failed test, and not a crash of pytest: it parses the source to show where a test failed."""
    with collecting.held_back():
        return (yield)


def pytest_sessionstart() -> None:
    """Forget what is kept of the verifier's functions: mutmut forks a process that has run the tests before."""
    if "MUTANT_UNDER_TEST" in os.environ:
        from seon.oftp2 import data, fixed, layouts

        layouts._layout.cache_clear()
        layouts.length_bounds.cache_clear()
        fixed.fixed_records.cache_clear()
        for ends, steps in ((False, data._STREAM_STEPS), (True, data._RECORD_STEPS)):
            steps.update({compression: data._steps(compression=compression, ends=ends) for compression in steps})
