"""A whole installation of real programs on loopback: started, driven and stopped by tests.

The golden installation is made once per worker by the quick start's own steps; each site is a copy of its directory.
The programs take over the PID file of a killed one, as under a service manager.
Nothing here waits for a fixed time: programs are awaited by what they say, ports by what they do.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from functional import processes
from functional.processes import Seen, eventually
from seon.cli.quickstart.installation import OUR_CODE, PARTNER_CODE, Layout, Ports, Stations, prepare
from seon.cli.quickstart.processes import Process, program
from seon.daemon.pidfile import OPTION

PASSWORD = "DEMO"
STOP_SECONDS = 15.0
DRAIN_SECONDS, HANDSHAKE_SECONDS = 3, 2
SETTINGS = {"drain_seconds": DRAIN_SECONDS, "handshake_seconds": HANDSHAKE_SECONDS}
"""What the golden installation has besides the quick start's settings: short limits, so that tests are short."""
_SEONAPI_COMMANDS = """
import json, sys
from seon.cli.seonapi import main
for arguments in json.loads(sys.argv[1]):
    main(arguments, standalone_mode=False)
"""
_DJANGO = """
import sys
from seon.backend.loading import choose_home, load_django
choose_home(None)
load_django()
exec(sys.argv[1])
"""


def make_golden(root: Path) -> None:
    """Make an installation, as `seon quickstart` does."""
    root.mkdir(parents=True)
    choose_ports(root)
    layout, _, _ = prepare(root, Stations(), lambda _: None)
    seonapi(layout, *(["set", key, str(value)] for key, value in SETTINGS.items()))


def with_ports_of_its_own(golden: Path, root: Path) -> None:
    """Copy an installation and give it other ports, as a later start of `seon quickstart` does."""
    shutil.copytree(golden, root)
    choose_ports(root)
    prepare(root, Stations(), lambda _: None)


def choose_ports(root: Path) -> None:
    names = msgspec.structs.fields(Ports)
    ports = dict(zip((name.name for name in names), _free_ports(len(names)), strict=True))
    (root / "ports.json").write_bytes(msgspec.json.encode(ports))


TOLD = ("-d", "--log-to-terminal")
"""In the foreground, with its log where a test waits for it."""
FOREGROUND = (*TOLD, OPTION)


def _free_ports(count: int) -> list[int]:
    """Return free ports below the kernel's range for outgoing connections, which could take one at any moment."""
    found: list[int] = []
    port = 10_000 + os.getpid() * 37 % 20_000
    while len(found) < count:
        port += 1
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    return found


def environment(home: Path | None) -> dict[str, str]:
    """Return the environment of a program."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SEON_")}
    return clean | ({"SEON_HOME": str(home)} if home else {})


def run(arguments: Sequence[str], home: Path | None = None, **more: Any) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end, whatever that is."""
    return subprocess.run(
        [program(arguments[0]), *arguments[1:]], env=environment(home), capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, timeout=100, **more,
    )  # fmt: skip


def seonapi(layout: Layout, *commands: Sequence[str]) -> str:
    """Run `seonapi` commands, several in one process: each start of Django costs a second."""
    return _python(layout, _SEONAPI_COMMANDS, json.dumps([list(command) for command in commands]))


def _python(layout: Layout, code: str, argument: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, argument],
        env=environment(layout.seonapi), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass
class Sent:
    """What `seon station send` said at its end."""

    status: int
    summary: dict[str, Any]
    output: str

    @property
    def receipts(self) -> list[str]:
        """The receipts in the order of the files; "" where none came."""
        return [file["receipt"] for file in self.summary.get("files", [])]


