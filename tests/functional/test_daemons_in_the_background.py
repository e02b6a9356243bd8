"""In the background: the starting command says the truth in text and status, and the daemon outlives its starter."""

import contextlib
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functional import processes
from functional.harness import FOREGROUND, Site, environment, port_is_open
from functional.processes import eventually
from seon.cli.quickstart.processes import program


class Administrator:
    """Starts daemons in the background, and ends at the end whatever runs."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.commands = {
            "server": [program("seon_proxyserver2"), "-i", f"127.0.0.1:{site.ports.internal}",
                       "-l", str(site.layout.license_file)],
            "client": [program("seon_proxyclient2"), "-U", f"https://127.0.0.1:{site.ports.seonapi}",
                       "-S", f"127.0.0.1:{site.ports.internal}", "-T", f"@{site.layout.token_file}"],
        }  # fmt: skip

    def start(self, side: str, *more: str, **how: Any) -> "subprocess.CompletedProcess[str]":
        """Run the starting command to its end."""
        given = {"env": environment(self.home(side)), "stdin": subprocess.DEVNULL, "timeout": 60, **how}
        return subprocess.run([*self.commands[side], *more], capture_output=True, text=True, check=False, **given)

    def home(self, side: str) -> Path:
        return self.site.layout.root / side

    def pid(self, side: str) -> int:
        """Return the number in the PID file, 0 if there is none."""
        path = self.home(side) / f"seon_proxy{side}2.pid"
        pid = int(path.read_text()) if path.exists() else 0
        if pid and pid not in self.site.leaders:
            self.site.leaders.append(pid)
        return pid

    def stop(self, side: str) -> None:
        """End a daemon in order: its PID file goes last."""
        pid = self.pid(side)
        if pid:
            os.kill(pid, signal.SIGTERM)
            eventually(lambda: not self.pid(side) and not _runs(pid), 30, why=f"{side} ends")


def _runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.fixture
def administrator(site: Site) -> Iterator[Administrator]:
    made = Administrator(site)
    yield made
    for side in ("client", "server"):
        with contextlib.suppress(ProcessLookupError):
            made.stop(side)


@pytest.fixture
def with_api(administrator: Administrator) -> Administrator:
    administrator.site.launch_api().wait_for("ready")
    return administrator


# --- ready ------------------------------------------------------------------------------------------------------------


def test_when_the_command_returns_the_server_takes_clients(administrator) -> None:
    done = administrator.start("server")
    assert (done.returncode, done.stderr) == (0, "")
    assert port_is_open(administrator.site.ports.internal)
    pid = administrator.pid("server")
    assert os.getsid(pid) == pid, "it has a session of its own"
    assert {processes.descriptors(pid)[number] for number in range(3)} == {"/dev/null"}
    assert str(Path(f"/proc/{pid}/cwd").readlink()) == "/"
    administrator.stop("server")
    assert "removed" in administrator.site.log("server").splitlines()[-1]


def test_when_the_command_waits_for_the_link_it_returns_with_it(with_api) -> None:
    assert with_api.start("server").returncode == 0
    done = with_api.start("client", "--wait-ready", "linked", "40")
    assert done.returncode == 0, done.stderr
    assert f"linked to 127.0.0.1:{with_api.site.ports.internal}" in done.stdout
    assert "CLI-LINKED" in with_api.site.log("client")
    with_api.pid("client")
    courier = with_api.site.the("seon_proxyclient2: courier")
    for pid in (courier.pid, with_api.pid("client")):
        assert not [name for name in processes.descriptors(pid).values() if name.startswith("pipe:")], "said and closed"


def test_all_that_answers_at_once_is_said_at_once(with_api) -> None:
    assert with_api.start("server").returncode == 0
    done = with_api.start("client")
    assert done.returncode == 0
    assert "linked to" in done.stdout


# --- what is not there ------------------------------------------------------------------------------------------------


def test_seonapi_and_server_that_are_away_are_named_and_the_client_goes_on(administrator) -> None:
    began = time.monotonic()
    done = administrator.start("client")
    assert done.returncode == 0
    assert 4 < time.monotonic() - began < 15, "it waits for 5 s; the machine may be loaded"
    ports = administrator.site.ports
    assert f"Seonapi does not serve this client: https://127.0.0.1:{ports.seonapi}" in done.stdout
    assert f"Server 127.0.0.1:{ports.internal} has not answered yet" in done.stdout
    assert _runs(administrator.pid("client"))


def test_a_server_that_is_away_is_named_with_the_reason(with_api) -> None:
    done = with_api.start("client")
    assert done.returncode == 0
    assert re.search(r"Server \S+ cannot be reached: .*refused", done.stdout)
    assert "Seonapi" not in done.stdout


def test_what_was_to_be_waited_for_and_is_not_there_is_status_7(administrator) -> None:
    done = administrator.start("client", "--wait-ready", "api", "1")
    assert done.returncode == 7
    assert "goes on trying" in done.stderr
    assert "Seonapi does not serve this client" in done.stderr
    assert _runs(administrator.pid("client"))
    administrator.site.launch_api().wait_for("ready")
    eventually(lambda: "CFG-NEW" in administrator.site.log("client"), why="it does go on")


def test_a_token_that_is_not_known_is_said(with_api) -> None:
    known = with_api.site.layout.token_file.read_text().strip()
    wrong = known.rpartition(".")[0] + "." + "A" * 43
    done = with_api.start("client", "-T", "-", input=wrong, stdin=None)
    assert done.returncode == 0
    assert "Seonapi refuses this client" in done.stdout
    assert wrong not in done.stdout + done.stderr


def test_a_port_that_is_taken_is_said_and_nothing_is_left(administrator) -> None:
    with socket.create_server(("127.0.0.1", administrator.site.ports.internal)):
        done = administrator.start("server")
    assert done.returncode == 1
    assert "cannot be opened: Address already in use" in done.stderr
    assert administrator.pid("server") == 0


@pytest.mark.parametrize("side", ["server", "client"])
def test_a_directory_in_which_nothing_may_be_written_is_said(administrator, side) -> None:
    home = administrator.home(side)
    home.chmod(0o555)
    if os.geteuid() == 0:  # root is above permissions by two of its capabilities
        administrator.commands[side][:0] = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    try:
        done = administrator.start(side)
    finally:
        home.chmod(0o700)
    assert done.returncode == 1
    assert "Permission denied" in done.stderr
    assert str(home) in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("side", ["server", "client"])
def test_a_second_one_is_refused_and_the_first_goes_on(administrator, side) -> None:
    administrator.start(side)
    first = administrator.pid(side)
    done = administrator.start(side)
    assert done.returncode == 1
    assert f"process {first} " in done.stderr
    assert administrator.pid(side) == first
    assert _runs(first)


# --- by whom it is started --------------------------------------------------------------------------------------------


_WITH_TERMINAL = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may have it ignored
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_a_terminal_that_is_closed_leaves_the_daemon_alone(administrator) -> None:
    leader, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _WITH_TERMINAL, *administrator.commands["client"]],
        env=environment(administrator.home("client")),
        stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    eventually(lambda: "CLI-START" in administrator.site.log("client"), why="it starts")
    os.close(leader)  # the kernel sends SIGHUP to the terminal's processes
    assert process.wait(20) == -signal.SIGHUP
    os.kill(administrator.pid("client"), signal.SIGUSR2)
    eventually(lambda: "State of client" in administrator.site.log("client"), why="it lives and hears")
    assert "CLI-END" not in administrator.site.log("client")


def test_cron_has_no_environment_and_no_input(administrator) -> None:
    nothing = {"SEON_HOME": str(administrator.home("server"))}
    done = administrator.start("server", env=nothing, cwd="/", stdin=None, close_fds=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert port_is_open(administrator.site.ports.internal)


def test_a_shell_that_waits_for_the_output_goes_on(administrator) -> None:
    line = " ".join(administrator.commands["server"])
    done = subprocess.run(
        ["sh", "-c", f'text=$({line}); echo "status $? and the shell goes on"'],
        env=environment(administrator.home("server")), capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.stdout.endswith("status 0 and the shell goes on\n")
    assert _runs(administrator.pid("server"))


def test_relative_paths_are_those_of_the_starting_command(administrator) -> None:
    site = administrator.site
    administrator.commands["server"][-2:] = ["-l", os.path.relpath(site.layout.license_file, site.layout.root)]
    clean = environment(None)
    done = administrator.start("server", cwd=site.layout.root, env={**clean, "SEON_HOME": "server"})
    assert (done.returncode, done.stderr) == (0, "")
    token = os.path.relpath(site.layout.token_file, site.layout.root)
    administrator.commands["client"][-2:] = ["-T", f"@{token}"]
    site.launch_api().wait_for("ready")
    done = administrator.start(
        "client", "--wait-ready", "linked", "40", cwd=site.layout.root, env={**clean, "SEON_HOME": "client"}
    )
    assert done.returncode == 0, done.stderr
    os.kill(administrator.pid("server"), signal.SIGUSR1)  # its files are found again
    eventually(lambda: "Log files opened again" in site.log("server"), why="the log is where it was")


# --- a service manager ------------------------------------------------------------------------------------------------


class Manager:
    """systemd's side of the protocol: a socket, and what came."""

    def __init__(self, path: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(str(path))
        self.sock.setblocking(False)
        self.path = path
        self.heard: list[str] = []

    def has(self, beginning: str) -> bool:
        """Whether a line that begins so has come."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.heard += self.sock.recv(10_000).decode().splitlines()
        return any(line.startswith(beginning) for line in self.heard)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path / "notify")
    yield made
    made.sock.close()


def managed(site: Site, side: str, manager: Manager, monkeypatch: pytest.MonkeyPatch) -> int:
    """Start a daemon in the foreground, as a service manager does; return its process id."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(manager.path))
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    process = site.launch_server() if side == "server" else site.launch_client()
    monkeypatch.undo()
    return process.pid


def test_a_service_manager_hears_of_the_server_from_its_start_to_its_end(site, manager, monkeypatch) -> None:
    pid = managed(site, "server", manager, monkeypatch)
    eventually(lambda: manager.has("READY=1"), why="it is ready")
    assert port_is_open(site.ports.internal)
    assert manager.has(f"MAINPID={pid}")
    eventually(lambda: manager.has("STATUS=waiting for a client"), why="it says what is missing")
    eventually(lambda: manager.has("WATCHDOG=1"), why="its loop runs")
    site.stop("server")
    assert manager.has("STOPPING=1")


def test_a_service_manager_hears_of_the_client_and_only_of_its_main(site, manager, monkeypatch) -> None:
    pid = managed(site, "client", manager, monkeypatch)
    eventually(lambda: manager.has("READY=1"), 20, why="after 5 s, whoever is away")
    assert manager.has(f"MAINPID={pid}")
    eventually(lambda: manager.has("STATUS=not linked; Seonapi does not serve this client"), why="what is missing")
    eventually(lambda: manager.has("WATCHDOG=1"), why="its loop runs")
    courier = site.the("seon_proxyclient2: courier")
    assert f"NOTIFY_SOCKET={manager.path}" not in Path(f"/proc/{pid}/environ").read_text() or courier.pid != pid
    assert site.stop("client") == 0
    assert manager.has("STOPPING=1")


def test_in_the_foreground_nothing_is_printed(site) -> None:
    quiet = [option for option in FOREGROUND if option != "--log-to-terminal"]
    arguments = ["-i", f"127.0.0.1:{site.ports.internal}", "-l", str(site.layout.license_file)]
    server = site.launch("server", ["seon_proxyserver2", *quiet, *arguments], site.layout.server)
    site.the("seon_proxyserver2: main, waiting")  # from then on a signal finds it past its start
    assert site.stop("server") == 0
    assert server.last_words() == ""
