"""`python bench/idle.py`: what sessions cost in which nothing moves, on both hosts.

Half of them come in from a partner, half go out to one. All are open as far as both SSIDs. Then the processes are
looked at for a while: PSS (memory that is shared by n processes counts as one n-th for each), descriptors, and how
often the kernel has woken them. With --write the numbers go into docs/benchmarks.md. Everything runs on loopback and is
stopped at the end.
"""

import argparse
import datetime as dt
import os
import re
import signal
import socket
import sqlite3
import ssl
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec
from measure import machine
from report import write
from ways import ours

from seon.cli.quickstart.installation import OUR_CODE, PARTNER_CODE, PASSWORD, Layout, Ports
from seon.cli.quickstart.processes import ProcessError, program, run
from seon.oftp2.codec import encode
from seon.oftp2.commands import Command, StartSession, StartSessionReady
from seon.oftp2.framing import frame

BEGIN, END = "<!-- begin: written by bench/idle.py -->", "<!-- end: written by bench/idle.py -->"
WAIT_SECONDS = 30.0
SETTLED_SECONDS = 5.0
"""After the last session has begun: a session looks at its clock once more when its octets have been taken."""
LEVEL = 5


def main() -> None:
    """Measure, print, and perhaps write."""
    options = _options()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    try:
        with ExitStack() as stack:
            text = _bench(options, stack)
    except (ProcessError, OSError) as error:
        raise SystemExit(str(error)) from None
    except KeyboardInterrupt:
        raise SystemExit("stopped") from None
    print(f"\n{text}", flush=True)
    if options.write:
        write(options.write, f"{BEGIN}\n{text}\n{END}", (BEGIN, END))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long wake-ups are counted")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the numbers into this Markdown file")
    return parser.parse_args()


def _bench(options: argparse.Namespace, stack: ExitStack) -> str:
    root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seon-idle-"))).resolve()
    (root / "output").mkdir(mode=0o700)
    daemon = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=16))
    way, layout = stack.enter_context(ours(root, daemon.getsockname()[1], _say))
    ports = msgspec.json.decode((root / "ports.json").read_bytes(), type=Ports)
    _configure(layout, options.sessions)
    partner = stack.enter_context(socket.create_server(("127.0.0.1", ports.partner), backlog=16))
    empty = way.hops()
    began = time.monotonic()
    for number in range(options.sessions):
        if number % 2:
            ends = _outgoing(ports, partner, _tls(layout, listening=True))
        else:
            ends = _incoming(ports, daemon, _tls(layout, listening=False))
        for sock in ends:
            stack.enter_context(sock)
    _say(f"{options.sessions} sessions opened in {time.monotonic() - began:.1f} s")
    time.sleep(SETTLED_SECONDS)
    hosts = _hosts(way.hops(), empty, options.sessions)
    return _report(hosts, options)


def _configure(layout: Layout, sessions: int) -> None:
    """Allow so many sessions, and wait until both hosts know it."""
    settings = {"sessions": sessions + 10, "sessions_per_partner": sessions + 10, "sessions_per_minute": 100_000,
                "idle_seconds": 3_000, "drain_seconds": 1}  # fmt: skip
    for key, value in settings.items():
        run([program("seonapi"), "set", key, str(value)], layout.seonapi)
    with sqlite3.connect(f"file:{layout.seonapi / 'seonapi.sqlite3'}?mode=ro", uri=True) as database:
        ((version,),) = database.execute("SELECT number FROM configuration_version").fetchall()
    until = time.monotonic() + WAIT_SECONDS
    while f"Configuration {version} in force" not in (layout.output / "server.txt").read_text():
        if time.monotonic() > until:
            raise ProcessError("the settings did not come into force")
        time.sleep(0.1)


# --- sessions -------------------------------------------------------------------------------------------------------


def _incoming(ports: Ports, daemon: socket.socket, context: ssl.SSLContext) -> tuple[socket.socket, socket.socket]:
    """Open a session from the partner to the receive daemon."""
    caller = context.wrap_socket(socket.create_connection(("127.0.0.1", ports.external), WAIT_SECONDS))
    called, _ = daemon.accept()
    return _start(caller, called, PARTNER_CODE, OUR_CODE)


