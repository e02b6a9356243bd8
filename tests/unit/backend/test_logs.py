import logging
import sys

from seon.backend.logs import LineFormatter


def record(text: str, *, failed: bool = False) -> str:
    info = None
    if failed:
        try:
            raise ValueError("line one\nforged line")
        except ValueError:
            info = sys.exc_info()
    made = logging.LogRecord("seon.api", logging.INFO, "", 0, "%s", (text,), info)
    return LineFormatter("{levelname} {message}", style="{").format(made)


def test_what_a_stranger_sent_stays_on_its_line() -> None:
    assert record("a\nb\r\x1b[2J\u2028\u202ec") == "INFO a\\nb\\r\\x1b[2J\\u2028\\u202ec"


def test_a_traceback_is_indented_so_that_none_of_its_lines_looks_like_a_record() -> None:
    lines = record("failed", failed=True).splitlines()
    assert len(lines) > 3
    assert all(line.startswith("    ") for line in lines[1:])
