"""What is hostile, and what happens at once: the installations of tests/functional, and processes of their own."""

from functional.conftest import golden, pytest_runtest_makereport, running, site, without_station
from unit.conftest import alone, zygote

__all__ = ["alone", "golden", "pytest_runtest_makereport", "running", "site", "without_station", "zygote"]
