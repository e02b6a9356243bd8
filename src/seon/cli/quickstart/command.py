"""The command itself: the steps in order, each shown as it happens."""

import shlex
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

import click
import msgspec

from seon.cli.quickstart.earlier import Running
from seon.cli.quickstart.installation import (
    ADMINISTRATOR,
    OUR_CODE,
    PARTNER_CODE,
    PASSWORD,
    Layout,
    Ports,
    Stations,
    prepare,
)
from seon.cli.quickstart.options import Code, HostPort, Password
from seon.cli.quickstart.processes import Process, ProcessError, program
from seon.cli.quickstart.transfers import Result, incoming, make_files, outgoing, send
from seon.daemon.pidfile import OPTION

LINK_SECONDS = 40.0
_AS_PART_OF_IT = ("-d", "--log-to-terminal", OPTION)
"""How the daemons are started: they stay children of this command, and what they log is waited for here."""


class Steps:
    """Shows what happens, with the time since the start. With --json everything but the result goes to stderr."""

    def __init__(self, *, quiet_stdout: bool) -> None:
        self._began = time.monotonic()
        self._err = quiet_stdout

    def say(self, text: str) -> None:
        """Show a step."""
        click.echo(f"[{time.monotonic() - self._began:6.1f} s] {text}", err=self._err)


