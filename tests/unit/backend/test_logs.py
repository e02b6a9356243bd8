import logging
import re
import sys
from pathlib import Path

import pytest

from seon.backend.logs import (
    IGNORED,
    LEVELS,
    RUNS,
    TRACE,
    LineFormatter,
    open_log,
    reopen_log,
    set_level,
    write_always,
    write_api_log_too,
)


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


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log at INFO."""
    return open_log(tmp_path, "seonapi")


def test_levels_below_info_are_for_our_own_lines_and_levels_above_for_all(log: Path) -> None:
    for level in LEVELS:
        set_level(level)
        for name in ("seon.api", "asyncio"):
            for number in (TRACE, 10, 20, 30, 40, 50):
                logging.getLogger(name).log(number, "%s at %d", level, number)
    lines = log.read_text()
    written = {level: re.findall(rf" (\S+): {level} at (\d+)$", lines, re.MULTILINE) for level in LEVELS}
    assert {level: [int(n) for name, n in found if name == "seon.api"] for level, found in written.items()} == {
        "trace": [5, 10, 20, 30, 40, 50], "debug": [10, 20, 30, 40, 50], "info": [20, 30, 40, 50],
        "warning": [30, 40, 50], "error": [40, 50], "fatal": [50],
    }  # fmt: skip
    assert {level: min(int(n) for name, n in found if name == "asyncio") for level, found in written.items()} == {
        "trace": 20, "debug": 20, "info": 20, "warning": 30, "error": 40, "fatal": 50
    }  # fmt: skip
    assert re.findall(r"Z (\S+) .*Log level set to (\S+)$", lines, re.MULTILINE) == [
        (level.upper(), level.upper()) for level in LEVELS
    ]


def test_after_a_rename_what_is_said_goes_to_the_new_file(log: Path) -> None:
    logging.getLogger("seon.api").info("before")
    old = log.rename(log.with_suffix(".1"))
    reopen_log()
    logging.getLogger("seon.api").info("after")
    assert "before" in old.read_text()
    assert "after" not in old.read_text()
    assert log.read_text().splitlines()[0].endswith("because of SIGHUP")
    assert log.read_text().splitlines()[1].endswith("after")


def test_runs_of_the_event_script_and_ignored_events_stand_in_the_api_log_once_whichever_program_has_them(
    log: Path, tmp_path: Path
) -> None:
    open_log(tmp_path, "queue")
    runs = logging.getLogger(RUNS)
    write_api_log_too(tmp_path)
    write_api_log_too(tmp_path)
    set_level("info")
    runs.info("it ran")
    logging.getLogger(IGNORED).info("it was ignored")
    logging.getLogger("seon.queue").info("another line")
    assert log.read_text().count("it ran") == log.read_text().count("it was ignored") == 1
    assert "it ran" not in (tmp_path / "queue.log").read_text()
    assert "another line" not in log.read_text()


def test_what_is_written_always_is_written_at_any_level_once(log: Path) -> None:
    for level in LEVELS:
        set_level(level)
        write_always(logging.getLogger("seon.api"), logging.WARNING, f"refused at {level}")
    lines = re.findall(r" (\S+) \d+ seon.api: refused at (\S+)$", log.read_text(), re.MULTILINE)
    assert lines == [("WARNING", level) for level in LEVELS]
