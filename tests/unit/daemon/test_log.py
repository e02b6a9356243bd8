"""The log: one whole line each, whatever a stranger sent, and never a reason to stop."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from seon.daemon.log import Log
from seon.process.events import EventMaker
from seon.process.levels import Level

MAKER = EventMaker("dmz", "session-1")


@pytest.fixture
def log(tmp_path) -> Log:
    return Log(tmp_path, "seon")


def lines(log: Log) -> list[str]:
    return log.path.read_text().splitlines() if log.path.exists() else []


def test_a_line_has_time_level_process_and_text(log) -> None:
    log.write("server", Level.INFO, "text")
    (line,) = lines(log)
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{{3}} INFO    {os.getpid()} text", line)
    assert re.fullmatch(r"seon\.\d{4}-\d\d-\d\d\.log", log.path.name)


def test_an_event_has_its_code_its_session_and_its_text(log) -> None:
    log.event(MAKER.make("SES-FAILED", partner="P1", direction="incoming", reason="why"))
    (line,) = lines(log)
    assert line.endswith("SES-FAILED [session-1] Session with partner P1, incoming, not started: why")
    assert " ERROR " in line


def test_a_critical_event_is_fatal_in_the_logs_words(log) -> None:
    log.event(EventMaker("dmz").make("SRV-PORT", address="x", reason="y"))
    assert " FATAL " in lines(log)[0]


NASTY = "a\nb\r\n2026-01-01 00:00:00.000 INFO 1 SRV-START forged\x1b[2J\0\x85\u2028\u202e\\n\ud800"


@pytest.mark.parametrize("write", ["line", "event"])
def test_a_stranger_cannot_write_a_line_of_its_own(log, write) -> None:
    if write == "line":
        log.write("server", Level.INFO, NASTY)
    else:
        log.event(MAKER.make("ADM-TLS", source=NASTY, reason=NASTY))
    octets = log.path.read_bytes()
    assert octets.count(b"\n") == 1
    assert octets.endswith(b"\n")
    assert not set(octets[:-1]) & {*range(32), 0x7F}
    for character in "\x85\u2028\u202e":
        assert character.encode() not in octets
    assert b"\\x1b" in octets


def test_a_backslash_cannot_pass_for_an_escape(log) -> None:
    log.write("server", Level.INFO, "\\n")
    assert lines(log)[0].endswith("\\\\n")


def test_a_long_value_is_cut(log) -> None:
    log.event(MAKER.make("ADM-TLS", source="x" * 5_000, reason="y" * 5_000))
    assert len(lines(log)[0]) < 1_000


def test_the_level_decides_what_is_written(log) -> None:
    log.level = Level.ERROR
    log.write("server", Level.WARNING, "not this")
    log.write("server", Level.ERROR, "this")
    log.event(MAKER.make("SES-FINDING"))
    (line,) = lines(log)
    assert line.endswith(" this")


def test_lines_of_several_processes_stay_whole(alone, tmp_path) -> None:
    alone(several_writers, tmp_path)
    (path,) = tmp_path.glob("seon.*.log")
    written = path.read_text().splitlines()
    assert len(written) == 400
    assert all(re.search(r" (\d)\1{199}$", line) for line in written)


def several_writers(directory: str) -> None:
    log = Log(Path(directory), "seon")
    pids = []
    for number in range(4):
        pid = os.fork()
        if pid == 0:
            for _ in range(100):
                log.write("server", Level.INFO, str(number) * 200)
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path) -> None:
    log = Log(tmp_path / "missing", "seon")
    log.write("server", Level.FATAL, "nobody reads this")
    with pytest.raises(OSError, match="No such file"):
        log.check()


def test_a_full_disk_stops_nothing(tmp_path) -> None:
    log = Log(tmp_path, "seon")
    log.path.symlink_to("/dev/full")
    log.write("server", Level.FATAL, "nobody reads this")


def test_a_closed_terminal_stops_nothing(tmp_path, monkeypatch) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stderr", full)
        log = Log(tmp_path, "seon", terminal=True)
        log.write("server", Level.INFO, "text")
        assert len(lines(log)) == 1
        monkeypatch.undo()
        with pytest.raises(OSError, match="No space"):
            full.flush()
        os.dup2(os.open("/dev/null", os.O_WRONLY), full.fileno())


def test_the_file_is_not_for_others(log) -> None:
    umask = os.umask(0)
    try:
        log.write("server", Level.INFO, "text")
    finally:
        os.umask(umask)
    assert log.path.stat().st_mode & 0o777 == 0o640


def test_the_terminal_shows_the_same_line(tmp_path, capsys) -> None:
    log = Log(tmp_path, "seon", terminal=True)
    log.write("server", Level.INFO, "text")
    assert capsys.readouterr().err == log.path.read_text()


def test_where_an_error_came_from_stands_in_the_log_line_by_line(log) -> None:
    def fails() -> None:
        raise ValueError("nobody\nthought of this")

    try:
        fails()
    except ValueError as error:
        log.trace(error)
    text = log.path.read_text()
    assert "in fails" in text
    assert "ValueError: nobody" in text
    assert all(" ERROR " in line for line in text.splitlines())


# --- the lines of session processes, which their main writes --------------------------------------------------------


@dataclass
class Process:
    pid: int = 4_711
    level: Level = Level.INFO


def test_what_a_session_process_says_has_its_own_process_id(log) -> None:
    log.write("server", Level.INFO, "text", Process())
    log.event(MAKER.make("SES-END"), Process())
    assert all(f" {Process.pid} " in line for line in lines(log))


def test_its_own_level_decides_and_not_the_mains(log) -> None:
    log.level = Level.ERROR
    log.write("server", Level.DEBUG, "this", Process(level=Level.DEBUG))
    log.write("server", Level.INFO, "not this", Process(level=Level.ERROR))
    log.write("server", Level.INFO, "nor this")
    (line,) = lines(log)
    assert line.endswith(" this")


def test_a_level_that_was_chosen_is_said_with_that_level_and_is_of_that_process_alone(log) -> None:
    process = Process()
    log.level_changed(Level.FATAL, process)
    assert (process.level, log.level) == (Level.FATAL, None)
    log.level_changed(Level.TRACE)
    assert (process.level, log.level) == (Level.FATAL, Level.TRACE)
    first, second = lines(log)
    assert first.endswith(" FATAL   4711 Log level set to FATAL")
    assert second.endswith(f" TRACE   {os.getpid()} Log level set to TRACE")
