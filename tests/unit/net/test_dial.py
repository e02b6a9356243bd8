"""Dialling: from the right address, to the right one, in time. What is said of failures: test_failures.py."""

import asyncio
import socket
import time
from pathlib import Path

import pytest

from seon.net import dial as module
from seon.net.context import accepting, connecting, link_dialler, link_listener, partner_dialler, partner_listener
from seon.net.dial import DialError, Stage, can_bind, dial, dial_addresses, secure, secured
from seon.net.stream import AsyncTls
from unit.net import answering as peer
from unit.net.answering import answering
from unit.net.vanishing import Vanishing

ALLOWED_SECONDS = 3 * 2
"""A first address whose packets vanish may cost 2 s; three times that on a machine that has other things to do."""


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def port_of(sock: socket.socket) -> int:
    return sock.getsockname()[1]


def soon(seconds: float = 20) -> float:
    return time.monotonic() + seconds


@pytest.fixture
def named(monkeypatch):
    """Let partner.example have these addresses, as a resolver gives them."""

    def name(*addresses: str) -> None:
        def resolve(host: str, port: int, **_: object) -> list[tuple]:
            assert host == "partner.example"
            return [
                (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (each, port, 0, 0))
                if ":" in each
                else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
                for each in addresses
            ]

        monkeypatch.setattr(module.socket, "getaddrinfo", resolve)

    return name


# --- in a session process ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::ffff:127.0.0.1"])
def test_a_host_is_reached_by_address_and_by_name(listener, host) -> None:
    with dial(host, port_of(listener), deadline=soon()) as sock, listener.accept()[0] as theirs:
        assert sock.getblocking()
        assert sock.gettimeout() is None
        sock.sendall(b"hello")
        assert theirs.recv(5) == b"hello"


@pytest.mark.parametrize("source", ["127.0.0.9", "::ffff:127.0.0.9"])
def test_the_outgoing_address_is_where_a_connection_comes_from(listener, source) -> None:
    with dial("127.0.0.1", port_of(listener), source=source, deadline=soon()):
        theirs, caller = listener.accept()
        theirs.close()
    assert caller[0] == "127.0.0.9"


@pytest.mark.parametrize(("found", "other"), [
    (["127.0.0.7", "::1"], "::1"), (["::1", "127.0.0.7"], "127.0.0.7"), (["127.0.0.7", "127.0.0.8"], "127.0.0.8"),
])  # fmt: skip
def test_a_first_address_whose_packets_vanish_costs_a_moment_and_the_other_is_reached(named, found, other) -> None:
    named(*found)
    family = socket.AF_INET6 if ":" in other else socket.AF_INET
    with Vanishing(found[0]) as lost, socket.create_server((other, lost.port), family=family):
        began = time.monotonic()
        with dial("partner.example", lost.port, deadline=soon(30)) as sock:
            assert time.monotonic() - began < ALLOWED_SECONDS
            assert sock.getpeername()[0] == other


def test_an_outgoing_address_chooses_the_family(named, listener) -> None:
    named("::1", "127.0.0.1")
    with dial("partner.example", port_of(listener), source="127.0.0.1", deadline=soon()) as sock:
        assert sock.getpeername()[0] == "127.0.0.1"


@pytest.mark.parametrize(("addresses", "source", "kind"), [
    (["::1"], "127.0.0.1", "IPv4"), (["127.0.0.1"], "::1", "IPv6"),
])  # fmt: skip
def test_an_outgoing_address_of_another_kind_is_said_to_be_so(named, addresses, source, kind) -> None:
    named(*addresses)
    with pytest.raises(DialError) as error:
        dial("partner.example", 3305, source=source, deadline=soon())
    words = f"partner.example:3305: name: it has no {kind} address, and is to be dialled from {source}"
    assert str(error.value) == words