@click.command()
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("seon-run"),
    show_default=True,
    help="The installation's directory; a second start uses it again.",
)
@click.option("--once", is_flag=True, help="End after the transfers; exit status 0 only if all was right.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option(
    "--receive-daemon",
    type=HostPort(),
    metavar="HOST[:PORT]",
    help="A station of your own that takes incoming sessions, without TLS, instead of the built-in one; "
    "port 3305 if none is given.",
)
@click.option(
    "--our-code",
    type=Code(),
    default=OUR_CODE,
    show_default=True,
    metavar="CODE",
    help="Code of the company's station, which is behind the proxy: yours.",
)
@click.option(
    "--our-password",
    type=Password(),
    envvar="SEON_OUR_PASSWORD",
    show_envvar=True,
    metavar="TEXT|@FILE",
    help="Its password. Without this option DEMO, and your own receive daemon may show any.",
)
@click.option(
    "--partner-code",
    type=Code(),
    default=PARTNER_CODE,
    show_default=True,
    metavar="CODE",
    help="Code of the demo partner that calls.",
)
@click.option(
    "--partner-password",
    type=Password(),
    default=PASSWORD,
    show_default=True,
    metavar="TEXT|@FILE",
    envvar="SEON_PARTNER_PASSWORD",
    show_envvar=True,
    help="Its password, which your receive daemon expects.",
)
def quickstart(directory: Path, once: bool, as_json: bool, **stations: Any) -> None:
    """Make a whole installation here, and send files through it.

    Seonapi, queue daemon, server, client, a receive daemon and a demo partner run as processes of their own on
    loopback, until Ctrl-C stops them all.

    A receive daemon of your own must know the demo partner's code and password, and has a code and a password itself.
    If it does not take the first files, one line says what it answered and how it must be set, and everything stays
    up for the next try. A command line is visible to every user of this machine: give passwords as @FILE (its first
    line), or in the environment.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell's background job ignores SIGINT otherwise
        signal.signal(number, _interrupt)
    if stations["our_code"] == stations["partner_code"]:
        raise click.UsageError("--our-code and --partner-code must differ")
    steps = Steps(quiet_stdout=as_json)
    try:
        with ExitStack() as stack:
            status = _live(steps, stack, directory.resolve(), Stations(**stations), once=once, as_json=as_json)
    except ProcessError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or directory}: {error.strerror or error}") from None
    except KeyboardInterrupt:
        steps.say("stopped")
        status = 0
    sys.exit(status)


def _live(steps: Steps, stack: ExitStack, root: Path, stations: Stations, *, once: bool, as_json: bool) -> int:
    steps.say(f"installation in {root}")
    running = Running(root / "running")
    running.begin(steps.say)
    layout, ports, password = prepare(root, stations, steps.say)
    processes = _start(steps, stack, layout, ports, stations, running)
    results = _transfer(steps, layout, ports, stations, processes, once=once)
    good = all(result.error is None for result in results.values())
    steps.say(_verdict(results))
    if as_json:
        addresses = {"panel": f"https://127.0.0.1:{ports.seonapi}/panel/", "user": ADMINISTRATOR,
                     "external": f"127.0.0.1:{ports.external}", "outgoing": f"127.0.0.1:{ports.outgoing}",
                     "receive_daemon": stations.receive_daemon or f"127.0.0.1:{ports.receive}",
                     "partner_certificate": str(layout.certificate("partner")),
                     "partner_key": str(layout.key("partner"))}  # fmt: skip
        click.echo(msgspec.json.encode({**results, "ok": good, "addresses": addresses}).decode())
        sys.stdout.flush()
    if once:
        return 0 if good else 1
    _show_addresses(layout, ports, stations, password, as_json=as_json)
    _stay(steps, processes)
    return 0


def _start(
    steps: Steps, stack: ExitStack, layout: Layout, ports: Ports, stations: Stations, running: Running
) -> list[Process]:
    """Start the programs, each ready before the next needs it; they are stopped in the opposite order.

    Each takes over what a killed one has left (OPTION): nobody has to remove a PID file by hand.
    """
    processes: list[Process] = []

    def start(name: str, arguments: list[str], home: Path | None = None) -> Process:
        process = Process(name, [program(arguments[0]), *arguments[1:]], layout.output / f"{name}.txt", home)
        stack.callback(process.gone)
        stack.callback(process.stop)
        running.add(process.pid)
        processes.append(process)
        return process

    if not stations.receive_daemon:
        start("receive-daemon", _receive_daemon(layout, ports, stations))
    start("partner", _partner(layout, ports, stations))
    api = start("seonapi", ["seonapi", "serve", "--listen", f"127.0.0.1:{ports.seonapi}", OPTION], layout.seonapi)
    server = start("server", _server(layout, ports), layout.server)
    for process in processes[:-2]:
        process.wait_for(r"ready \S+")
        steps.say(f"{process.name} takes calls (process {process.pid})")
    server.wait_for("SRV-START")
    steps.say(f"server waits for its client on 127.0.0.1:{ports.internal}; the external port is closed ({server.pid})")
    api.wait_for(r"ready \S+")
    steps.say(f"Seonapi answers on 127.0.0.1:{ports.seonapi} (process {api.pid})")
    queue = start("queue", ["seonapi", "queue", OPTION], layout.seonapi)
    client = start("client", _client(layout, ports), layout.client)
    client.wait_for("CLI-LINKED", LINK_SECONDS)
    steps.say(f"client is linked to the server (process {client.pid})")
    server.wait_for("SRV-OPEN", LINK_SECONDS)
    steps.say(f"configuration came through; the external port 127.0.0.1:{ports.external} is open")
    client.wait_for("CLI-LISTEN", LINK_SECONDS)
    queue.wait_for("ready")
    return processes


def _server(layout: Layout, ports: Ports) -> list[str]:
    """Return the command of the server in the DMZ."""
    internal = f"127.0.0.1:{ports.internal}"
    return ["seon_proxyserver2", *_AS_PART_OF_IT, "-i", internal, "-l", str(layout.license_file)]


def _client(layout: Layout, ports: Ports) -> list[str]:
    """Return the command of the client."""
    api, server = f"https://127.0.0.1:{ports.seonapi}", f"127.0.0.1:{ports.internal}"
    return ["seon_proxyclient2", *_AS_PART_OF_IT, "-U", api, "-S", server, "-T", f"@{layout.token_file}"]


def _receive_daemon(layout: Layout, ports: Ports, stations: Stations) -> list[str]:
    """Return the command of the built-in receive daemon."""
    return ["seon", "station", "serve", "--listen", f"127.0.0.1:{ports.receive}", "--code", stations.our_code,
            "--password", f"@{layout.our_password}", "--expect-code", stations.partner_code,
            "--expect-password", f"@{layout.partner_password}", "--inbox", str(layout.receive_daemon / "inbox"),
            "--outbox", str(layout.receive_daemon / "outbox")]  # fmt: skip


def _partner(layout: Layout, ports: Ports, stations: Stations) -> list[str]:
    """Return the command of the demo partner that waits for calls. A send daemon of the user's own may call it, too."""
    expected = ["--expect-password", f"@{layout.our_password}"] if stations.our_password_counts else []
    return ["seon", "station", "serve", "--listen", f"127.0.0.1:{ports.partner}", "--code", stations.partner_code,
            "--password", f"@{layout.partner_password}", "--expect-code", stations.our_code, *expected,
            "--inbox", str(layout.partner / "inbox"), "--outbox", str(layout.partner / "outbox"), "--tls",
            "--cert", str(layout.certificate("partner")), "--key", str(layout.key("partner")),
            "--ca", str(layout.certificate("proxy"))]  # fmt: skip


