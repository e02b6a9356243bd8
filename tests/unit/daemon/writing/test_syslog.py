"""Lines to the host's syslog."""

import re
import socket
import time

import pytest

from seon.daemon.writing.layouts import basic
from seon.daemon.writing.syslog import SyslogAppender
from seon.process.levels import Level
from unit.daemon.writing.lines import record


def listening(path) -> socket.socket:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(str(path))
    server.settimeout(5)
    return server


@pytest.fixture
def place(tmp_path):
    made = SyslogAppender(basic, "seon_proxyserver", tmp_path / "log")
    yield made
    made.close()


def test_a_line_has_priority_time_program_and_process(place, tmp_path) -> None:
    with listening(tmp_path / "log") as server:
        place.write(record("text", Level.WARNING))
        got = server.recv(4_096).decode()
    assert got == "<12>Mar 14 12:00:00 seon_proxyserver[4711]: WARN     session - text"


@pytest.mark.parametrize(
    ("level", "number"), [("FATAL", 10), ("ERROR", 11), ("WARNING", 12), ("INFO", 14), ("DEBUG", 15), ("TRACE", 15)]
)
def test_levels_become_severities_of_syslog(place, tmp_path, level, number) -> None:
    with listening(tmp_path / "log") as server:
        place.write(record(level=Level[level]))
        assert re.match(rb"<(\d+)>", server.recv(4_096))[1] == b"%d" % number


def test_a_syslog_that_does_not_read_makes_nobody_wait_and_hears_how_many_were_lost(place, tmp_path) -> None:
    with listening(tmp_path / "log") as server:
        started = time.monotonic()
        for _ in range(5_000):
            place.write(record("x" * 200))
        assert time.monotonic() - started < 3
        lost = place.lost
        assert lost > 0
        for _ in range(5_000 - lost):
            server.recv(4_096)
        place.write(record("again"))
        assert f"{lost} lines before this one" in server.recv(4_096).decode()
        assert server.recv(4_096).decode().endswith("again")


def test_a_syslog_that_was_started_anew_gets_the_next_line(place, tmp_path) -> None:
    listening(tmp_path / "log").close()
    (tmp_path / "log").unlink()
    with listening(tmp_path / "log") as first:
        place.write(record("1"))
        assert first.recv(4_096).endswith(b"1")
    (tmp_path / "log").unlink()
    with listening(tmp_path / "log") as second:
        place.write(record("2"))
        assert second.recv(4_096).endswith(b"2")


def test_without_syslog_the_program_goes_on_and_does_not_try_at_each_line(place, monkeypatch) -> None:
    tries = []
    monkeypatch.setattr(socket.socket, "connect", lambda *_: tries.append(1) or (_ for _ in ()).throw(OSError()))
    for _ in range(100):
        place.write(record())
    assert place.lost == 100
    assert len(tries) == 1
