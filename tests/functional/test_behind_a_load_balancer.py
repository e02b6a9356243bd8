"""Behind a load balancer the partner's own address counts everywhere, and nobody else can claim one."""

import contextlib
import re
import socket
from pathlib import Path

import pytest

from functional.balancer import ADDRESS, LOCAL, Balancer, header, to_server
from functional.harness import Site
from functional.peers import BROKEN, Partner
from functional.processes import eventually
from seon.cli.quickstart.installation import PARTNER

INSIDE, OUTSIDE = "192.0.2.7", "203.0.113.7"


@pytest.fixture(scope="module")
def balanced(running: Site) -> Site:
    """A site that knows a balancer, and a partner that may come from one network only, which is not the balancer's."""
    running.seonapi(["set", "load_balancers", ADDRESS], ["partner", "network", "add", PARTNER, "192.0.2.0/24"])
    running.in_force()
    return running


def read_to_end(sock: socket.socket) -> bytes:
    heard = b""
    with sock, contextlib.suppress(ConnectionError):
        while octets := sock.recv(65_536):
            heard += octets
    return heard


def test_a_partner_comes_in_by_its_own_address(balanced: Site, tmp_path: Path) -> None:
    file = tmp_path / "ENGDAT"
    file.write_bytes(b"x" * 100_000)
    with Balancer(balanced.ports.external, INSIDE) as balancer:
        sent = balanced.send_in([file], port=balancer.port)
    assert sent.status == 0, sent.output
    started = rf"SES-START .*{re.escape(INSIDE)}:40000"
    eventually(lambda: re.search(started, balanced.log("server")), why=started)


def test_a_partner_of_another_network_is_refused_and_named_by_its_address(balanced: Site) -> None:
    with Balancer(balanced.ports.external, OUTSIDE) as balancer, contextlib.suppress(*BROKEN):
        with Partner(balanced, port=balancer.port) as partner:
            partner.receive()
        raise AssertionError("it was let in")
    refused = rf"ADM-(NETWORK|REFUSED) .*from {re.escape(OUTSIDE)}:40000 to 198\.51\.100\.1:6619"
    eventually(lambda: re.search(refused, balanced.log("server")), why=refused)


def test_a_health_check_leaves_no_trace(balanced: Site) -> None:
    before = balanced.log("server")
    to_server(balanced.ports.external, b"").close()
    assert read_to_end(to_server(balanced.ports.external, LOCAL)) == b""
    assert read_to_end(to_server(balanced.ports.external, header(INSIDE, 1)[:20])) == b"", "this one is refused"
    eventually(lambda: "ADM-TLS" in balanced.log("server")[len(before) :], why="the refusal, after the two")
    assert balanced.log("server")[len(before) :].count("ADM-") == 1


def test_a_balancer_that_does_not_say_for_whom_it_speaks_is_refused(balanced: Site) -> None:
    sock = to_server(balanced.ports.external, b"\x16\x03\x01\x00\x05hello")
    port = sock.getsockname()[1]
    assert read_to_end(sock) == b""
    refused = rf"ADM-TLS .*from {re.escape(ADDRESS)}:{port} .*must begin with the PROXY protocol"
    eventually(lambda: re.search(refused, balanced.log("server")), why=refused)


def test_who_is_no_balancer_cannot_claim_an_address(balanced: Site) -> None:
    sock = to_server(balanced.ports.external, header(INSIDE, 4_711), source="127.0.0.3")
    port = sock.getsockname()[1]
    read_to_end(sock)
    eventually(
        lambda: re.search(rf"ADM-TLS .*from 127\.0\.0\.3:{port} ", balanced.log("server")), why="refused as itself"
    )
    assert f"{INSIDE}:4711" not in balanced.log("server")