def test_every_address_that_failed_is_named(named, listener) -> None:
    named("127.0.0.7", "::1")
    with pytest.raises(DialError) as error:
        dial("partner.example", port_of(listener), deadline=soon())
    words = "connect: refused by 127.0.0.7, ::1 (nothing listens on that port)"
    assert str(error.value) == f"partner.example:{port_of(listener)}: {words}"


def test_a_closed_port_of_an_address_is_refused_in_words(listener) -> None:
    port = port_of(listener)
    listener.close()
    with pytest.raises(DialError) as error:
        dial("::1", port, deadline=soon())
    assert str(error.value) == f"[::1]:{port}: connect: refused (nothing listens on that port)"


@pytest.mark.parametrize(("name", "words"), [
    ("no-such-host.invalid", "(unknown|no name server)"),
    ("a" * 300, "it is no possible host name"),
    ("a..b", "it is no possible host name"),
    ("bad\0name", "unknown"),
])  # fmt: skip
def test_a_name_that_nobody_knows_or_is_none_is_said_to_be_so(name, words) -> None:
    """The session process reports it like every other failure."""
    with pytest.raises(DialError, match=f":1: name: {words}"):
        dial(name, 1, deadline=soon())


def test_a_host_that_does_not_answer_meets_the_deadline() -> None:
    with Vanishing("127.0.0.1") as lost:
        began = time.monotonic()
        with pytest.raises(DialError) as error:
            dial("127.0.0.1", lost.port, deadline=began + 0.5)
        assert time.monotonic() - began < 3
    assert str(error.value) == f"127.0.0.1:{lost.port}: connect: no answer within 0.5 s (a firewall?)"


def test_a_resolver_that_takes_all_the_time_is_named(named, listener) -> None:
    named("127.0.0.1")
    with pytest.raises(DialError, match="name: the resolver took all of the time"):
        dial("partner.example", port_of(listener), deadline=time.monotonic() - 0.1)


# --- in a main --------------------------------------------------------------------------------------------------------


def test_a_main_dials_literal_addresses(listener) -> None:
    async def play() -> None:
        sock = await dial_addresses("dmz", ["::ffff:127.0.0.1"], port_of(listener), deadline=soon())
        assert not sock.getblocking()
        assert sock.getpeername()[0] == "127.0.0.1"
        sock.close()

    asyncio.run(play())


@pytest.mark.parametrize(("first", "other"), [("127.0.0.7", "::1"), ("::1", "127.0.0.7")])
def test_a_main_loses_a_moment_by_an_address_whose_packets_vanish_and_goes_on_meanwhile(first, other) -> None:
    async def play(port: int) -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        ticking = asyncio.create_task(tick())
        began = time.monotonic()
        sock = await dial_addresses("dmz", [first, other], port, deadline=soon(30))
        assert time.monotonic() - began < ALLOWED_SECONDS
        assert sock.getpeername()[0] == other
        sock.close()
        ticking.cancel()
        assert ticks > 3, "the main's loop was held up"

    family = socket.AF_INET6 if ":" in other else socket.AF_INET
    with Vanishing(first) as lost, socket.create_server((other, lost.port), family=family):
        asyncio.run(play(lost.port))


def descriptors() -> set[str]:
    return {each.name for each in Path("/proc/self/fd").iterdir()}


def test_a_main_that_gives_up_leaves_nothing_behind() -> None:
    async def play(port: int) -> None:
        before = descriptors()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await dial_addresses("dmz", ["127.0.0.7", "127.0.0.9"], port, deadline=soon())
        assert len(descriptors()) == len(before)

    with Vanishing("127.0.0.7") as lost, Vanishing("127.0.0.9", lost.port):
        asyncio.run(play(lost.port))


