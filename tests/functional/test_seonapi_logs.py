"""The logs of `seonapi serve` and `seonapi queue`: rotation by rename, levels by option and signal, lines of calls."""

import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from functional.processes import eventually
from functional.seonapi import SEONAPI, Installation
from ports import free_port

LEVELS = {20: "TRACE", 21: "DEBUG", 22: "INFO", 23: "ERROR", 24: "FATAL"}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made = Installation(tmp_path_factory.mktemp("logs") / "home")
    made.init()
    return made


@contextmanager
def running(
    installation: Installation, name: str, *more: str, prints: str = r"\A\Z", early: Sequence[int] = ()
) -> Iterator["subprocess.Popen[str]"]:
    """Run a daemon until it is ready; end it in order. `prints`: what it may have printed since it was ready.

    `early`: signals that it gets as soon as its PID file is there.
    """
    installation.port = free_port()
    listen = ["--listen", f"127.0.0.1:{installation.port}"] if name == "serve" else []
    with subprocess.Popen(
        [SEONAPI, name, *listen, *more],
        env=installation.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            if early:
                eventually(lambda: list(installation.home.glob("seonapi_*.pid")), every=0.0005)
            for number in early:
                process.send_signal(number)
            assert process.stdout.readline().startswith("ready")
            yield process
            assert process.poll() is None
            process.terminate()
            assert process.wait(20) == 0
            assert re.search(prints, process.stdout.read())
        finally:
            process.kill()


def said(log: Path, pattern: str) -> None:
    eventually(lambda: log.exists() and re.search(pattern, log.read_text(), re.MULTILINE), why=f"{pattern} in {log}")


@pytest.fixture(params=["serve", "queue"])
def daemon(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def log_of(installation: Installation, daemon: str) -> Path:
    log = installation.home / "log" / {"serve": "seonapi.log", "queue": "queue.log"}[daemon]
    log.unlink(missing_ok=True)
    return log


def test_after_a_rename_and_sighup_the_new_file_is_written_and_nothing_ends(
    installation: Installation, daemon: str
) -> None:
    log = log_of(installation, daemon)
    with running(installation, daemon) as process:
        for number in range(2):
            old = log.rename(log.with_name(f"{log.name}.{number}"))
            before = old.read_text()
            process.send_signal(signal.SIGHUP)
            said(log, r"INFO \d+ seon.log: Log file opened anew, because of SIGHUP$")
            assert old.read_text() == before
    assert log.read_text().splitlines()[-1].endswith("ended")
    for number in range(2):
        log.with_name(f"{log.name}.{number}").unlink()


def test_each_signal_sets_its_level_and_the_change_is_written_with_it(installation: Installation, daemon: str) -> None:
    log = log_of(installation, daemon)
    with running(installation, daemon) as process:
        for number in (24, 23, 20, 21, 22, 24, 21):
            process.send_signal(number)
            name = LEVELS[number]
            # At DEBUG, lines of a job that is under way may follow; a later change of the level does not.
            said(log, rf"Z {name} {process.pid} seon.log: Log level set to {name}\n(?![\s\S]*Log level set to)")
        process.send_signal(24)
        said(log, r"Log level set to FATAL\n\Z")
    assert log.read_text().endswith("Log level set to FATAL\n"), "that it ended is said at INFO"


def test_a_signal_that_comes_while_a_daemon_starts_is_late_and_not_lost(
    installation: Installation, daemon: str
) -> None:
    log = log_of(installation, daemon)
    with running(installation, daemon, early=(signal.SIGHUP, 20)) as process:
        said(log, r"INFO \d+ seon.log: Log file opened anew, because of SIGHUP$")
        said(log, rf"Z TRACE {process.pid} seon.log: Log level set to TRACE$")


def test_a_level_may_be_chosen_for_the_start(installation: Installation, daemon: str) -> None:
    log = log_of(installation, daemon)
    with running(installation, daemon, "--log-level", "error"):
        pass
    assert log.read_text() == ""
    installation.extra["SEON_LOG_LEVEL"] = "debug"
    try:
        with running(installation, daemon):
            said(log, " DEBUG ")
    finally:
        del installation.extra["SEON_LOG_LEVEL"]
    assert "Invalid value for '--log-level'" in installation.run(daemon, "--log-level", "loud", fails=True)


def test_at_debug_each_call_has_a_line_with_status_time_source_and_client_and_no_secret(
    installation: Installation,
) -> None:
    log = log_of(installation, "serve")
    token = installation.run("token", "add", "main client")
    with running(installation, "serve", "--log-level", "debug"):
        with installation.caller(token) as api:
            assert api.get("configuration?wait=0").status_code == 200
            assert api.get("nothing").status_code == 404
            page = f"https://localhost:{installation.port}/seonapi/panel/login/?q=looked-for"
            assert api.get(page).status_code == 200
        with installation.caller("no such token") as api:
            assert api.get("configuration").status_code == 401
        said(log, r"configuration: 401")
    text = log.read_text()
    source = r"in \d+\.\d ms, from 127\.0\.0\.1"
    assert re.search(
        rf"DEBUG \d+ seon.api: GET /api/proxy/v1/configuration: 200 {source}, client main client$", text, re.M
    )
    assert re.search(rf"DEBUG \d+ seon.api: GET /api/proxy/v1/configuration: 401 {source}$", text, re.M)
    assert re.search(rf"DEBUG \d+ seon.api: GET /api/proxy/v1/nothing: 404 {source}$", text, re.M)
    assert re.search(rf"DEBUG \d+ seon.api: GET /seonapi/panel/login/: 200 {source}$", text, re.M)
    assert "looked-for" not in text
    assert token.rpartition(".")[2] not in text
    assert {line.split()[4] for line in text.splitlines()} == {"seon.api:"}, (
        "nothing of what libraries say to themselves"
    )


def test_at_info_there_is_no_line_for_a_call_that_is_answered(installation: Installation) -> None:
    log = log_of(installation, "serve")
    with running(installation, "serve"), installation.caller() as api:
        assert api.get("ca").status_code == 200
    assert "ca:" not in log.read_text()


def test_a_log_directory_that_goes_away_ends_nothing(installation: Installation) -> None:
    log = log_of(installation, "serve")
    gone = log.parent.with_name("gone")
    complaint = r"^FileNotFoundError: .*seonapi\.log"
    with running(installation, "serve", prints=f"(?m){complaint}") as process, installation.caller() as api:
        log.parent.rename(gone)
        process.send_signal(signal.SIGHUP)
        assert api.get("configuration").status_code == 401
        assert api.get("ca").status_code == 200
        gone.rename(log.parent)
        assert api.get("enrol").status_code == 405
        said(log, "This call is a POST")