@dataclass
class Site:
    """One installation and what runs of it."""

    layout: Layout
    ports: Ports
    running: dict[str, Process] = field(default_factory=dict)
    leaders: list[int] = field(default_factory=list)
    """Process ids of all programs ever started here: their children keep them as the kernel's session id."""

    # --- starting and stopping --------------------------------------------------------------------------------------

    def launch(self, name: str, arguments: Sequence[str], home: Path | None = None) -> Process:
        """Start a program; its output goes to a file of its own."""
        output = self.layout.output / f"{name}.{len(self.leaders)}.txt"
        process = Process(name, [program(arguments[0]), *arguments[1:]], output, home)
        self.running[name] = process
        self.leaders.append(process.pid)
        return process

    def start(self, *, station: bool = True) -> "Site":
        """Start everything (the receive daemon only if `station`) and wait until files may pass."""
        stations = [self.launch_station()] if station else []
        for launched in (*stations, self.launch_partner(), self.launch_api()):
            launched.wait_for(r"ready \S+")
        self.start_server()
        self.start_client()
        return self.wait_open()

    def wait_open(self) -> "Site":
        """Wait until server and client are linked and both kinds of port are open."""
        self.running["server"].wait_for("SRV-OPEN")
        self.running["client"].wait_for("CLI-LISTEN")
        return self

    def launch_station(self) -> Process:
        """Start the receive daemon."""
        inbox = ["--inbox", str(self.layout.receive_daemon / "inbox")]
        return self._launch_serving("station", self.ports.receive, OUR_CODE, inbox)

    def launch_partner(self) -> Process:
        """Start the partner's station, which takes what the send daemon sends out."""
        return self._launch_serving(
            "partner", self.ports.partner, PARTNER_CODE,
            ["--inbox", str(self.layout.partner / "inbox"), *self.partner_tls],
        )  # fmt: skip

    def _launch_serving(self, name: str, port: int, code: str, more: Sequence[str]) -> Process:
        # The largest of everything: what the caller asks for is then what is agreed.
        most = ["--buffer", "99999", "--credit", "999", "--no-sync"]
        return self.launch(name, ["seon", "station", "serve", "--listen", f"127.0.0.1:{port}", "--code", code,
                                  "--password", PASSWORD, *most, *more])  # fmt: skip

    def launch_api(self) -> Process:
        """Start Seonapi."""
        return self.launch(
            "seonapi", ["seonapi", "serve", "--listen", f"127.0.0.1:{self.ports.seonapi}", OPTION], self.layout.seonapi
        )

    def launch_server(self) -> Process:
        """Start the server in the DMZ."""
        arguments = ["-i", f"127.0.0.1:{self.ports.internal}", "-l", str(self.layout.license_file)]
        return self.launch("server", ["seon_proxyserver2", *FOREGROUND, *arguments], self.layout.server)

    def start_server(self) -> Process:
        """Start the server and wait for its internal port."""
        server = self.launch_server()
        server.wait_for("SRV-START")
        return server

    def launch_client(self, *more: str) -> Process:
        """Start the client; `more` takes the place of arguments named before."""
        where = ["-U", f"https://127.0.0.1:{self.ports.seonapi}", "-S", f"127.0.0.1:{self.ports.internal}"]
        token = ["-T", f"@{self.layout.token_file}"]
        return self.launch("client", ["seon_proxyclient2", *FOREGROUND, *where, *token, *more], self.layout.client)

    def start_client(self) -> Process:
        """Start the client and wait for its link."""
        client = self.launch_client()
        client.wait_for("CLI-LINKED")
        return client

    def stop(self, name: str) -> int | None:
        """End a program in order; return its exit status."""
        process = self.running.pop(name, None)
        if process is None:
            return None
        process.stop()
        process.gone()
        return process.ended()

    def close(self) -> None:
        """Stop everything that was started here and everything that it has started."""
        for process in self.running.values():
            for number in (signal.SIGCONT, signal.SIGTERM):
                if process.ended() is None:
                    processes.kill(process.pid, number)
        until = time.monotonic() + STOP_SECONDS
        while (left := self.processes()) and time.monotonic() < until:
            for process in self.running.values():
                process.ended()  # reaps it
            time.sleep(0.05)
        for seen in left:
            processes.kill(seen.pid, signal.SIGKILL)
        for process in self.running.values():
            process.gone()
        self.running.clear()

    # --- configuration ----------------------------------------------------------------------------------------------

    def set(self, key: str, value: object) -> None:
        """Change a setting, as an administrator does."""
        seonapi(self.layout, ["set", key, str(value)])

    def seonapi(self, *commands: Sequence[str]) -> str:
        """Run `seonapi` commands."""
        return seonapi(self.layout, *commands)

    def django(self, code: str) -> str:
        """Run a line of Django: what the command line cannot do and the panel can."""
        return _python(self.layout, _DJANGO, code)

    # --- transfers --------------------------------------------------------------------------------------------------

    @property
    def partner_tls(self) -> list[str]:
        """The partner's TLS options."""
        layout = self.layout
        return ["--tls", "--cert", str(layout.certificate("partner")), "--key", str(layout.key("partner")),
                "--ca", str(layout.certificate("proxy"))]  # fmt: skip

    def send_in(self, files: Sequence[Path], *options: str, port: int = 0) -> Sent:
        """Send files as the partner, through the external port or another one before it."""
        return self._send(port or self.ports.external, files, PARTNER_CODE, OUR_CODE, [*self.partner_tls, *options])

    def send_out(self, files: Sequence[Path], *options: str) -> Sent:
        """Send files as the send daemon, to the client's listening port."""
        return self._send(self.ports.outgoing, files, OUR_CODE, PARTNER_CODE, options)

    def _arguments(self, port: int, files: Sequence[Path], code: str, to: str, options: Sequence[str]) -> list[str]:
        return ["seon", "station", "send", f"127.0.0.1:{port}", *map(str, files), "--code", code, "--destination", to,
                "--expect-code", to, "--password", PASSWORD, "--json", *options]  # fmt: skip

    def _send(self, port: int, files: Sequence[Path], code: str, to: str, options: Sequence[str]) -> Sent:
        done = run(self._arguments(port, files, code, to, options))
        lines = done.stdout.strip().splitlines()
        summary = json.loads(lines[-1]) if lines else {}
        return Sent(done.returncode, summary if "files" in summary else {}, done.stdout + done.stderr)

    def arrived(self, incoming: bool, sent: dict[str, Any]) -> Path:
        """Return where a file of a summary lies at the other end."""
        station, originator = (
            (self.layout.receive_daemon, PARTNER_CODE) if incoming else (self.layout.partner, OUR_CODE)
        )
        return station / "inbox" / f"{sent['name']}.{sent['moment']}.{originator}"

    # --- looking ----------------------------------------------------------------------------------------------------

    def processes(self) -> list[Seen]:
        """Return all that runs of the programs started here."""
        return processes.of_programs(self.leaders)

    def titled(self, beginning: str) -> list[Seen]:
        """Return the processes whose title begins so."""
        return [seen for seen in self.processes() if seen.title.startswith(beginning)]

    def the(self, beginning: str) -> Seen:
        """Return the one process whose title begins so, once it has that title: a title comes after the first words."""
        found: list[Seen] = []

        def is_one() -> bool:
            found[:] = self.titled(beginning)
            return len(found) == 1

        eventually(is_one, why=f"there is one process {beginning!r}")
        return found[0]

    def sessions(self, side: str) -> list[Seen]:
        """Return the session processes of the `server` or the `client`."""
        return self.titled(f"seon_proxy{side}2: session")

    def the_session(self, side: str) -> Seen:
        """Return the one session process of a host, once it is there."""
        return self.the(f"seon_proxy{side}2: session")

    def newest_session(self, side: str) -> int:
        """Return the process of the session that was started last."""
        return max(self.sessions(side), key=lambda seen: seen.started).pid

    def gone(self, beginning: str = "", seconds: float = 30.0) -> None:
        """Wait until no process with such a title is left, not even a zombie."""

        def none_left() -> bool:
            for process in self.running.values():
                process.ended()  # reaps what is our own child
            # One without a title is a zombie, or about to be one.
            return not [seen for seen in self.processes() if seen.title.startswith(beginning) or not seen.title]

        eventually(none_left, seconds, why=f"processes {beginning!r} are still there")

    def log(self, side: str) -> str:
        """Return the log file of the `server` or the `client`."""
        directory = self.layout.root / side
        return "".join(path.read_text() for path in sorted(directory.glob(f"seon_proxy{side}.*.log")))

    def journal(self, code: str) -> list[str]:
        """Return the texts of Seonapi's journal entries of this code."""
        return [text for _, text in self.journal_rows(code)]

    def journal_rows(self, code: str) -> list[tuple[str, str]]:
        """Return hop and text of Seonapi's journal entries of this code, oldest first."""
        return self._rows("SELECT hop, text FROM journal_entry WHERE code = ? ORDER BY id", code)

    def _rows(self, query: str, *values: str) -> list[Any]:
        """Look into Seonapi's database, read-only."""
        database = sqlite3.connect(f"file:{self.layout.seonapi / 'seonapi.sqlite3'}?mode=ro", uri=True)
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def in_force(self, seconds: float = 20.0) -> None:
        """Wait until the server has what Seonapi has."""
        ((version,),) = self._rows("SELECT number FROM configuration_version")
        wanted = f"Configuration {version} in force"
        eventually(lambda: wanted in self.log("server"), seconds, why=wanted)

    def in_journal(self, code: str, pattern: str) -> None:
        """Wait until the journal has an entry that matches."""
        eventually(lambda: [t for t in self.journal(code) if re.search(pattern, t)], why=f"{code} {pattern} in journal")

    def last_words(self) -> str:
        """Return the end of what the programs said."""
        return "\n".join(f"--- {name}\n{process.last_words()}" for name, process in self.running.items())


def open_site(golden: Path, root: Path) -> Site:
    """Return a site in a copy of the golden installation; nothing runs yet."""
    shutil.copytree(golden, root)
    return Site(Layout(root), msgspec.json.decode((root / "ports.json").read_bytes(), type=Ports))


def port_is_open(port: int) -> bool:
    """Whether somebody listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def sha256(path: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
