"""Dialling: from the right address, to the right one, in time, or with words that say what failed."""

import asyncio
import socket
import time

import pytest

from seon.net import dial as module
from seon.net.dial import DialError, can_bind, dial, dial_literal


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def port_of(sock: socket.socket) -> int:
    return sock.getsockname()[1]


def soon() -> float:
    return time.monotonic() + 5


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::ffff:127.0.0.1"])
def test_a_host_is_reached_by_address_and_by_name(listener, host) -> None:
    with dial(host, port_of(listener), source="", deadline=soon()) as sock, listener.accept()[0] as theirs:
        sock.sendall(b"hello")
        assert theirs.recv(5) == b"hello"


@pytest.mark.parametrize("source", ["127.0.0.9", "::ffff:127.0.0.9"])
def test_the_outgoing_address_is_where_a_connection_comes_from(listener, source) -> None:
    with dial("127.0.0.1", port_of(listener), source=source, deadline=soon()):
        theirs, peer = listener.accept()
        theirs.close()
    assert peer[0] == "127.0.0.9"


def test_an_outgoing_address_of_another_kind_is_said_to_be_so(listener) -> None:
    with pytest.raises(DialError, match=r"no address of the same kind as the outgoing address ::1"):
        dial("127.0.0.1", port_of(listener), source="::1", deadline=soon())


def test_an_outgoing_address_that_is_not_here_is_an_error(listener) -> None:
    with pytest.raises(DialError, match="cannot assign"):
        dial("127.0.0.1", port_of(listener), source="192.0.2.1", deadline=soon())


def test_a_closed_port_is_refused_in_words(listener) -> None:
    port = port_of(listener)
    listener.close()
    with pytest.raises(DialError, match=f"127.0.0.1 port {port} cannot be reached: connection refused"):
        dial("127.0.0.1", port, source="", deadline=soon())


def test_a_name_that_nobody_knows_is_said_to_be_so() -> None:
    with pytest.raises(DialError, match="cannot be resolved"):
        dial("no-such-host.invalid", 1, source="", deadline=soon())


@pytest.mark.parametrize("name", ["a" * 300, "a..b", "bad\0name"])
def test_a_name_that_is_none_is_a_dial_error(name) -> None:
    """The session process reports it like every other failure."""
    with pytest.raises(DialError):
        dial(name, 1, source="", deadline=soon())


def test_a_host_that_does_not_answer_meets_the_deadline() -> None:
    with socket.socket() as full:  # a listener whose backlog is full answers nothing
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        callers = []
        for _ in range(3):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
            callers.append(caller)
        began = time.monotonic()
        with pytest.raises(DialError, match="no answer in time"):
            dial("127.0.0.1", port_of(full), source="", deadline=began + 0.3)
        assert time.monotonic() - began < 3
        for caller in callers:
            caller.close()


def test_every_address_of_a_name_is_tried(listener, monkeypatch) -> None:
    entries = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port_of(listener)))
        for address in ("127.0.0.7", "127.0.0.1")
    ]
    monkeypatch.setattr(module.socket, "getaddrinfo", lambda *_, **__: entries)
    with dial("several.example", 0, source="", deadline=soon()) as sock:
        assert sock.getpeername()[0] == "127.0.0.1"


def test_a_main_dials_literal_addresses(listener) -> None:
    async def play() -> None:
        sock = await dial_literal("::ffff:127.0.0.1", port_of(listener))
        assert not sock.getblocking()
        assert sock.getpeername()[0] == "127.0.0.1"
        sock.close()

    asyncio.run(play())


def test_a_main_leaves_no_socket_behind_where_nobody_listens(listener) -> None:
    port = port_of(listener)
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        asyncio.run(dial_literal("127.0.0.1", port))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.55", "::ffff:127.0.0.1"])
def test_an_address_of_this_host_can_be_come_from(address) -> None:
    assert can_bind(address) is None


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_an_address_of_another_host_cannot(address) -> None:
    assert can_bind(address)
