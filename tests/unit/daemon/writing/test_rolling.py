"""Files that roll by size."""

import pytest

from seon.daemon.writing.layouts import seon_layout
from seon.daemon.writing.rolling import RollingAppender
from unit.daemon.writing.lines import record, texts

LINE = len(seon_layout(record("00"))) + 1


@pytest.fixture
def make(tmp_path):
    made = []

    def of(maxsize: int, maxnum: int) -> RollingAppender:
        place = RollingAppender(seon_layout, tmp_path / "log", maxsize=maxsize, maxnum=maxnum)
        made.append(place)
        return place

    yield of
    for place in made:
        place.close()


def said(directory) -> dict[str, list[str]]:
    return {path.name: texts(path) for path in sorted(directory.iterdir())}


def test_the_newest_is_number_0_and_the_oldest_is_removed(make, tmp_path) -> None:
    place = make(2 * LINE, 3)
    for number in range(9):
        place.write(record(f"{number:02}"))
    assert said(tmp_path) == {"log.0": ["08"], "log.1": ["06", "07"], "log.2": ["04", "05"]}


def test_no_file_is_greater_than_maxsize(make, tmp_path) -> None:
    place = make(1_000, 5)
    for number in range(300):
        place.write(record("x" * (number % 50)))
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 5
    assert max(sizes) <= 1_000


def test_a_line_that_is_greater_than_maxsize_has_a_file_of_its_own(make, tmp_path) -> None:
    place = make(10, 9)
    place.write(record("00"))
    place.write(record("01"))
    assert said(tmp_path) == {"log.0": ["01"], "log.1": ["00"]}


def test_with_one_file_it_is_begun_anew(make, tmp_path) -> None:
    place = make(2 * LINE, 1)
    for number in range(3):
        place.write(record(f"{number:02}"))
    assert said(tmp_path) == {"log.0": ["02"]}


def test_a_new_start_goes_on_with_the_newest_file(make, tmp_path) -> None:
    for number in range(3):
        place = make(2 * LINE, 3)
        place.open()
        place.write(record(f"{number:02}"))
        place.close()
    assert said(tmp_path) == {"log.0": ["02"], "log.1": ["00", "01"]}


def test_a_gap_in_the_numbers_harms_nothing(make, tmp_path) -> None:
    (tmp_path / "log.2").write_text("x 4711 old\n")
    place = make(LINE, 4)
    place.write(record("00"))
    place.write(record("01"))
    assert said(tmp_path) == {"log.0": ["01"], "log.1": ["00"], "log.3": ["old"]}


def test_where_files_cannot_be_renamed_lines_go_on_in_the_newest(make, tmp_path) -> None:
    place = make(LINE, 2)
    (tmp_path / "log.1").mkdir()
    place.write(record("00"))
    place.write(record("01"))
    assert texts(tmp_path / "log.0") == ["00", "01"]
