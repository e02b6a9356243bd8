"""The times that lines and file names show."""

import time

import pytest

from seon.daemon.writing import records

SUMMER = 1_780_000_000  # 2026-05-28 20:26:40 UTC


@pytest.fixture
def zone(monkeypatch):
    def choose(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()
        records.local_second.cache_clear()

    yield choose
    monkeypatch.undo()
    time.tzset()
    records.local_second.cache_clear()


def test_lines_have_the_local_time_of_the_host_in_summer_and_in_winter(zone) -> None:
    zone("Europe/Berlin")
    assert records.local_second(SUMMER) == "2026-05-28 22:26:40"
    assert records.local_second(SUMMER - 180 * 86_400) == "2025-11-29 21:26:40"


def test_log4cs_dated_layouts_have_the_time_of_greenwich(zone) -> None:
    zone("Europe/Berlin")
    assert records.utc_second(SUMMER) == "20260528 20:26:40"


def test_the_day_of_a_file_is_the_local_one(zone) -> None:
    zone("Pacific/Auckland")
    assert records.local_day(SUMMER + 0.9) == "2026-05-29"
