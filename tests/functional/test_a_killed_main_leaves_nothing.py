"""A main that dies takes its sessions along within the limit: no session outlives it unseen."""

import signal

import pytest

from functional.harness import DRAIN_SECONDS, Site
from functional.peers import HeldTransfer
from functional.processes import eventually, kill
from seon.net.pump import CLOSING_SECONDS, HALF_CLOSED_SECONDS

LAST_WORDS_SECONDS = 5
"""What a session process waits for a main that does not acknowledge its last events."""


@pytest.mark.parametrize("side", ["server", "client"])
def test_killing_a_main_ends_its_sessions_within_the_limit_and_leaves_nothing(site: Site, side: str) -> None:
    site.start()
    with HeldTransfer(site), HeldTransfer(site, incoming=False):
        eventually(lambda: len(site.sessions(side)) == 2)
        kill(site.running[side].pid, signal.SIGKILL)
        site.gone("seon_proxy" if side == "server" else "seon_proxyclient2", 2 * (DRAIN_SECONDS + LAST_WORDS_SECONDS))
        eventually(lambda: not site.sessions("server"), HALF_CLOSED_SECONDS + CLOSING_SECONDS + 10)
    eventually(lambda: [seen for seen in site.processes() if seen.state == "Z" and seen.pid not in site.leaders] == [])
