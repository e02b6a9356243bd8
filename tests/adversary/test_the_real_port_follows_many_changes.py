"""The real programs under 25 changes of the external port in quick succession, while the client is killed and comes
again: open where it is to be, only there, and only with a client."""

import random
import signal
from itertools import pairwise

from functional.harness import Site, _free_ports, port_is_open
from functional.processes import eventually, kill

CHANGES = 25
SEED = 8


def test_the_real_port_follows_25_changes_with_the_client_killed_in_between(site: Site) -> None:
    choice = random.Random(SEED)
    site.launch_api().wait_for("ready")
    site.start_server()
    site.start_client()
    site.wait_open()
    candidates = [site.ports.external, *_free_ports(3)]
    for count in (CHANGES // 2, CHANGES - CHANGES // 2):
        wanted = [choice.choice(candidates) for _ in range(count)]
        site.seonapi(*(["set", "external_port", str(port)] for port in wanted))
        site.in_force()
        open_are(candidates, {wanted[-1]})
        kill_client(site)
        open_are(candidates, set())
        site.start_client()
        open_are(candidates, {wanted[-1]})
    log = site.log("server")
    codes = [code for line in log.splitlines() for code in ("SRV-OPEN", "SRV-CLOSED") if f" {code} " in line]
    assert all(one != two for one, two in pairwise(codes))
    assert "SRV-PORT" not in log
    assert "SRV-FAULT" not in log


def open_are(candidates: list[int], wanted: set[int]) -> None:
    """Wait until these are open and no others."""
    eventually(lambda: {port for port in candidates if port_is_open(port)} == wanted, 5, why=f"{wanted} is open")


def kill_client(site: Site) -> None:
    """Kill the client, and remove its PID file as a service manager does."""
    client = site.running["client"]
    kill(client.pid, signal.SIGKILL)
    eventually(lambda: client.ended() is not None)
    (site.layout.client / "seon_proxyclient2.pid").unlink()
