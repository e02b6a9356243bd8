"""Places never stop the program, and say what they lost."""

import pytest

from seon.daemon.writing.appenders import Appender, FileAppender, NowhereAppender, TerminalAppender
from seon.daemon.writing.layouts import seon_layout
from unit.daemon.writing.lines import record, texts


class Failing(Appender):
    def __init__(self) -> None:
        super().__init__(seon_layout)
        self.full = False
        self.said: list[str] = []

    def put(self, record) -> None:
        if self.full:
            raise OSError
        self.said.append(record.text)


def test_lines_that_cannot_be_written_are_counted_and_told_when_it_is_possible_again() -> None:
    place = Failing()
    place.write(record("1"))
    place.full = True
    for number in range(3):
        place.write(record(str(number)))
    place.full = False
    place.write(record("2"))
    place.write(record("3"))
    assert place.said == ["1", "3 lines before this one could not be written and are lost", "2", "3"]


def test_a_file_keeps_what_it_had_and_takes_whole_lines(tmp_path) -> None:
    (tmp_path / "x").write_text("2026-03-14 11:00:00.000 INFO    4711 before\n")
    place = FileAppender(seon_layout, tmp_path / "x")
    place.write(record("\ud800 text"))
    place.close()
    place.write(record("again"))
    place.close()
    assert texts(tmp_path / "x") == ["before", r"\ud800 text", "again"]


def test_a_file_that_cannot_be_opened_says_so_at_open(tmp_path) -> None:
    place = FileAppender(seon_layout, tmp_path / "missing" / "x")
    with pytest.raises(OSError, match="No such file"):
        place.open()
    place.write(record())
    assert place.lost == 1


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_the_terminal_shows_lines_on_the_stream_of_that_name(name, capsys) -> None:
    TerminalAppender(seon_layout, name).write(record())
    assert getattr(capsys.readouterr(), name.removeprefix("std")).endswith(" 4711 text\n")


def test_lines_to_nowhere_are_not_lost_lines(capsys) -> None:
    place = NowhereAppender(seon_layout)
    place.write(record())
    assert place.lost == 0
    assert capsys.readouterr() == ("", "")
