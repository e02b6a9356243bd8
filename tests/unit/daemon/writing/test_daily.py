"""One file a day: the change of day loses and splits nothing, and limits hold."""

import datetime as dt

import pytest

from seon.daemon.writing.daily import DailyAppender
from seon.daemon.writing.layouts import seon_layout
from seon.process.levels import Level
from unit.daemon.writing.lines import DAY, NOON, record, texts

TODAY, TOMORROW = "2026-03-14", "2026-03-15"


@pytest.fixture
def make(tmp_path):
    made = []

    def of(maxsize=0, retention=0, name="seon") -> DailyAppender:
        place = DailyAppender(seon_layout, tmp_path / name, maxsize=maxsize, retention=retention, clock=lambda: NOON)
        made.append(place)
        return place

    yield of
    for place in made:
        place.close()


def test_its_name_has_the_day(make, tmp_path) -> None:
    make().open()
    assert [path.name for path in tmp_path.iterdir()] == [f"seon.{TODAY}.log"]


def test_each_line_goes_to_the_file_of_its_day(make) -> None:
    place = make()
    midnight = dt.datetime(2026, 3, 15).timestamp()
    for number in range(2_000):
        place.write(record(str(number), time=midnight - 1 + number / 1_000))
    assert texts(place.path(TODAY)) == [str(number) for number in range(1_000)]
    assert texts(place.path(TOMORROW)) == [str(number) for number in range(1_000, 2_000)]


def test_a_clock_that_is_put_back_over_midnight_loses_nothing(make) -> None:
    place = make()
    midnight = dt.datetime(2026, 3, 15).timestamp()
    for number, time in enumerate((midnight - 1, midnight, midnight - 1, midnight)):
        place.write(record(str(number), time=time))
    assert (texts(place.path(TODAY)), texts(place.path(TOMORROW))) == (["0", "2"], ["1", "3"])


def test_old_files_of_this_name_are_removed_at_the_start_and_at_each_change_of_day_and_no_others(
    make, tmp_path
) -> None:
    old = ["seon.2026-03-11.log", "seon.2025-12-31.log"]
    kept = ["seon.2026-03-12.log", "seon.2026-03-13.log", "seon.2027-01-01.log", "seon2.2026-01-01.log",
            "seon.2026-01-01.log.gz", "xseon.2026-01-01.log", "seon.2026-13-01.log", "seon.log",
            "seonX2026-01-01.log"]  # fmt: skip
    for name in (*old, *kept):
        (tmp_path / name).touch()
    (tmp_path / "seon.2026-01-02.log").mkdir()
    (tmp_path / "seon.2026-01-03.log").symlink_to(tmp_path / "seon.log")
    place = make(retention=2)
    place.open()
    left = {*kept, "seon.2026-01-02.log", "seon.2026-01-03.log", f"seon.{TODAY}.log"}
    assert {path.name for path in tmp_path.iterdir()} == left
    place.write(record(time=NOON + DAY))
    assert {path.name for path in tmp_path.iterdir()} == left - {"seon.2026-03-12.log"} | {f"seon.{TOMORROW}.log"}


def test_without_retention_nothing_is_removed(make, tmp_path) -> None:
    (tmp_path / "seon.1999-01-01.log").touch()
    make().open()
    assert (tmp_path / "seon.1999-01-01.log").exists()


def test_above_its_maxsize_it_takes_warnings_and_worse_only_and_says_so(make) -> None:
    place = make(maxsize=500)
    for _ in range(50):
        place.write(record("x" * 20))
    place.write(record("bad", Level.WARNING))
    place.write(record("good"))
    said = texts(place.path(TODAY))
    assert said[:-2] == ["x" * 20] * 9  # 62 octets each
    assert said[-2:] == [
        "The file has reached its maxsize of 500 octets: until the next day only WARNING and worse are written", "bad",
    ]  # fmt: skip


def test_at_twice_its_maxsize_it_takes_fatal_lines_only_and_the_next_day_says_how_many_it_held_back(make) -> None:
    place = make(maxsize=2_000)
    for _ in range(200):
        place.write(record("provoked by a stranger", Level.WARNING))
    place.write(record("the worst", Level.FATAL))
    said = texts(place.path(TODAY))
    assert said[-2].endswith("2 times its maxsize of 2000 octets: until the next day only FATAL and worse are written")
    assert said[-1] == "the worst"
    assert place.path(TODAY).stat().st_size < 2 * 2_000 + 500
    place.write(record("morning", time=NOON + DAY))
    written = said.count("provoked by a stranger")
    assert texts(place.path(TOMORROW)) == [
        f"{200 - written} lines were held back, because the file before this one had reached its maxsize", "morning",
    ]  # fmt: skip


def test_a_file_that_is_full_already_at_the_start_stays_so(make) -> None:
    place = make(maxsize=200)
    place.path(TODAY).write_text("x" * 300)
    place.write(record("small talk"))
    assert "small talk" not in place.path(TODAY).read_text()


def test_a_directory_that_is_missing_loses_lines_and_nothing_else(tmp_path) -> None:
    place = DailyAppender(seon_layout, tmp_path / "no" / "x", maxsize=9, retention=9, clock=lambda: NOON)
    place.write(record())
    assert place.lost == 1
    (tmp_path / "no").mkdir()
    place.write(record("again", Level.FATAL))
    assert "again" in place.path(TODAY).read_text()
    place.close()
