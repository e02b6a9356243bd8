"""The external port is open exactly while a client is linked; the end of the link ends the client (mission A6, A7)."""

import signal
import time

import pytest

from functional.harness import Site, port_is_open
from functional.processes import eventually, kill

EXIT_LINK = 3


@pytest.fixture
def alone(site: Site) -> Site:
    """Seonapi and server, no client yet."""
    site.launch_api().wait_for("ready")
    site.start_server()
    return site


def test_the_port_is_closed_before_the_client_comes_and_open_after(alone: Site) -> None:
    assert port_is_open(alone.ports.internal)
    assert not port_is_open(alone.ports.external)
    alone.start_client()
    alone.wait_open()
    assert port_is_open(alone.ports.external)


def test_killing_the_client_closes_the_port_and_starting_it_again_opens_it(alone: Site) -> None:
    client = alone.start_client()
    alone.wait_open()
    kill(client.pid, signal.SIGKILL)
    began = time.monotonic()
    eventually(lambda: not port_is_open(alone.ports.external), 10)
    assert time.monotonic() - began < 3, "a second is the aim; the machine may be loaded"
    eventually(lambda: client.ended() is not None)
    alone.start_client()
    alone.wait_open()
    assert port_is_open(alone.ports.external)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)
def test_the_end_of_the_server_ends_the_client_with_its_own_status(alone: Site, number: signal.Signals) -> None:
    client = alone.start_client()
    alone.wait_open()
    kill(alone.running["server"].pid, number)
    eventually(lambda: client.ended() is not None, 15)
    assert client.ended() == EXIT_LINK
    assert "the link has ended" in client.last_words()
    alone.running["server"].gone()
    assert not port_is_open(alone.ports.external)
    alone.gone("seon_proxy")


def test_ending_the_client_in_order_closes_the_port_and_the_server_waits_on(alone: Site) -> None:
    alone.start_client()
    alone.wait_open()
    assert alone.stop("client") == 0
    eventually(lambda: not port_is_open(alone.ports.external), 5)
    assert "External port closed: no client is connected" in alone.log("server")
    assert alone.titled("seon_proxyserver2: main, waiting for a client")


@pytest.mark.slow
def test_a_frozen_server_makes_the_client_retry_until_it_thaws(alone: Site) -> None:
    client, server = alone.start_client(), alone.running["server"]
    alone.wait_open()
    kill(server.pid, signal.SIGSTOP)
    client.wait_for("LNK-DOWN .*nothing was heard for 30 s", 60)
    client.wait_for("CLI-NOSERVER", 60)
    assert client.ended() is None
    kill(server.pid, signal.SIGCONT)
    client.wait_for("CLI-LINKED", 60)
    eventually(lambda: port_is_open(alone.ports.external))


def test_a_server_that_comes_late_is_found(site: Site) -> None:
    site.launch_api().wait_for("ready")
    client = site.launch_client()
    client.wait_for("CLI-NOSERVER .*trying again in 1 s")
    site.start_server()
    client.wait_for("CLI-LINKED")
    site.wait_open()
