"""The plan of a dial (RFC 8305), and the race of its attempts: the first to connect wins, the others leave nothing."""

import contextlib
import errno
import os
import resource
import socket
import time
from pathlib import Path

import pytest

from seon.net import race as module
from seon.net.failures import DialError, Stage
from seon.net.race import DELAY_SECONDS, MOST, Place, Race, place_of, plan
from unit.net.vanishing import Vanishing

ALLOWED_SECONDS = 3 * 2
"""A first address whose packets vanish may cost 2 s; three times that on a machine that has other things to do."""


def places(*addresses: str) -> list[Place]:
    return [place_of(address, 3305) for address in addresses]


def order(*addresses: str, source: str = "") -> list[str]:
    return [place.address for place in plan(places(*addresses), 10, source).places]


# --- the plan ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("found", "planned"), [
    ("", ""),
    ("192.0.2.1", "192.0.2.1"),
    ("2001:db8::1 2001:db8::2 192.0.2.1 192.0.2.2", "2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2"),
    ("192.0.2.1 192.0.2.2 192.0.2.3 2001:db8::1", "192.0.2.1 2001:db8::1 192.0.2.2 192.0.2.3"),
    ("192.0.2.1 192.0.2.1 ::ffff:192.0.2.1", "192.0.2.1"),
])  # fmt: skip
def test_families_take_turns_beginning_with_the_first(found, planned) -> None:
    assert order(*found.split()) == planned.split()


@pytest.mark.parametrize(("source", "planned"), [
    ("192.0.2.9", ["192.0.2.1", "192.0.2.2"]),
    ("::ffff:192.0.2.9", ["192.0.2.1", "192.0.2.2"]),
    ("2001:db8::9", ["2001:db8::1"]),
])  # fmt: skip
def test_only_addresses_of_the_kind_of_the_outgoing_one_are_tried(source, planned) -> None:
    assert order("2001:db8::1", "192.0.2.1", "192.0.2.2", source=source) == planned


def test_a_name_with_very_many_addresses_costs_no_more_than_so_many_descriptors() -> None:
    assert len(order(*(f"192.0.2.{n}" for n in range(200)))) == MOST


@pytest.mark.parametrize(("count", "seconds", "delay"), [
    (1, 30, DELAY_SECONDS), (16, 30, DELAY_SECONDS), (3, 0.4, 0.1), (15, 1.6, 0.1), (2, -1, 0),
])  # fmt: skip
def test_each_address_has_its_share_of_the_time(count, seconds, delay) -> None:
    made = plan(places(*(f"192.0.2.{n}" for n in range(count))), seconds)
    assert made.delay == pytest.approx(delay)


def test_an_ipv6_place_keeps_its_scope() -> None:
    assert place_of("fe80::1%eth0", 3305, 2) == Place("fe80::1", socket.AF_INET6, ("fe80::1", 3305, 0, 2))


# --- the race ---------------------------------------------------------------------------------------------------------


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def run(*found: tuple[str, int], seconds: float = ALLOWED_SECONDS + 5, source: str = "") -> socket.socket:
    """Race to these addresses and ports; the winner's socket is the only one left."""
    before = descriptors()
    planned = plan([place_of(*each) for each in found], seconds, source)
    with Race("partner.example:3305", planned, time.monotonic() + seconds, source) as race:
        while (sock := race.step()) is None:
            race.wait()
    assert descriptors() == before + 1
    return sock


@pytest.fixture
def listening():
    """Open a listener on an address, and on a port of choice."""
    with contextlib.ExitStack() as opened:

        def listen(address: str, port: int = 0) -> socket.socket:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            return opened.enter_context(socket.create_server((address, port), family=family))

        yield listen


def port_of(sock: socket.socket) -> int:
    return sock.getsockname()[1]


@pytest.mark.parametrize(("vanishing", "other"), [
    ("127.0.0.7", "::1"), ("::1", "127.0.0.7"), ("127.0.0.7", "127.0.0.8"),
])  # fmt: skip
def test_a_first_address_whose_packets_vanish_costs_a_moment(listening, vanishing, other) -> None:
    with Vanishing(vanishing) as lost:
        listener = listening(other, lost.port)
        began = time.monotonic()
        with run((vanishing, lost.port), (other, lost.port)) as sock:
            assert time.monotonic() - began < ALLOWED_SECONDS
            assert sock.getpeername()[:2] == (other, port_of(listener))
            assert not sock.getblocking()


