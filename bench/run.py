"""`make bench`: the same OFTP2 session through our two hops and through two HAProxy, in turns, in one run.

Prints MB/s and the CPU time of the hops, and how ours stand to HAProxy's. With --write the numbers go into
docs/benchmarks.md. Everything runs on loopback and is stopped at the end.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from measure import Cpu, cpu_of, machine, versions
from report import Round, Sample, chapter, table, write
from ways import Way, find_haproxy, haproxy_pair, ours, start

from seon.cli.quickstart.installation import OUR_CODE, PARTNER_CODE, Layout
from seon.cli.quickstart.processes import Process, ProcessError, free_port

MIB = 1024 * 1024
STATIONS = str(Path(__file__).with_name("stations.py"))


def main() -> None:
    """Measure, print, and perhaps write."""
    options = _options()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):  # a shell's background job ignores SIGINT
        signal.signal(number, signal.default_int_handler)
    try:
        with ExitStack() as stack:
            _bench(options, stack)
    except (ProcessError, OSError) as error:
        raise SystemExit(str(error)) from None
    except KeyboardInterrupt:
        raise SystemExit("stopped") from None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--size", type=int, default=256, metavar="MiB", help="file per session; 1024 is 1 GiB")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--buffer", type=int, default=65_535, help="octets of an exchange buffer")
    parser.add_argument("--credit", type=int, default=999)
    parser.add_argument("--haproxy-buffer", type=int, default=16_384, help="tune.bufsize; 16384 is HAProxy's default")
    parser.add_argument("--dir", type=Path, help="installation to use again; else a new one that is removed")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the numbers into this Markdown file")
    parser.add_argument(
        "--hold", action="store_true", help="start our way, print its process ids, stay (for profilers)"
    )
    return parser.parse_args()


def _bench(options: argparse.Namespace, stack: ExitStack) -> None:
    binary = find_haproxy(_say)
    root = options.dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seon-bench-")))
    root = root.resolve()
    (root / "output").mkdir(parents=True, exist_ok=True, mode=0o700)
    shape = ["--sender", PARTNER_CODE, "--receiver", OUR_CODE, "--octets", str(options.size * MIB),
             "--buffer", str(options.buffer), "--credit", str(options.credit)]  # fmt: skip
    port = free_port(0, set())
    receiver = start("receiver", [sys.executable, STATIONS, "receive", str(port), *shape], root / "output", stack)
    receiver.wait_for("ready")
    seon, layout = stack.enter_context(ours(root, port, _say))
    haproxy = stack.enter_context(haproxy_pair(binary, layout, port, options.haproxy_buffer))
    if options.hold:
        _hold(seon, shape)
    load = os.getloadavg()[0]
    rounds = _rounds(seon, haproxy, layout, receiver, shape, options.rounds)
    print(f"\n{table(rounds)}\n")
    if options.write:
        write(options.write, chapter(rounds, _facts(options, binary, load)))


def _rounds(seon: Way, haproxy: Way, layout: Layout, receiver: Process, shape: list[str], count: int) -> list[Round]:
    """Measure in turns, each way first in every other round; one session each beforehand is not counted."""
    rounds: list[Round] = []
    for number in range(count + 1):
        samples = {}
        for way in (seon, haproxy) if number % 2 else (haproxy, seon):
            sample = samples[way.name] = transfer(way, layout, receiver, shape)
            _say(f"round {number} {way.name:8} {sample.rate:5.0f} MB/s  {sample.hops:.2f} CPU s per GiB in both hops")
        if number:
            rounds.append((samples[seon.name], samples[haproxy.name]))
    return rounds


def transfer(way: Way, layout: Layout, receiver: Process, shape: list[str]) -> Sample:
    """Send one session and look at the processes right before its first data buffer and right after its EFPA."""
    tls = ["--cert", str(layout.certificate("partner")), "--key", str(layout.key("partner")),
           "--ca", str(layout.certificate("proxy"))]  # fmt: skip
    with subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, STATIONS, "send", str(way.port), *shape, *tls],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as sender:  # fmt: skip
        assert sender.stdin
        assert sender.stdout
        looks: list[tuple[Cpu, ...]] = []
        for line in sender.stdout:
            if line != "measure\n":
                said = json.loads(line)
                break
            dmz, inside = way.hops()
            looks.append((cpu_of(dmz), cpu_of(inside), cpu_of([receiver.pid, sender.pid])))
            sender.stdin.write("go on\n")
            sender.stdin.flush()
        else:
            raise ProcessError(f"the session through {way.name} failed:\n{receiver.last_words()}")
    dmz_cpu, inside_cpu, stations = (after - before for before, after in zip(*looks, strict=True))
    time.sleep(0.3)  # session processes end, so that the next sample does not see them
    return Sample(way.name, said["wire_octets"], said["seconds"], (dmz_cpu, inside_cpu, stations))


def _hold(seon: Way, shape: list[str]) -> None:
    dmz, inside = seon.hops()
    _say(f"DMZ {dmz}, inside {inside}; sender: bench/stations.py send {seon.port} {' '.join(shape)}; Ctrl-C ends it")
    while True:
        time.sleep(60)


def _facts(options: argparse.Namespace, binary: str, load: float) -> dict[str, str]:
    return {
        "session": f"one file of {options.size} MiB, buffers of {options.buffer} octets, "
        f"credit {options.credit}, uncompressed, format U",
        "TLS": "1.3 with AES-256-GCM and client certificates on both hops, in both ways",
        "HAProxy's settings": f"mode tcp, nbthread 1 in each process, tune.bufsize {options.haproxy_buffer}",
        **versions(binary),
        "machine": machine(),
        "load before the run": f"{load:.1f}",
    }


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
