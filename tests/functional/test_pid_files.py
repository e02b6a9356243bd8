"""PID files of both daemons: who is refused, who is named, and what a killed one leaves."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from functional.harness import TOLD, Site
from functional.peers import HeldTransfer
from functional.processes import eventually, kill
from seon.cli.quickstart.processes import Process
from seon.client.main import PID_NAME as CLIENT_PID
from seon.daemon.pidfile import OPTION
from seon.server.main import PID_NAME as SERVER_PID

SIDES = ("server", "client")
NO_PROCESS = 4_194_304
"""Above every process id there can be (PID_MAX_LIMIT)."""
STARTED = {"server": "SRV-START", "client": "CLI-START"}
LONG_DRAIN_SECONDS = 60


def pid_file(site: Site, side: str) -> Path:
    return site.layout.root / side / {"server": SERVER_PID, "client": CLIENT_PID}[side]


def launch(site: Site, side: str, *options: str) -> Process:
    """Start a daemon with these options, and nothing else that has to do with PID files."""
    internal = f"127.0.0.1:{site.ports.internal}"
    arguments = {
        "server": ["seon_proxyserver2", *TOLD, "-i", internal, "-l", str(site.layout.license_file)],
        "client": ["seon_proxyclient2", *TOLD, "-U", f"https://127.0.0.1:{site.ports.seonapi}", "-S", internal,
                   "-T", f"@{site.layout.token_file}"],
    }  # fmt: skip
    return site.launch(side, [*arguments[side], *options], site.layout.root / side)


def refused(site: Site, side: str, *options: str) -> str:
    """Start a daemon that ends by itself at once; return what it said."""
    process = launch(site, side, *options)
    eventually(lambda: process.ended() is not None, why=f"{side} ends")
    said = process.last_words()
    assert process.ended() == 1
    assert "Traceback" not in said
    assert f"The program's directory is {site.layout.root / side}: SEON_HOME names it." in said
    assert f"The PID file {pid_file(site, side)} " in site.log(side), "the log says it, too"
    return said


def runs(site: Site, side: str, *options: str) -> Process:
    """Start a daemon, and see its number in its PID file."""
    process = launch(site, side, *options)
    process.wait_for(STARTED[side])
    assert pid_file(site, side).read_text() == f"{process.pid}\n"
    assert pid_file(site, side).stat().st_mode & 0o7777 == 0o644
    return process


@pytest.mark.parametrize("side", SIDES)
def test_a_second_daemon_is_refused_and_names_the_first_which_goes_on(site: Site, side: str) -> None:
    first = runs(site, side)
    for options in ((), (OPTION,)):
        assert f"exists: process {first.pid} is running; end it first, type: kill {first.pid}" in refused(
            site, side, *options
        )
    assert first.ended() is None
    assert pid_file(site, side).read_text() == f"{first.pid}\n"
    first.stop()
    first.gone()
    assert not pid_file(site, side).exists(), "who ends in order removes it"


@pytest.mark.parametrize("side", SIDES)
def test_a_dead_ones_file_is_named_and_taken_over_on_demand_only(site: Site, side: str) -> None:
    pid_file(site, side).write_text(f"{NO_PROCESS}\n")
    said = refused(site, side)
    assert f"process {NO_PROCESS} in it is dead: type: rm {pid_file(site, side)}, or start with {OPTION}" in said
    assert pid_file(site, side).read_text() == f"{NO_PROCESS}\n"
    runs(site, side, OPTION)


@pytest.mark.parametrize("side", SIDES)
def test_another_program_that_got_the_number_is_not_taken_for_ours(site: Site, side: str) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        pid_file(site, side).write_text(f"{other.pid}\n")
        said = refused(site, side)
        assert f"process {other.pid} in it is another program ({sys.executable} -c input())" in said
        runs(site, side, OPTION)
        assert other.poll() is None
        other.communicate(b"\n")


def nonsense(path: Path) -> None:
    path.write_text("what is this\n")


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("make", "said"),
    [(nonsense, "it begins with 'what is this"), (os.mkfifo, "is no file but a FIFO"), (Path.mkdir, "a directory")],
    ids=["nonsense", "fifo", "directory"],
)
def test_what_cannot_be_read_is_said_and_left_alone(site: Site, side: str, make, said: str) -> None:
    make(pid_file(site, side))
    for options in ((), (OPTION,)):
        assert said in refused(site, side, *options)
    assert pid_file(site, side).exists()


@pytest.mark.parametrize("side", SIDES)
def test_a_daemon_that_was_killed_is_followed_by_the_next_while_its_sessions_drain(site: Site, side: str) -> None:
    """A session process outlives its main for a while. It does not hold the lock, so nobody has to wait for it."""
    site.set("drain_seconds", LONG_DRAIN_SECONDS)
    site.start()
    with HeldTransfer(site), HeldTransfer(site, incoming=False):
        eventually(lambda: len(site.sessions(side)) == 2)
        killed = site.running.pop(side)
        orphans = {seen.pid for seen in site.sessions(side)}
        kill(killed.pid, signal.SIGKILL)
        killed.gone()
        assert f"process {killed.pid} in it is dead" in refused(site, side)
        process = runs(site, side, OPTION)
        assert orphans <= {seen.pid for seen in site.sessions(side)}, "they drain beside the new main"
        assert f"process {process.pid} is running" in refused(site, side, OPTION)
        site.running[side] = process
