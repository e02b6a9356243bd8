"""`make bench BENCH=door`: how long partners take to get in while strangers hold the external port's places.

Strangers come from loopback addresses of their own, so many at once and so many a second after that. Two in three send
one ClientHello, the third stops in the middle of a large certificate. Meanwhile partners come in one after another: one
that was there before, one from a new address each time, and one that was there before and has a flooding address. A
refused one comes again after a second, and its time goes on. Measured is the time from the first TCP connection to the
call of the receive daemon. With --write the numbers go into docs/benchmarks.md. Everything runs on loopback.
"""

import argparse
import contextlib
import datetime as dt
import json
import os
import re
import signal
import socket
import ssl
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from measure import cpu_of, machine
from report import write
from ways import ours, start, wait_in_force

from seon.cli.quickstart.installation import Layout
from seon.cli.quickstart.processes import ProcessError, program, run

BEGIN, END = "<!-- begin: written by bench/door.py -->", "<!-- end: written by bench/door.py -->"
FLOOD = Path(__file__).parents[1] / "tests" / "adversary" / "flood.py"
QUIET_SAMPLES = 200
WAIT_SECONDS, PAUSE_SECONDS, MOST_TRIES = 30.0, 1.0, 20
KNOWN, BEHIND = "127.0.50.1", "127.1.0.1"


@dataclass
class Times:
    """What came of one kind of partner."""

    name: str
    seconds: list[float] = field(default_factory=list)
    again: int = 0
    """How many had to come again."""

    def row(self) -> str:
        """Return a row of the table."""
        cuts = statistics.quantiles(self.seconds, n=100, method="inclusive")
        cells = [f"{1000 * one:.0f}" for one in (cuts[49], cuts[98], max(self.seconds))]
        return f"| {self.name} | {len(self.seconds)} | {' | '.join(cells)} | {self.again} |"


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
    parser = argparse.ArgumentParser(prog="make bench BENCH=door", description=__doc__)
    parser.add_argument("--places", type=int, default=1_000)
    parser.add_argument("--addresses", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=5_000)
    parser.add_argument("--per-second", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the numbers into this Markdown file")
    return parser.parse_args()


def _bench(options: argparse.Namespace, stack: ExitStack) -> str:
    root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seon-door-"))).resolve()
    (root / "output").mkdir(mode=0o700)
    daemon = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=16))
    way, layout = stack.enter_context(ours(root, daemon.getsockname()[1], lambda text: print(text, flush=True)))
    _configure(layout, options.places)
    door = _Door(way.port, daemon, _tls(layout))
    quiet = Times("nobody else")
    for _ in range(QUIET_SAMPLES):
        door.sample(quiet, KNOWN)
    door.sample(Times("once before the flood"), BEHIND)
    server = way.hops()[0][0]
    memory, cpu, began = _resident_mib(server), cpu_of([server]), time.monotonic()
    wave = [f"--{name.replace('_', '-')}={getattr(options, name)}"
            for name in ("addresses", "at_once", "per_second", "seconds")]  # fmt: skip
    command = [sys.executable, str(FLOOD), str(way.port), *wave, "--kinds=hello,hello,certificate"]
    flood = start("flood", command, layout.output, stack)
    flood.wait_for("flooding", 120)
    kinds = [Times("flood, known"), Times("flood, new each time"), Times("flood, known behind a flooding address")]
    most, number = memory, 0
    while flood.ended() is None:
        for kind, source in zip(kinds, (KNOWN, f"127.2.{number // 250}.{number % 250 + 1}", BEHIND), strict=True):
            door.sample(kind, source)
        number += 1
        most = max(most, _resident_mib(server))
    took = time.monotonic() - began
    busy = (cpu_of([server]) - cpu).total / took
    counts = json.loads(flood.last_words().splitlines()[-1])
    return _report(options, [quiet, *kinds], f"{busy:.0%}", most - memory, counts)


class _Door:
    def __init__(self, port: int, daemon: socket.socket, context: ssl.SSLContext) -> None:
        self._port, self._daemon, self._context = port, daemon, context
        daemon.settimeout(WAIT_SECONDS)

    def sample(self, times: Times, source: str) -> None:
        """Come in once, with as many tries as it takes. Raises ProcessError where it takes too many."""
        began = time.monotonic()
        for tries in range(MOST_TRIES):
            with contextlib.suppress(OSError):
                self._come_in(source)
                times.seconds.append(time.monotonic() - began)
                times.again += tries > 0
                return
            time.sleep(PAUSE_SECONDS)
        raise ProcessError(f"{source} did not get in, {times.name}")

    def _come_in(self, source: str) -> None:
        plain = socket.create_connection(("127.0.0.1", self._port), WAIT_SECONDS, (source, 0))
        with plain, self._context.wrap_socket(plain) as caller:
            called, _ = self._daemon.accept()
            called.close()
            while caller.recv(1_000):  # to the session's end, so that the next one is alone
                pass


def _tls(layout: Layout) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(layout.certificate("partner"), layout.key("partner"))
    return context


def _configure(layout: Layout, places: int) -> None:
    for key, value in {"handshakes": places, "sessions_per_minute": 100_000}.items():
        run([program("seonapi"), "set", key, str(value)], layout.seonapi)
    wait_in_force(layout, WAIT_SECONDS)


def _resident_mib(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _report(options: argparse.Namespace, kinds: list[Times], busy: str, grown: float, counts: dict[str, int]) -> str:
    today = dt.datetime.now(dt.UTC).date().isoformat()
    rows = "\n".join(kind.row() for kind in kinds)
    return (
        f"Measured on {today}: {options.places} places, {options.at_once} connections at once from "
        f"{options.addresses} addresses, {options.per_second} more a second\nfor {options.seconds:.0f} s.\n\n"
        "| partners | calls | median, ms | p99, ms | longest, ms | came more than once |\n|---|---|---|---|---|---|\n"
        f"{rows}\n\n| | |\n|---|---|\n"
        f"| connections of strangers | {counts['made']} made, {counts.get('ended', 0)} ended by the server |\n"
        f"| CPU of the server's main | {busy} of one core |\n"
        f"| memory of the server's main | {grown:.0f} MiB more than before |\n"
        f"| machine | {machine()} |\n| load at the end | {os.getloadavg()[0]:.1f} |"
    )


if __name__ == "__main__":
    main()
