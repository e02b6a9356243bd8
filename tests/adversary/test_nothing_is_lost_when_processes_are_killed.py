"""Processes are killed under load, in any order, and started again: what was acknowledged is still there.

Two partners and two send daemons send files all the time. A supervisor starts again what has ended, as systemd does it
with Restart=always: it removes the PID file of a dead process first. The order comes from a seed that is printed;
SEON_SEED=<number> repeats it.
"""

import os
import random
from collections.abc import Iterator

import pytest

from adversary.killing import KINDS, Killing
from functional import conftest as functional
from functional.harness import Site, port_is_open
from functional.processes import eventually
from seon.net.pump import ORDERED_CLOSING_SECONDS

golden = functional.golden
site = functional.site

DRAIN_SECONDS = 1
GONE_SECONDS = DRAIN_SECONDS + ORDERED_CLOSING_SECONDS
"""After so long no session process outlives its main: it is given its time, and closes."""
SETTINGS = {"drain_seconds": DRAIN_SECONDS, "sessions_per_minute": 100_000}


@pytest.fixture
def killing(site: Site) -> Iterator[Killing]:
    """Everything runs and is supervised, and files pass all the time in both directions."""
    seed = int(os.environ.get("SEON_SEED") or random.SystemRandom().randrange(2**32))
    print(f"SEON_SEED={seed}")
    site.seonapi(*(["set", key, str(value)] for key, value in SETTINGS.items()))
    site.start()
    killing = Killing(site, random.Random(seed), GONE_SECONDS)
    try:
        yield killing
    finally:
        killing.load.stop()


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(10, marks=pytest.mark.timeout(110, func_only=True)),
        pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(1_700)]),
    ],
)
def test_what_was_acknowledged_is_there_after_kills_in_random_order(killing: Killing, count: int) -> None:
    random_kinds = killing.rng.choices(KINDS, k=count - len(KINDS))
    for kind in killing.rng.sample([*KINDS, *random_kinds], k=count):
        killing.kill(kind)
    killing.sessions_of_killed_mains_are_gone()
    killing.wait_for_files_both_ways()
    killing.load.stop()
    print(killing.story())

    site, journal = killing.site, killing.journal
    eventually(lambda: not site.sessions("server") and not site.sessions("client"), 30, why="all sessions have ended")
    killing.everything_delivered()
    assert killing.strangers() == [], "each process that is left is supervised, or a child of one that is"
    assert killing.overdue == {}, f"session processes outlived their main by more than {GONE_SECONDS:g} s"
    assert killing.wrong_owners() == {}, "each port belongs to the one program whose it is"
    assert killing.load.damaged == [], "a file whose sender has its receipt is whole at the receiver"
    assert journal.missing(killing.seen) == [], "events that were on disk are not in the journal"
    assert journal.faults() == []
    assert killing.nothing_is_left_after_an_end_in_order() == []


def test_after_all_programs_were_killed_at_once_their_sessions_end_in_time_and_files_pass(killing: Killing) -> None:
    killing.kill_all_programs()
    killing.sessions_of_killed_mains_are_gone()
    killing.wait_for_files_both_ways()
    killing.load.stop()
    assert port_is_open(killing.site.ports.external)
    killing.everything_delivered()
    assert killing.overdue == {}
    assert killing.load.damaged == []
    assert killing.journal.missing(killing.seen) == []
    assert killing.journal.faults() == []


def test_what_waits_for_seonapi_outlives_the_courier_and_its_main(killing: Killing) -> None:
    killing.wait_for_files_both_ways()
    killing.kill_the_courier_while_seonapi_is_away()
    killing.wait_for_files_both_ways()
    killing.load.stop()
    killing.everything_delivered()
    assert killing.journal.missing(killing.seen) == []
    assert killing.journal.faults() == []
