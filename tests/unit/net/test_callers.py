"""Who calls a plain port inside: a look at its first octets, which stay where they are."""

import socket
import threading
import time

import pytest

from seon.net.callers import await_answer, misdirected
from seon.net.channel import EndOfStream
from seon.net.context import accepting, connecting, link_dialler, link_listener
from seon.net.stream import BlockingTls

HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)
SSID = b"\x10\x00\x00\x41X5O0013COMPANY"
TLS = "it speaks TLS (this port is plain: switch TLS off at the send daemon)"


@pytest.fixture
def call():
    """A connection: the caller's end, and ours."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield theirs, ours


@pytest.mark.parametrize(("octets", "reason"), [
    (HELLO, TLS), (b"GET / HTTP/1.1\r\n\r\n", "it speaks HTTP"), (b"", None), (SSID, None),
])  # fmt: skip
def test_what_a_caller_has_sent_is_looked_at_and_left(call, octets, reason) -> None:
    theirs, ours = call
    theirs.sendall(octets)
    assert misdirected(ours) == reason
    ours.setblocking(False)
    assert misdirected(ours) == reason
    if octets:
        assert ours.recv(1000) == octets


def test_a_caller_that_is_gone_is_left_to_the_session(call) -> None:
    theirs, ours = call
    theirs.close()
    assert misdirected(ours) is None
    ours.close()
    assert misdirected(ours) is None


@pytest.fixture
def link(pair, link_pki):
    """An established link: the server's end, and ours."""
    server = BlockingTls(
        pair[0],
        accepting(link_listener(link_pki.server_chain, link_pki.identity_pem, link_pki.ca_pem).context),
    )
    ours = BlockingTls(
        pair[1],
        connecting(
            link_dialler(link_pki.client_chain, link_pki.client_pem, link_pki.ca_pem).context, b"seon-session/1"
        ),
    )
    thread = threading.Thread(target=server.handshake, args=(time.monotonic() + 10,))
    thread.start()
    ours.handshake(time.monotonic() + 10)
    thread.join()
    return server, ours


def test_the_answer_is_waited_for_and_left(link, call) -> None:
    server, ours = link
    timer = threading.Timer(0.2, server.sendall, [b"joined"])
    timer.start()
    assert await_answer(ours, call[1], time.monotonic() + 10) is None
    assert ours.read_exactly(6, time.monotonic() + 10) == b"joined"


def test_an_answer_that_was_read_with_what_came_before_is_not_waited_for(link, call) -> None:
    server, ours = link
    server.sendall(b"before, joined")
    assert ours.read_exactly(8, time.monotonic() + 10) == b"before, "
    assert await_answer(ours, call[1], time.monotonic() + 10) is None


@pytest.mark.parametrize("delay", [0, 0.2])
def test_a_caller_that_speaks_tls_ends_the_waiting(link, call, delay) -> None:
    timer = threading.Timer(delay, call[0].sendall, [HELLO])
    timer.start()
    assert await_answer(link[1], call[1], time.monotonic() + 10) == TLS
    timer.join()


@pytest.mark.parametrize("early", [SSID, None])
def test_a_caller_that_is_early_or_gone_is_looked_at_once(link, call, early) -> None:
    """Level-triggered readiness would turn the loop round and round: it costs no CPU."""
    if early:
        call[0].sendall(early)
    else:
        call[0].close()
    used = time.process_time()
    with pytest.raises(TimeoutError):
        await_answer(link[1], call[1], time.monotonic() + 0.5)
    assert time.process_time() - used < 0.2


def test_a_link_that_ends_is_told(link, call) -> None:
    server, ours = link
    server.end()
    with pytest.raises(EndOfStream):
        await_answer(ours, call[1], time.monotonic() + 10)


def test_nobody_who_says_anything_meets_the_deadline(link, call) -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        await_answer(link[1], call[1], began + 0.2)
    assert 0.1 < time.monotonic() - began < 2
