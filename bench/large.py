"""`make bench BENCH=large`: start and change of a configuration that is as large as one may be, by the real programs.

An installation gets 10,000 partners (half of them with certificates, half below anchors), 50 anchors and a revocation
list of 45 MB, all by its own commands. Then its programs start, and its settings change some times. Meanwhile somebody
calls the external port again and again, and waits for the first octets of TLS: so long the server's main made others
wait. With --write the numbers go into docs/benchmarks.md. Everything runs on loopback.
"""

import argparse
import contextlib
import datetime as dt
import os
import socket
import ssl
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
from measure import machine
from report import write
from ways import ours, wait_in_force, wait_said

from seon.cli.quickstart.installation import Layout
from seon.cli.quickstart.processes import ProcessError, program, run

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from certificates import Made, make
from revocation_lists import by_hand, many
from seon.pki import new_ecdsa_key

BEGIN, END = "<!-- begin: written by bench/large.py -->", "<!-- end: written by bench/large.py -->"
WAIT_SECONDS, PAUSE_SECONDS, QUIET_SECONDS = 300.0, 0.005, 10.0
CHANGES = 5


def main() -> None:
    """Measure, print, and perhaps write."""
    options = _options()
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
    parser = argparse.ArgumentParser(prog="make bench BENCH=large", description=__doc__)
    parser.add_argument("--partners", type=int, default=9_999, help="beside the quick start's own")
    parser.add_argument("--anchors", type=int, default=50)
    parser.add_argument("--serials", type=int, default=920_000, help="entries of the list; 49 octets each")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the numbers into this Markdown file")
    return parser.parse_args()


def _bench(options: argparse.Namespace, stack: ExitStack) -> str:
    root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seon-large-"))).resolve()
    (root / "output").mkdir(mode=0o700)
    daemon = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=16))
    rows = []
    name, taken = "as the quick start makes it", ""
    for is_large in (False, True):
        with ours(root, daemon.getsockname()[1], _say) as (way, layout):
            opened = f"{time.monotonic() - way.began:.1f}"
            if is_large:
                wait_said(layout, "CRL-TAKEN", WAIT_SECONDS)
                taken = f"{time.monotonic() - way.began:.1f}"
            rows.append(f"| {name} | {opened} | {taken} | {_changes(layout, way.port)} |")
            if not is_large:
                size = _fill(options, layout)
                name = f"{options.partners + 1:,} partners, {options.anchors} anchors, {size:.0f} MB of list"
    return _report(rows)


def _fill(options: argparse.Namespace, layout: Layout) -> float:
    """Enter everything by commands; return the size of the list, in MB."""
    anchors = [make(f"CA {number}", new_ecdsa_key(), ca=True) for number in range(options.anchors)]
    file = layout.root / "file"
    for anchor in anchors:
        file.write_text(anchor.pem)
        _seonapi(layout, "anchor", "add", str(file), "--asserts-odette-ids")
    file.write_bytes(msgspec.json.encode({"format": "seon-partners-1", "partners": _partners(options, anchors)}))
    began = time.monotonic()
    _seonapi(layout, "partner", "import", str(file), "--apply")
    _say(f"partners imported in {time.monotonic() - began:.0f} s")
    file.write_bytes(octets := by_hand(anchors[0], many(options.serials)))
    began = time.monotonic()
    _seonapi(layout, "crl", "add", str(file))
    _say(f"list taken over inside in {time.monotonic() - began:.0f} s")
    wait_said(layout, "CRL-TAKEN", WAIT_SECONDS)
    return len(octets) / 1e6


def _partners(options: argparse.Namespace, anchors: list[Made]) -> list[dict[str, object]]:
    key = new_ecdsa_key()
    return [
        {"id": f"partner-{number}", "name": f"Partner number {number}", "codes": [f"O0013{number:012}"],
         "networks": ["192.0.2.0/24"]} | (
            {"certificates": [make(f"partner {number}", key).pem]} if number % 2
            else {"odette_ids": [f"O0013{number:012}"], "anchors": [anchors[number % len(anchors)].fingerprint]})
        for number in range(options.partners)
    ]  # fmt: skip


def _changes(layout: Layout, port: int) -> str:
    """Change a setting some times; return cells of the table."""
    with _calling(port) as quiet:
        time.sleep(QUIET_SECONDS)
    waits = []
    with _calling(port) as busy:
        for number in range(CHANGES):
            _seonapi(layout, "set", "idle_seconds", str(200 + number))
            began = time.monotonic()
            wait_in_force(layout, WAIT_SECONDS)
            waits.append(time.monotonic() - began)
    return " | ".join([f"{statistics.median(waits):.1f}", _waits(quiet), _waits(busy)])


def _waits(times: list[float]) -> str:
    return f"{1_000 * statistics.median(times):.0f}, {1_000 * max(times):.0f}"


@contextmanager
def _calling(port: int) -> Iterator[list[float]]:
    """Call the port again and again, and collect the seconds until the first octets of TLS."""
    times: list[float] = []
    over = threading.Event()
    caller = threading.Thread(target=_call, args=(port, times, over))
    caller.start()
    try:
        yield times
    finally:
        over.set()
        caller.join()


def _call(port: int, times: list[float], over: threading.Event) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    while not over.wait(PAUSE_SECONDS):
        incoming, hello = ssl.MemoryBIO(), ssl.MemoryBIO()
        with contextlib.suppress(ssl.SSLWantReadError):
            context.wrap_bio(incoming, hello).do_handshake()
        began = time.monotonic()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10) as sock:
            sock.sendall(hello.read())
            if sock.recv(1):
                times.append(time.monotonic() - began)


def _say(text: str) -> None:
    print(text, flush=True)


def _seonapi(layout: Layout, *arguments: str) -> str:
    return run([program("seonapi"), *arguments], layout.seonapi)


def _report(rows: list[str]) -> str:
    today = dt.datetime.now(dt.UTC).date().isoformat()
    body = "\n".join(rows)
    return (
        f"Measured on {today}:\n\n"
        "| configuration | port open, s | list, s | change, s | calls at rest, ms | in changes, ms |\n"
        "|---|---|---|---|---|---|\n"
        f"{body}\n\nMachine: {machine()}, load {os.getloadavg()[0]:.1f}."
    )


if __name__ == "__main__":
    main()