def _outgoing(ports: Ports, partner: socket.socket, context: ssl.SSLContext) -> tuple[socket.socket, socket.socket]:
    """Open a session from the send daemon to the partner."""
    caller = socket.create_connection(("127.0.0.1", ports.outgoing), WAIT_SECONDS)
    plain, _ = partner.accept()
    return _start(caller, context.wrap_socket(plain, server_side=True), OUR_CODE, PARTNER_CODE)


def _start(caller: socket.socket, called: socket.socket, code: str, other: str) -> tuple[socket.socket, socket.socket]:
    called.settimeout(WAIT_SECONDS)
    for sender, receiver, command in (
        (called, caller, StartSessionReady()),
        (caller, called, _ssid(code)),
        (called, caller, _ssid(other)),
    ):
        _pass(sender, receiver, command)
    return caller, called


def _ssid(code: str) -> StartSession:
    return StartSession(LEVEL, code, PASSWORD, 4_096, "B", compression=False, restart=False,
                        special_logic=False, credit=10)  # fmt: skip


def _pass(sender: socket.socket, receiver: socket.socket, command: Command) -> None:
    octets = frame(encode(command, LEVEL))
    sender.sendall(octets)
    left = len(octets)
    while left:
        got = receiver.recv(left)
        if not got:
            raise ProcessError(f"a session ended where {octets[4:5]!r} was due")
        left -= len(got)


def _tls(layout: Layout, *, listening: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if listening else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(layout.certificate("proxy"))
    context.load_cert_chain(layout.certificate("partner"), layout.key("partner"))
    return context


# --- looking --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Host:
    """The processes of one host."""

    name: str
    mains: dict[str, int]
    """The main, and the client's courier: what it is to its process id."""
    sessions: list[int]


def _hosts(now: Sequence[list[int]], empty: Sequence[list[int]], sessions: int) -> list[Host]:
    hosts = []
    for name, found, before in zip(("DMZ", "inside"), now, empty, strict=True):
        new = sorted(set(found) - set(before))
        if len(new) != sessions:
            raise ProcessError(f"{len(new)} session processes on the host {name}, and {sessions} were opened")
        roles = dict(zip(("main", "courier"), before, strict=False))
        hosts.append(Host(name, roles, new))
    return hosts


def _pss(pid: int) -> int:
    """Return the proportional set size in KiB."""
    found = re.search(r"^Pss:\s*(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _wake_ups(pid: int) -> int:
    """Return how often the kernel has switched to all threads of a process after they had waited."""
    statuses = (path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status"))
    return sum(int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0]) for status in statuses)


def _report(hosts: list[Host], options: argparse.Namespace) -> str:
    watched = [pid for host in hosts for pid in (*host.mains.values(), *host.sessions)]
    before = {pid: _wake_ups(pid) for pid in watched}
    _say(f"counting wake-ups for {options.seconds:g} s ...")
    time.sleep(options.seconds)
    rate = {pid: (_wake_ups(pid) - before[pid]) / options.seconds for pid in watched}
    lines = ["| processes | PSS, MiB each | PSS, MiB together | descriptors each | wake-ups a second, together |",
             "|---|---|---|---|---|"]  # fmt: skip
    for host in hosts:
        for role, pid in host.mains.items():
            lines.append(_row(f"{host.name}: {role}", [pid], rate))
        lines.append(_row(f"{host.name}: {len(host.sessions)} session processes", host.sessions, rate))
    return (
        f"Measured on {dt.datetime.now(dt.UTC).date()} with "
        f"`bench/idle.py --sessions {options.sessions} --seconds {options.seconds:g}`:\n\n"
        + "\n".join(lines)
        + f"\n\nMachine: {machine()}, load {os.getloadavg()[0]:.1f}."
    )


def _row(name: str, pids: list[int], rate: dict[int, float]) -> str:
    pss, descriptors = [_pss(pid) / 1024 for pid in pids], [_descriptors(pid) for pid in pids]
    most = f" to {max(descriptors)}" if max(descriptors) > min(descriptors) else ""
    return (
        f"| {name} | {statistics.mean(pss):.2f} | {sum(pss):.0f} | {min(descriptors)}{most} "
        f"| {sum(rate[pid] for pid in pids):.2f} |"
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
