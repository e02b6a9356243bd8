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


def pytest_runtest_setup() -> None:
    """Under mutmut each test makes anew what the verifier makes once: only so it is known which test needs which
    function, and a mutant, which runs in a fork of a process that has run the tests before, is reached at all.
    """
    if "MUTANT_UNDER_TEST" in os.environ:
        from seon.oftp2 import blanking, data, fixed, layouts

        layouts._layout.cache_clear()
        layouts.length_bounds.cache_clear()
        fixed.fixed_records.cache_clear()
        blanking._SECRETS.update({code: blanking._secret_of(code) for code in blanking._SECRETS})
        for ends, steps in ((False, data._STREAM_STEPS), (True, data._RECORD_STEPS)):
            steps.update({compression: data._steps(compression=compression, ends=ends) for compression in steps})
