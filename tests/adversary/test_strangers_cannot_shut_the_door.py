"""Floods from many addresses at either port of the real server: partners come in, the link holds, memory is bounded."""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from adversary.flood import address
from functional.harness import Site, open_site
from functional.peers import BROKEN, Partner, RecordingStation
from functional.processes import eventually, resident_kib
from seon.cli.quickstart.processes import Process

FLOOD = Path(__file__).with_name("flood.py")
TRIES, PAUSE_SECONDS = 5, 1.0
"""As stations do it, though they make longer pauses."""
KNOWN, NEW = "127.0.50.1", "127.0.50.2"
BEHIND = address(0)
"""A partner's address from which strangers flood, too: one NAT for all."""


@dataclass(frozen=True)
class Size:
    """How hard the flood is."""

    addresses: int
    at_once: int
    per_second: int
    seconds: float
    places: int
    growth_mib: int
    """What the server's main may grow by."""


SMALL = Size(50, 500, 20, 10, 100, 40)
LARGE = Size(500, 5_000, 200, 120, 1_000, 150)
SIZES = [SMALL, pytest.param(LARGE, marks=pytest.mark.slow)]


@pytest.fixture
def guarded(golden: Path, tmp_path: Path) -> Iterator[Site]:
    """A site whose receive daemon is a recording one."""
    made = open_site(golden, tmp_path / "run")
    try:
        with RecordingStation(made.ports.receive):
            yield made
    finally:
        made.close()


def prepared(site: Site, places: int) -> Site:
    """Start everything with so many places, and the handshake's time as it is at first."""
    site.seonapi(
        ["set", "handshakes", str(places)], ["set", "handshake_seconds", "10"], ["set", "sessions_per_minute", "10000"]
    )
    return site.start(station=False)


@contextlib.contextmanager
def flooded(site: Site, port: int, size: Size, kinds: str) -> Iterator[Process]:
    """Flood a port while the block runs; it begins when the first wave has come."""
    arguments = {"addresses": size.addresses, "at-once": size.at_once, "per-second": size.per_second,
                 "seconds": size.seconds, "kinds": kinds}  # fmt: skip
    command = [sys.executable, str(FLOOD), str(port), *(f"--{key}={value}" for key, value in arguments.items())]
    process = Process("flood", command, site.layout.output / f"flood.{port}.txt")
    try:
        process.wait_for("flooding", 60)
        yield process
    finally:
        process.stop()
        process.gone()


def comes_in(site: Site, source: str) -> tuple[int, float]:
    """Try as a station does; return at which try the partner was inside, 0 for never, and the seconds of that try."""
    for number in range(1, TRIES + 1):
        began = time.monotonic()
        with contextlib.suppress(*BROKEN), Partner(site, source=source) as partner:
            partner.open()
            return number, time.monotonic() - began
        time.sleep(PAUSE_SECONDS)
    return 0, 0.0


class Memory:
    """The greatest memory of a process while the block runs."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._first = self._most = resident_kib(pid)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    @property
    def growth_mib(self) -> float:
        return (self._most - self._first) / 1024

    def _look(self) -> None:
        while not self._end.wait(0.05):
            self._most = max(self._most, resident_kib(self._pid))

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


@pytest.mark.parametrize("size", SIZES, ids=["small", "large"])
def test_partners_come_in_through_a_flood_of_handshakes_that_stop(guarded: Site, size: Size) -> None:
    site = prepared(guarded, size.places)
    for source in (KNOWN, BEHIND):
        assert comes_in(site, source)[0] == 1
    with (
        Memory(site.running["server"].pid) as memory,
        flooded(site, site.ports.external, size, "hello,hello,certificate") as flood,
    ):
        while flood.ended() is None:
            for source in (KNOWN, NEW, BEHIND):
                number, seconds = comes_in(site, source)
                assert number, f"{source} is shut out"
                print(f"{source} inside at try {number}, in {seconds:.2f} s")
            if flood.ended() is None:
                before = time.monotonic()
                site.set("dial_seconds", 20 + int(before) % 10)
                site.in_force()
                print(f"a change was in force after {time.monotonic() - before:.1f} s")
                time.sleep(1)
    print(flood.last_words(), f"grown by {memory.growth_mib:.1f} MiB")
    assert memory.growth_mib < size.growth_mib
    log = site.log("server")
    assert "SRV-CLOSED" not in log
    assert "internal error" not in log
    assert "ADM-LIMIT Connection from 127.1." in log
    assert log.count("ADM-LIMIT") < 1_500 * (1 + size.seconds / 60), "not a line for each connection"
    assert json.loads(flood.last_words().splitlines()[-1])["held"] <= size.places


def test_partners_come_in_past_silence_drops_resets_and_strangers_that_are_refused(guarded: Site) -> None:
    site, size = prepared(guarded, 20), Size(40, 400, 100, 8, 20, 40)
    with flooded(site, site.ports.external, size, "nothing,drip,reset,whole") as flood:
        for source in (NEW, KNOWN, KNOWN):
            assert comes_in(site, source)[0], f"{source} is shut out"
        assert flood.ended() is None
    log = site.log("server")
    assert "internal error" not in log
    for words in ("ADM-TLS TLS", "ADM-REFUSED", "holds most of them", "has a penalty for failed handshakes"):
        assert words in log, words


def test_the_link_holds_and_a_new_one_comes_through_a_flood_of_the_internal_port(guarded: Site) -> None:
    site, size = prepared(guarded, 100), Size(200, 2_000, 200, 20, 512, 100)
    with (
        Memory(site.running["server"].pid) as memory,
        flooded(site, site.ports.internal, size, "hello,nothing,certificate") as flood,
    ):
        assert comes_in(site, KNOWN)[0] == 1, "sessions have links of their own"
        assert "SRV-CLOSED" not in site.log("server")
        site.stop("client")
        eventually(lambda: "SRV-CLOSED" in site.log("server"))
        site.start_client()
        site.running["server"].wait_for("SRV-OPEN")
        assert comes_in(site, KNOWN)[0]
        assert flood.ended() is None
    assert memory.growth_mib < size.growth_mib
    assert "internal error" not in site.log("server")
