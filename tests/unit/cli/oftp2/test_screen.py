"""What is printed fits a terminal, and carries no escape code elsewhere."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seon.cli.oftp2 import screen as screen_module
from seon.cli.oftp2.screen import Progress, Screen, columns, folded, padded

WIDE = "日本語ファイル"


class Terminal(io.TextIOWrapper):
    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding, write_through=True)

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        return self.buffer.getvalue().decode(self.encoding)


def use_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Not a fixture: pytest puts its own standard output back before the test is called."""
    stream = Terminal()
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return stream


@pytest.mark.parametrize(("text", "width"), [("abc", 3), (WIDE, 14), ("e\u0301", 1), ("ü", 1), ("", 0)])
def test_columns_are_those_of_a_terminal(text: str, width: int) -> None:
    assert columns(text) == width
    assert columns(padded(text, 20)) == 20


@given(st.text(st.characters(blacklist_categories=("C", "Z", "M")) | st.just(" ")), st.integers(2, 30))
def test_folding_keeps_every_word_and_no_line_is_too_wide(text: str, width: int) -> None:
    lines = folded(text, width)
    assert all(columns(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_folding_breaks_at_spaces_but_cuts_a_long_word() -> None:
    assert folded("one two three", 9) == ["one two", "three"]
    assert folded("a " + "b" * 12, 10) == ["a bbbbbbbb", "bbbb"]


def test_a_terminal_gets_colour_and_folded_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = use_terminal(monkeypatch)
    Screen().row("head  ", "word " * 20, "refuse")
    lines = terminal.text.splitlines()
    assert len(lines) > 2
    assert all("\x1b[31m" in line for line in lines)
    plain = [line.replace("\x1b[31m", "").replace("\x1b[1m", "").replace("\x1b[0m", "") for line in lines]
    assert all(columns(line) <= 40 for line in plain)
    assert all(line.startswith("      word") for line in plain[1:])


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_that_wants_no_colour_gets_none(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    terminal = use_terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    Screen().print("x", "refuse")
    assert terminal.text == "x\n"


def test_a_file_gets_long_lines_without_escape_codes(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().row("head  ", "word " * 100, "refuse")
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "\x1b" not in out


def test_an_encoding_that_lacks_a_character_gets_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal("ascii")
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setenv("NO_COLOR", "1")
    Screen().print("ü…日")
    assert stream.text == "\\xfc\\u2026\\u65e5\n"


def test_the_columns_of_a_table_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(["a", "bbbbbb", "last"], []), ([WIDE, "b", "last"], [("below", "warn")])]
    Screen().table(rows, [14, 4])
    out = capsys.readouterr().out.splitlines()
    assert out == ["  a               bbbb  last", "                  bb", f"  {WIDE}  b     last", "    below"]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(screen_module, "time", clock)
    return clock


def test_long_work_shows_how_far_it_is_on_a_terminal_and_removes_it(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    progress = Progress()
    progress.start("session", 200)
    progress.told(50)
    assert stream.text == ""
    clock.now = 2.0
    progress.told(50)
    assert stream.text == "session: 50 %"
    progress.told(10)
    assert stream.text == "session: 50 %"
    progress.clear()
    progress.clear()
    assert stream.text == "session: 50 %\r\x1b[K"


def test_work_of_unknown_length_is_counted(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    progress = Progress()
    progress.start("-", 0)
    clock.now = 2.0
    progress.told(7_000_000)
    assert stream.text == "-: 7 MB"


def test_no_progress_goes_into_a_file(capsys: pytest.CaptureFixture[str], clock: Clock) -> None:
    progress = Progress()
    progress.start("session", 200)
    clock.now = 9.0
    progress.told(100)
    progress.clear()
    assert capsys.readouterr().err == ""
