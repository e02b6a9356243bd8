"""The log: one whole line each, whatever a stranger sent, and never a reason to stop."""

import json
import os
import re
import resource
import signal
import time
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


def test_a_full_disk_stops_nothing_and_the_log_says_what_it_cost(alone, tmp_path) -> None:
    alone(full_disk, tmp_path)
    (path,) = tmp_path.glob("seon.*.log")
    said = [line.partition(f" {line.split()[3]} ")[2] for line in path.read_text().splitlines()]
    assert said[-2:] == ["2 lines before this one could not be written and are lost", "after"]


def full_disk(directory: str) -> None:
    """A limit on the size of files stands for a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    log = Log(Path(directory), "seon")
    log.write("server", Level.INFO, "before")
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.path.stat().st_size, resource.RLIM_INFINITY))
    log.write("server", Level.FATAL, "nobody reads this")
    log.write("server", Level.FATAL, "nor this")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    log.write("server", Level.INFO, "after")


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


# --- the settings file ------------------------------------------------------------------------------------------------


def set_log(directory: Path, inside: str) -> None:
    (directory / "seon.logrc").write_text(f"<log4c>{inside}</log4c>")


def said(log: Log) -> list[str]:
    """Return level and text of each line."""
    return [f"{line.split()[2]} {line.split(maxsplit=4)[4]}" for line in lines(log)]


def test_the_first_settings_file_is_made_at_the_start(log, tmp_path) -> None:
    log.check()
    assert (tmp_path / "seon.logrc").read_text().startswith("<?xml")
    assert lines(log) == []
    assert log.reread_if_changed() is False


def test_a_category_has_its_own_level(tmp_path) -> None:
    set_log(tmp_path, '<category name="root" priority="error"/><category name="session" priority="debug"/>')
    log = Log(tmp_path, "seon")
    log.write("session.oftp2", Level.DEBUG, "this")
    log.write("session.oftp2", Level.TRACE, "not this")
    log.write("server", Level.WARNING, "nor this")
    log.event(MAKER.make("SES-END"))
    assert [text.split()[1] for text in said(log)] == ["this", "SES-END"]
    assert log.wants("session", Level.DEBUG)
    assert not log.wants("link", Level.WARNING)
    assert log.verbosity() is Level.DEBUG


def test_what_is_passed_over_in_the_settings_file_is_said_in_the_log_with_its_line(tmp_path) -> None:
    set_log(tmp_path, '\n<category name="root" priority="verbos"/><appender name="x" colour="red\nFATAL"/>')
    log = Log(tmp_path, "seon")
    log.check()
    first, second = said(log)
    assert first.startswith('WARNING seon.logrc, line 2: "verbos" is no priority; the category inherits its parent')
    assert second.startswith('WARNING seon.logrc, line 2: unknown attribute "colour" of <appender>')


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"<log4c>\n  <category></log4c>", "line 2, column 15: mismatched tag"),
        (b"", "line 1, column 1: no element found"),
        (None, "cannot be read: Is a directory"),
    ],
)
def test_with_a_broken_settings_file_the_defaults_are_in_force_and_the_log_says_why(tmp_path, octets, why) -> None:
    path = tmp_path / "seon.logrc"
    path.write_bytes(octets) if octets is not None else path.mkdir()
    log = Log(tmp_path, "seon")
    log.check()
    log.write("server", Level.INFO, "text")
    first, second = said(log)
    assert first in (f"ERROR seon.logrc, {why}; the defaults are in force",
                     f"ERROR seon.logrc {why}; the defaults are in force",
                     "ERROR seon.logrc cannot be read: Not a regular file; the defaults are in force")  # fmt: skip
    assert second == "INFO text"


def test_a_changed_settings_file_is_in_force_if_it_wants_that(tmp_path) -> None:
    set_log(tmp_path, "<config><reread>1</reread></config>")
    log = Log(tmp_path, "seon")
    assert log.reread_if_changed() is False
    set_log(tmp_path, '<category name="file" priority="trace"/>')
    assert log.reread_if_changed() is True
    assert log.verbosity() is Level.TRACE
    assert said(log) == ["INFO Log settings read again from seon.logrc"]
    set_log(tmp_path, '<category name="file" priority="fatal" />')
    assert log.reread_if_changed() is False, "the file in force does not want it"
    log.reopen()
    assert log.verbosity() is Level.INFO


@pytest.mark.parametrize("damage", ["broken", "removed"])
def test_a_settings_file_that_breaks_while_the_program_runs_leaves_the_settings_before(tmp_path, damage) -> None:
    set_log(tmp_path, '<config><reread>1</reread></config><category name="root" priority="debug"/>')
    log = Log(tmp_path, "seon")
    log.check()
    path = tmp_path / "seon.logrc"
    path.write_text("<log4c") if damage == "broken" else path.unlink()
    assert log.reread_if_changed() is True
    assert log.reread_if_changed() is False
    (line,) = said(log)
    assert line.startswith("ERROR seon.logrc")
    assert line.endswith("; the settings before are in force")
    log.write("server", Level.DEBUG, "text")
    assert said(log)[-1] == "DEBUG text"
    set_log(tmp_path, '<category name="root" priority="error"/>')
    assert log.reread_if_changed() is True
    assert log.verbosity() is Level.ERROR


def test_a_broken_first_file_that_is_put_right_is_noticed(tmp_path) -> None:
    (tmp_path / "seon.logrc").write_text("<log4c")
    log = Log(tmp_path, "seon")
    set_log(tmp_path, '<category name="root" priority="trace"/>')
    assert log.reread_if_changed() is True
    assert log.verbosity() is Level.TRACE


def test_a_level_of_a_signal_counts_for_all_categories_and_survives_a_reread(tmp_path) -> None:
    set_log(tmp_path, '<config><reread>1</reread></config><category name="session" priority="trace"/>')
    log = Log(tmp_path, "seon")
    log.level_changed(Level.ERROR)
    set_log(tmp_path, '<category name="root" priority="debug"/>')
    assert log.reread_if_changed() is True
    log.reopen()
    log.write("session", Level.WARNING, "not this")
    assert not log.wants("session", Level.INFO)
    assert log.wants("session", Level.DEBUG, Process(level=None))
    log.level_changed(Level.TRACE)
    log.write("server", Level.TRACE, "this")
    assert said(log) == ["ERROR Log level set to ERROR", "TRACE Log level set to TRACE", "TRACE this"]


def test_a_line_can_be_written_whatever_the_level(log) -> None:
    log.level = Level.FATAL
    log.always("log", Level.DEBUG, "text")
    assert said(log) == ["DEBUG text"]


def test_logs_are_reopened_where_they_were_moved(log, tmp_path) -> None:
    log.write("server", Level.INFO, "1")
    log.path.rename(tmp_path / "moved")
    log.reopen()
    log.write("server", Level.INFO, "2")
    assert said(log)[-1] == "INFO 2"
    assert (tmp_path / "moved").read_text().endswith(" 1\n")


def test_a_category_may_have_a_place_and_a_layout_of_its_own(tmp_path) -> None:
    set_log(tmp_path, '<appender name="gate.json" type="stream" layout="json"/>'
                      '<category name="gate" appender="gate.json" additivity="false"/>')  # fmt: skip
    log = Log(tmp_path, "seon")
    log.event(MAKER.make("ADM-TLS", source=NASTY, reason=NASTY))
    log.write("gate", Level.INFO, NASTY)
    log.write("server", Level.INFO, "text")
    octets = (tmp_path / "gate.json").read_bytes()
    assert octets.count(b"\n") == 2
    assert not set(octets.replace(b"\n", b"")) & {*range(32), 0x7F}
    assert [json.loads(line)["log"]["logger"] for line in octets.splitlines()] == ["gate", "gate"]
    assert said(log) == ["INFO text"]


@pytest.mark.parametrize("layout", ["seon_layout", "basic", "basic_r", "dated", "dated_r", "json"])
def test_a_stranger_cannot_write_a_line_of_its_own_in_any_layout(tmp_path, layout) -> None:
    set_log(tmp_path, f'<appender name="x.log" type="stream" layout="{layout}"/>'
                      '<category name="root" appender="x.log"/>')  # fmt: skip
    log = Log(tmp_path, "seon")
    log.event(MAKER.make("ADM-TLS", source=NASTY, reason=NASTY))
    log.write("gate", Level.INFO, NASTY)
    octets = (tmp_path / "x.log").read_bytes()
    assert octets.count(b"\n") == 2
    assert not set(octets.replace(b"\n", b"")) & {*range(32), 0x7F}
    assert b"\xe2\x80\xae" not in octets


def test_what_is_wrong_with_the_settings_is_said_even_if_they_lead_nowhere(tmp_path) -> None:
    set_log(tmp_path, '<category name="root" appender="stdout"/>')
    log = Log(tmp_path, "seon")
    log.check()
    log.write("server", Level.INFO, "nobody reads this")
    (line,) = said(log)
    assert line.startswith('WARNING seon.logrc: appender "stdout": the lines go nowhere')


def test_a_silenced_category_is_told_at_the_start(tmp_path) -> None:
    set_log(tmp_path, '<category name="session" additivity="false"/>')
    log = Log(tmp_path, "seon")
    log.check()
    log.write("session", Level.FATAL, "nobody reads this")
    assert not log.wants("session", Level.FATAL)
    log.write("server", Level.INFO, "text")
    assert [text.split(":")[0] for text in said(log)] == ["WARNING seon.logrc"] * 3 + ["INFO text"]


def test_debug_in_the_settings_says_how_they_were_understood(tmp_path) -> None:
    set_log(tmp_path, '<config><debug level="1"/></config><category name="file" priority="trace" appender="stderr"/>')
    log = Log(tmp_path, "seon")
    log.check()
    assert "DEBUG Category file: TRACE and worse to stderr" in said(log)


def test_a_place_that_loses_lines_is_told_when_it_is_given_up(tmp_path) -> None:
    set_log(tmp_path, '<appender name="logs/x" type="stream"/><category name="file" appender="logs/x"/>')
    (tmp_path / "logs").mkdir()
    log = Log(tmp_path, "seon")
    log.check()
    (tmp_path / "logs" / "x").unlink()
    (tmp_path / "logs").rmdir()
    log.write("file", Level.INFO, "text")
    set_log(tmp_path, "")
    log.reopen()
    assert "WARNING 1 lines before this one could not be written and are lost" in said(log)


def test_a_line_that_is_not_written_costs_next_to_nothing(log) -> None:
    log.write("server", Level.INFO, "text")
    started = time.process_time()
    for _ in range(20_000):
        log.write("session.oftp2", Level.TRACE, "text")
    assert time.process_time() - started < 20_000 * 10e-6, "some ten times what was measured"