def _transfer(
    steps: Steps, layout: Layout, ports: Ports, stations: Stations, processes: list[Process], *, once: bool
) -> dict[str, Result]:
    files = make_files(layout.files)
    outputs = [process.output for process in reversed(processes) if process.name in ("client", "server")]
    results = {}
    for name, way, step in (
        ("incoming", incoming, f"the partner sends {len(files)} files in: {', '.join(path.name for path in files)}"),
        ("outgoing", outgoing, f"the send daemon sends {len(files)} files out"),
    ):
        steps.say(step)
        results[name] = send(way(layout, ports, stations), files, outputs)
        _show_result(steps, results[name], once=once)
    return results


def _show_result(steps: Steps, result: Result, *, once: bool) -> None:
    if result.error is not None:
        steps.say(f"  FAILED, {result.sent} of {result.files} files taken: {result.error}")
        if not once:
            steps.say(f"  to try it again: {result.again}")
        return
    same = {True: "SHA-256 equal", False: "SHA-256 DIFFERENT", None: "SHA-256 not ours to see"}[result.sha256_ok]
    rate = result.octets / 1e6 / result.seconds
    late = "" if result.receipts == result.files else " so far: a station may send them later, in a session of its own"
    steps.say(
        f"  {result.files} files, {result.octets} octets in {result.seconds:.1f} s ({rate:.0f} MB/s with start of "
        f"the station), {same}, {result.receipts} receipts{late}"
    )


def _verdict(results: dict[str, Result]) -> str:
    if any(result.error is not None for result in results.values()):
        return "NOT all files arrived as they were sent"
    if all(result.sha256_ok for result in results.values()):
        return "all files arrived as they were sent"
    return "all files were taken; those that can be looked at here arrived as they were sent"


def _show_addresses(layout: Layout, ports: Ports, stations: Stations, password: str, *, as_json: bool) -> None:
    daemon = stations.receive_daemon or f"127.0.0.1:{ports.receive}"
    ours = f", password in {layout.our_password}" if stations.our_password_counts else ""
    lines = [
        "",
        f"  Panel               https://127.0.0.1:{ports.seonapi}/panel/   user {ADMINISTRATOR}, password {password}",
        f"  Its CA              {layout.seonapi / 'api-ca.pem'}",
        f"  External port       127.0.0.1:{ports.external} (TLS, for partners)",
        f"  Demo partner        code {stations.partner_code}, password in {layout.partner_password}",
        f"  Partner certificate {layout.certificate('partner')}",
        f"  Partner key         {layout.key('partner')}",
        f"  Proxy certificate   {layout.certificate('proxy')}",
        f"  Receive daemon      {daemon}, code {stations.our_code}{ours}",
        f"  Send daemon's port  127.0.0.1:{ports.outgoing} (leads to the demo partner)",
        f"  Programs' output    {layout.output}",
        f"  Programs            {Path(sys.executable).parent}",
        f"  Seonapi's home      {layout.seonapi} (for seonapi: export SEON_HOME={shlex.quote(str(layout.seonapi))})",
        "",
        "  To send a file as the demo partner:",
        f"  {shlex.join(incoming(layout, ports, stations).command([layout.files / 'ORDER.EDI']))}",
        "",
        "  Ctrl-C stops everything.",
        "",
    ]
    click.echo("\n".join(lines), err=as_json)


def _stay(steps: Steps, processes: list[Process]) -> None:
    """Stay until Ctrl-C; say it when a program ends by itself."""
    running = list(processes)
    while running:
        time.sleep(0.5)
        for process in running[:]:
            status = process.ended()
            if status is not None:
                running.remove(process)
                steps.say(f"{process.name} has ended with status {status}:\n{process.last_words()}")
    raise ProcessError("every program has ended")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
