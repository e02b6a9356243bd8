"""Many sessions at once in which nothing moves: all are there, none of them wakes, and all end in order.

Both mains start with a soft limit of 64 descriptors, and with all numbers from there to 1,100 taken: what they open for
most of the sessions has a number that `select` could not hold.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from functional import processes
from functional.ends import ByHand, called_port, meeting_at, start
from functional.harness import DRAIN_SECONDS, OUR_CODE, PARTNER_CODE, PASSWORD, Site, open_site
from functional.processes import eventually
from seon.cli.quickstart.processes import Process, program
from seon.daemon.children import OBEY_SECONDS
from seon.oftp2 import commands as c
from seon.oftp2.reasons import EndReason
from seon.oftp2.session_start import Profile

EACH = 25
"""Sessions of each direction."""
BOTH = 2 * EACH
SIDES = ("server", "client")
TAKEN, SOFT = 1_100, 64
WATCHED_SECONDS, MOST_WAKE_UPS = 5.0, 2
MOST_OF_A_MAIN = 10
"""Wake-ups of a main in that time: heartbeats of the link and of the courier, and what the journal's answers bring."""
OF_A_SESSION = Counter({"socket": 3, "file": 3, "anon_inode": 2})
"""Both connections and the line; what it was started with; the selector, and what a signal wakes it by."""
_LIMITED = f"""
import os, resource, sys
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
for number in range({SOFT}, {TAKEN}):
    os.dup2(0, number, inheritable=True)
resource.setrlimit(resource.RLIMIT_NOFILE, ({SOFT}, hard))
os.execv(sys.argv[1], sys.argv[1:])
"""


class LimitedSite(Site):
    """A site whose mains start with few descriptors allowed, and many open."""

    def launch(self, name: str, arguments: Sequence[str], home: Path | None = None) -> Process:
        if name not in SIDES:
            return super().launch(name, arguments, home)
        output = self.layout.output / f"{name}.{len(self.leaders)}.txt"
        command = [sys.executable, "-c", _LIMITED, program(arguments[0]), *arguments[1:]]
        self.running[name] = process = Process(name, command, output, home)
        self.leaders.append(process.pid)
        return process


@dataclass
class Crowd:
    """The sessions, each with who called and who was called."""

    site: Site
    ends: list[tuple[ByHand, ByHand]]


@pytest.fixture(scope="module")
def crowd(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    made = open_site(golden, tmp_path_factory.mktemp("crowd") / "run")
    site = LimitedSite(made.layout, made.ports)
    with ExitStack() as stack:
        stack.callback(site.close)
        for launched in (site.launch_api(), site.start_server(), site.launch_client()):
            launched.wait_for(r"ready \S+|SRV-OPEN|CLI-LISTEN")
        yield Crowd(site, [*sessions(site, stack, incoming=True), *sessions(site, stack, incoming=False)])


def sessions(site: Site, stack: ExitStack, *, incoming: bool) -> Iterator[tuple[ByHand, ByHand]]:
    """Open sessions as far as both SSIDs, and leave them alone."""
    partner, ours = Profile(PARTNER_CODE, PASSWORD).offer(), Profile(OUR_CODE, PASSWORD).offer()
    with called_port(site, incoming=incoming) as listener:
        for _ in range(EACH):
            caller, called = map(ByHand, stack.enter_context(meeting_at(listener, site, incoming=incoming)))
            start(caller, called, *((partner, ours) if incoming else (ours, partner)))
            yield caller, called


def mains(site: Site) -> list[int]:
    return [site.running[side].pid for side in SIDES]


def test_each_of_them_has_a_process_and_has_said_its_start_on_both_hosts(crowd: Crowd) -> None:
    site = crowd.site
    assert [len(site.sessions(side)) for side in SIDES] == [BOTH, BOTH]
    for hop, side in (("dmz", "server"), ("inside", "client")):
        assert site.log(side).count("SES-START") == BOTH
        eventually(lambda hop=hop: [said for said, _ in site.journal_rows("SES-START")].count(hop) == BOTH)


def test_none_of_them_wakes_and_hardly_do_the_mains(crowd: Crowd) -> None:
    site = crowd.site
    idle = [seen.pid for side in SIDES for seen in site.sessions(side)]
    watched = [*idle, *mains(site)]
    before = {pid: processes.wake_ups(pid) for pid in watched}
    time.sleep(WATCHED_SECONDS)
    woken = {pid: processes.wake_ups(pid) - before[pid] for pid in watched}
    assert {pid: woken[pid] for pid in idle if woken[pid] > MOST_WAKE_UPS} == {}
    assert {pid: woken[pid] for pid in mains(site) if woken[pid] > MOST_OF_A_MAIN} == {}


def test_each_has_the_descriptors_it_needs_and_mains_have_them_over_1024(crowd: Crowd) -> None:
    site = crowd.site
    for seen in (*site.sessions("server"), *site.sessions("client")):
        assert kinds(processes.descriptors(seen.pid)) == OF_A_SESSION, seen
    for main in mains(site):
        own = {number: what for number, what in processes.descriptors(main).items() if not SOFT <= number < TAKEN}
        found = kinds(own)
        assert found["socket"] >= BOTH, "a line for each"
        assert found["anon_inode"] >= BOTH, "a pidfd for each"
        assert len([number for number in own if number >= TAKEN]) >= 2 * BOTH - SOFT


def kinds(found: dict[int, str]) -> Counter[str]:
    """Return how many sockets, anonymous inodes (pidfd, epoll, eventfd) and files there are."""
    kind = {"socket:": "socket", "anon_inode:": "anon_inode"}
    return Counter(kind.get(what.partition("[")[0], "file") for what in found.values())


def test_all_end_in_order_and_within_the_limit_when_the_mains_are_told_to(crowd: Crowd) -> None:
    """The last test of the module: nothing is left after it."""
    site, began = crowd.site, time.monotonic()
    for side in ("client", "server"):
        site.running[side].stop()
    for end in (end for ends in crowd.ends for end in ends):
        heard = end.receive()
        assert isinstance(heard, c.EndSession)
        assert heard.reason == EndReason.EMERGENCY_CLOSE
        end.wire.end()
    for side in SIDES:
        eventually(lambda side=side: site.running[side].ended() is not None, DRAIN_SECONDS + OBEY_SECONDS)
        assert site.running[side].ended() == 0
        assert site.log(side).count("SES-END") == BOTH
        assert "SES-KILLED" not in site.log(side)
    assert time.monotonic() - began < DRAIN_SECONDS + OBEY_SECONDS
    site.gone("seon_proxy")
