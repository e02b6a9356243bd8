"""Starts that somebody disturbs: signals at any moment, closed streams, odd limits, things in the place of files."""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from functional import processes
from functional.harness import Site, environment, port_is_open
from functional.processes import eventually, kill
from seon.cli.quickstart.processes import program
from seon.client.main import PID_NAME as CLIENT_PID
from seon.server.main import PID_NAME as SERVER_PID

PID_FILES = {"server": SERVER_PID, "client": CLIENT_PID}
TOKEN = f"seon1.{'0' * 64}.{'x' * 40}"
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(site: Site) -> Iterator[Start]:
    """Start a daemon with a home of its own; all that it has started has ended when the test has."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(side: str, home: Path, *options: str, **more: object) -> "subprocess.Popen[bytes]":
        command = {
            "server": ["seon_proxyserver2", "-i", f"127.0.0.1:{site.ports.internal}", "-l",
                       str(site.layout.license_file)],
            "client": ["seon_proxyclient2", "-U", "https://127.0.0.1:1", "-S", "127.0.0.1:1", "-T", TOKEN],
        }[side]  # fmt: skip
        with (home / "said").open("wb") as said:
            settings = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": said, **more}
            process = subprocess.Popen(
                [program(command[0]), *command[1:], *options], env=environment(home), start_new_session=True, **settings
            )
        started.append(process)
        return process

    yield begin
    for process in started:
        for seen in processes.of_programs([process.pid]):
            with contextlib.suppress(ProcessLookupError):
                kill(seen.pid, signal.SIGKILL)
        process.wait(20)


@pytest.fixture
def home(site: Site, tmp_path: Path) -> Callable[[str], Path]:
    def make(name: str) -> Path:
        shutil.copytree(site.layout.server, tmp_path / name)
        return tmp_path / name

    return make


def said(home: Path) -> str:
    return (home / "said").read_text(errors="replace")


@pytest.mark.parametrize("side", PID_FILES)
def test_signals_at_any_moment_of_a_start_leave_no_pid_file_and_no_process(start: Start, home, side: str) -> None:
    """Two different signals, at once or one after the other, from the moment in which the PID file is there."""

    def disturbed(number: int) -> str:
        place = home(str(number))
        process = start(side, place, "-d")
        eventually(lambda: (place / PID_FILES[side]).exists() or process.poll() is not None)
        time.sleep(number % 4 * 0.1)
        for which in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)[: 2 + number % 2]:
            with contextlib.suppress(ProcessLookupError):
                kill(process.pid, which)
        status = process.wait(20)
        eventually(lambda: not processes.of_programs([process.pid]), why="the courier has ended, too")
        wrong = status not in (0, 129, 130, 143) or (place / PID_FILES[side]).exists() or "Traceback" in said(place)
        return f"{number}: status {status}, {[path.name for path in place.iterdir()]}, {said(place)}" if wrong else ""

    with ThreadPoolExecutor(1 if side == "server" else 3) as pool:  # servers share a port
        assert [text for text in pool.map(disturbed, range(6)) if text] == []


@pytest.mark.parametrize("side", PID_FILES)
@pytest.mark.parametrize("closed", [(1,), (0, 1, 2)])
def test_closed_streams_give_their_numbers_to_no_file(start: Start, home, side: str, closed: Sequence[int]) -> None:
    def close() -> None:
        for number in closed:
            os.close(number)

    place = home("home")
    process = start(side, place, "-d", preexec_fn=close)
    eventually(lambda: list(place.glob(f"seon_proxy{side}.*.log")), why="it runs")
    eventually((place / PID_FILES[side]).exists)
    opened = processes.descriptors(process.pid)
    assert [opened[number] for number in closed] == [os.devnull] * len(closed)
    kill(process.pid, signal.SIGTERM)
    assert process.wait(20) in (0, 143)


@pytest.mark.parametrize("side", PID_FILES)
def test_few_descriptors_are_said_in_a_line(start: Start, home, side: str) -> None:
    place = home("home")
    process = start(side, place, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12)))
    assert process.wait(20) == 1
    assert "may open 12 files at once, and needs at least 64" in said(place)
    assert "Traceback" not in said(place)


def loop(path: Path) -> None:
    path.symlink_to(path)


def link(path: Path) -> None:
    path.symlink_to(path.with_name("victim"))


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10 << 30)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, loop, link, huge], ids=["dir", "fifo", "loop", "link", "huge"])
def test_what_stands_in_the_place_of_a_servers_file_is_refused_or_passed_over(
    start: Start, home, site: Site, make
) -> None:
    def in_place_of(name: str) -> str:
        place = home(name)
        (place / name).unlink(missing_ok=True)
        make(place / name)
        process = start("server", place, "-d")
        eventually(lambda: process.poll() is not None or port_is_open(site.ports.internal), why="it runs or has ended")
        runs = process.poll() is None
        with contextlib.suppress(ProcessLookupError):
            kill(process.pid, signal.SIGTERM)
        status = process.wait(20)
        good = status in ((0, 143) if runs else (1,)) and "Traceback" not in said(place)
        # Without settings the defaults are in force; a log grows, however long it is.
        named = name.endswith(".logrc") or (make is huge and name.endswith(".log")) if runs else name in said(place)
        return "" if good and named and not (place / "victim").exists() else f"{name}: {status} {said(place)}"

    names = (f"seon_proxyserver.{time.strftime('%Y-%m-%d')}.log", "seon_proxyserver.logrc", "seon_proxyserver.key",
             SERVER_PID)  # fmt: skip
    assert [text for text in map(in_place_of, names) if text] == []