def test_while_the_first_may_still_answer_the_next_waits_for_its_turn(listening) -> None:
    with Vanishing("127.0.0.7") as lost:
        listener = listening("127.0.0.8", lost.port)
        began = time.monotonic()
        run(("127.0.0.7", lost.port), ("127.0.0.8", port_of(listener))).close()
        assert time.monotonic() - began >= DELAY_SECONDS * 0.9


def test_the_next_starts_at_once_when_one_fails(listening, monkeypatch) -> None:
    monkeypatch.setattr(module, "DELAY_SECONDS", 60)
    listener = listening("127.0.0.8")
    refused = [(f"127.0.0.{n}", port_of(listener)) for n in (20, 21, 22)]
    began = time.monotonic()
    run(*refused, ("127.0.0.8", port_of(listener)), seconds=100).close()
    assert time.monotonic() - began < 3


def test_one_of_two_that_connect_wins_and_the_other_is_closed(listening, monkeypatch) -> None:
    monkeypatch.setattr(module, "DELAY_SECONDS", 0)
    listeners = {port_of(sock): sock for sock in (listening("127.0.0.7"), listening("127.0.0.8"))}
    with run(*(sock.getsockname() for sock in listeners.values())) as sock:
        del listeners[sock.getpeername()[1]]
        (other,) = listeners.values()
        other.settimeout(1)
        with contextlib.suppress(TimeoutError, ConnectionError), other.accept()[0] as loser:
            loser.settimeout(5)
            assert loser.recv(1) == b""


def lost(*found: tuple[str, int], seconds: float = 5, source: str = "") -> DialError:
    before = descriptors()
    with pytest.raises(DialError) as error:
        run(*found, seconds=seconds, source=source)
    assert descriptors() == before, "nothing is left behind"
    assert error.value.stage is Stage.CONNECT
    return error.value


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return port_of(sock)


def test_addresses_that_fail_differently_are_all_named() -> None:
    with Vanishing("127.0.0.7") as silent:
        error = lost(("127.0.0.7", silent.port), ("::1", closed_port()), ("127.0.0.9", closed_port()), seconds=1)
    assert error.cause == (
        "refused by ::1, 127.0.0.9 (nothing listens on that port); no answer from 127.0.0.7 within 1 s (a firewall?)"
    )


def test_all_silent_addresses_are_named_at_the_deadline() -> None:
    with Vanishing("127.0.0.7") as four, Vanishing("::1", four.port):
        began = time.monotonic()
        error = lost(("127.0.0.7", four.port), ("::1", four.port), seconds=2)
        assert 1.5 < time.monotonic() - began < ALLOWED_SECONDS
    assert error.cause == "no answer from 127.0.0.7, ::1 within 2 s (a firewall?)"


def test_an_outgoing_address_that_this_host_has_not_got_is_named() -> None:
    error = lost(("127.0.0.1", closed_port()), source="192.0.2.1")
    assert error.cause == "the outgoing address 192.0.2.1 cannot be used: cannot assign requested address"


def test_a_family_that_is_switched_off_is_a_failed_attempt_and_no_more(listening, monkeypatch) -> None:
    listener = listening("127.0.0.8")
    real = socket.socket

    def four_only(family=socket.AF_INET, *rest, **named):
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
        return real(family, *rest, **named)

    monkeypatch.setattr(module.socket, "socket", four_only)
    run(("::1", 1), ("127.0.0.8", port_of(listener))).close()
    assert "address family not supported by protocol for ::1" in lost(("::1", 1), ("127.0.0.1", 1)).cause


@pytest.fixture
def over_1024():
    """Hold so many descriptors that further ones have numbers that select.select cannot take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    with Path(os.devnull).open() as first:
        held = [os.dup(first.fileno()) for _ in range(1050)]
        yield
        for number in held:
            os.close(number)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_descriptors_over_1024_are_waited_for(over_1024, listening) -> None:
    with Vanishing("127.0.0.7") as lost:
        listener = listening("127.0.0.8", lost.port)
        with run(("127.0.0.7", lost.port), ("127.0.0.8", port_of(listener))) as sock:
            assert sock.fileno() > 1024