@pytest.mark.parametrize(("found", "words"), [
    ([], "dmz:{port}: name: unknown (is it spelt right? does this host's resolver know it?)"),
    (["127.0.0.1", "::1"], "dmz:{port}: connect: refused by 127.0.0.1, ::1 (nothing listens on that port)"),
])  # fmt: skip
def test_why_a_main_does_not_reach_its_server_is_named(listener, found, words) -> None:
    port = port_of(listener)
    listener.close()
    with pytest.raises(DialError) as error:
        asyncio.run(dial_addresses("dmz", found, port, deadline=soon()))
    assert str(error.value) == words.format(port=port)


# --- TLS --------------------------------------------------------------------------------------------------------------


def test_tls_is_awaited_in_a_loop(pair, ours, partner) -> None:
    answers = accepting(partner_listener(ours.pem, ours.key_pem, lambda _: True).context)
    asks = connecting(partner_dialler(partner.pem, partner.key_pem, lambda _: True).context)

    async def play() -> None:
        for sock in pair:
            sock.setblocking(False)
        one = AsyncTls(pair[0], answers)
        _, two = await asyncio.gather(one.handshake(), secured(pair[1], asks, "dmz:2878", deadline=soon()))
        await two.write(b"hello")
        assert await one.read_exactly(5) == b"hello"

    asyncio.run(play())


@pytest.mark.parametrize(("act", "words"), [
    (peer.answers(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "TLS: what answers there speaks HTTP, no TLS"),
    (peer.silent, "TLS: no answer within 0.5 s (is that a TLS port?)"),
])  # fmt: skip
def test_why_tls_failed_in_a_loop_is_named_and_the_socket_closed(link_pki, act, words) -> None:
    dialler = link_dialler(link_pki.client_chain, link_pki.client_pem, link_pki.ca_pem)

    async def play(port: int) -> None:
        sock = await dial_addresses("dmz", ["127.0.0.1"], port, deadline=soon())
        with pytest.raises(DialError) as error:
            await secured(sock, connecting(dialler.context, b"seon-control/1"), "dmz:2878", deadline=soon(0.5))
        assert str(error.value) == f"dmz:2878: {words}"
        assert sock.fileno() == -1

    with answering(act) as port:
        asyncio.run(play(port))


def test_a_server_of_another_installation_is_named_by_its_certificate(pair, link_pki, other_link_pki) -> None:
    answers = accepting(
        link_listener(other_link_pki.server_chain, other_link_pki.identity_pem, other_link_pki.ca_pem).context
    )
    asks = connecting(
        link_dialler(link_pki.client_chain, link_pki.client_pem, link_pki.ca_pem).context, b"seon-control/1"
    )

    async def play() -> None:
        for sock in pair:
            sock.setblocking(False)
        one = AsyncTls(pair[0], answers)
        with pytest.raises(DialError) as error:
            await asyncio.gather(secured(pair[1], asks, "dmz:2878", deadline=soon()), one.handshake())
        assert error.value.stage is Stage.CERTIFICATE

    asyncio.run(play())


def test_who_gives_up_in_the_handshake_leaves_no_socket(pair, link_pki) -> None:
    dialler = link_dialler(link_pki.client_chain, link_pki.client_pem, link_pki.ca_pem)
    pair[1].setblocking(False)

    async def play() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await secured(pair[1], connecting(dialler.context), "dmz:2878", deadline=soon())
        assert pair[1].fileno() == -1

    asyncio.run(play())


def test_a_blocking_handshake_goes_through(ours, partner) -> None:
    act = peer.TlsPeer(partner, version=0).then(lambda connection: connection.sendall(b"hello"))
    asks = connecting(partner_dialler(ours.pem, ours.key_pem, lambda _: True).context)
    with answering(act) as port, dial("127.0.0.1", port, deadline=soon()) as sock:
        tls = secure(sock, asks, "x", deadline=soon())
        assert tls.read_exactly(5, soon()) == b"hello"


# --- addresses of this host -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.55", "::ffff:127.0.0.1"])
def test_an_address_of_this_host_can_be_come_from(address) -> None:
    assert can_bind(address) is None


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_an_address_of_another_host_cannot(address) -> None:
    assert can_bind(address)
