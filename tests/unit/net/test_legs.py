"""The two ends of a session: what the kernel does not take is kept, in order; what was decrypted is not left behind."""

import contextlib
import secrets
import socket
import time

import pytest

from seon.net.buffers import Buffer
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import accepting, connecting, partner_dialler, partner_listener
from seon.net.legs import PLAIN_SIZE, PlainLeg, TlsLeg
from seon.net.stream import BlockingTls

BIG = 1024 * 1024


def narrow(*sockets: socket.socket) -> None:
    """Let the kernel hold little, so that a write cannot be taken whole."""
    for sock in sockets:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)


def filled(octets: bytes) -> Buffer:
    buffer = Buffer(max(1, len(octets)))
    buffer.view[:] = octets
    return buffer


def collect(leg, peer, size: int) -> bytes:
    """Read `size` octets at the peer (a function that returns some), flushing the leg in between."""
    octets = b""
    until = time.monotonic() + 20
    while len(octets) < size and time.monotonic() < until:
        leg.flush()
        with contextlib.suppress(TimeoutError, BlockingIOError):
            octets += peer()
    return octets


def read_some(leg, buffer: Buffer, start: int = 0) -> int:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if got := leg.read(buffer, start):
            return got
    raise AssertionError("nothing came")


# --- plain ------------------------------------------------------------------------------------------------------------


def test_plain_octets_go_both_ways(pair) -> None:
    leg, buffer = PlainLeg(pair[0]), Buffer(PLAIN_SIZE)
    assert leg.read(buffer, 0) == 0, "nothing there is no error"
    pair[1].sendall(b"there")
    assert read_some(leg, buffer, 3) == 5
    assert buffer.memory[3:8] == b"there"
    leg.write(buffer, 3, 8)
    leg.write_octets(b" and back")
    assert collect(leg, lambda: pair[1].recv(100), 14) == b"there and back"


def test_what_the_kernel_does_not_take_is_kept_in_order(pair) -> None:
    narrow(*pair)
    leg, octets = PlainLeg(pair[0]), secrets.token_bytes(BIG)
    leg.write(filled(octets), 0, BIG)
    leg.write_octets(b"behind it")
    assert leg.unsent
    assert collect(leg, lambda: pair[1].recv(65_536), BIG + 9) == octets + b"behind it"
    assert not leg.unsent


def test_finish_ends_the_direction_only_behind_what_waits(pair) -> None:
    narrow(*pair)
    leg, octets = PlainLeg(pair[0]), secrets.token_bytes(BIG)
    leg.write(filled(octets), 0, BIG)
    leg.finish()
    assert collect(leg, lambda: pair[1].recv(65_536), BIG) == octets
    leg.flush()
    assert pair[1].recv(1) == b""
    pair[1].sendall(b"the other direction is open")
    assert read_some(leg, Buffer(PLAIN_SIZE)) == 27


def test_the_end_of_a_plain_peer_is_a_clean_end(pair) -> None:
    leg = PlainLeg(pair[0])
    pair[1].shutdown(socket.SHUT_WR)
    time.sleep(0.01)
    with pytest.raises(EndOfStream) as end:
        leg.read(Buffer(PLAIN_SIZE), 0)
    assert end.value.clean


def test_a_leg_that_is_broken_can_be_finished(pair) -> None:
    leg = PlainLeg(pair[0])
    pair[1].close()
    pair[0].close()
    leg.finish()


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def tls(pair, ours, partner, shake):
    """A leg and the peer that talks to it."""
    one = accepting(partner_listener(ours.pem, ours.key_pem, lambda _: True).context)
    two = connecting(partner_dialler(partner.pem, partner.key_pem, lambda _: True).context)
    shake(one, two)
    peer = BlockingTls(pair[1], two)
    return TlsLeg(pair[0], BlockingTls(pair[0], one).channel), peer


def test_tls_octets_go_both_ways(tls) -> None:
    leg, peer = tls
    buffer = Buffer(PLAIN_SIZE)
    assert leg.read(buffer, 0) == 0
    peer.sendall(b"there")
    assert read_some(leg, buffer, 3) == 5
    leg.write(buffer, 3, 8)
    leg.write_octets(b" and back")
    assert collect(leg, lambda: bytes(peer.receive()), 14) == b"there and back"


def test_octets_that_came_with_the_handshake_are_the_first_to_be_read(pair, ours, partner, shake, carry_octets) -> None:
    """They are in OpenSSL already: no readiness of the socket will ever announce them."""
    one = accepting(partner_listener(ours.pem, ours.key_pem, lambda _: True).context)
    two = connecting(partner_dialler(partner.pem, partner.key_pem, lambda _: True).context)
    shake(one, two)
    two.send(b"early")
    carry_octets(two, one)
    leg, buffer = TlsLeg(pair[0], BlockingTls(pair[0], one).channel), Buffer(PLAIN_SIZE)
    assert leg.pending
    assert leg.read(buffer, 0) == 5
    assert buffer.memory[:5] == b"early"
    assert not leg.pending


def test_tls_records_the_kernel_does_not_take_are_kept(tls, pair) -> None:
    narrow(*pair)
    leg, peer = tls
    octets = secrets.token_bytes(BIG)
    leg.write(filled(octets), 0, BIG)
    leg.write_octets(b"behind it")
    assert leg.unsent
    pair[1].settimeout(0.01)
    assert collect(leg, lambda: bytes(peer.receive()), BIG + 9) == octets + b"behind it"
    assert not leg.unsent


def test_one_read_leaves_nothing_decrypted_behind(tls) -> None:
    """A buffer with PLAIN_SIZE free octets takes all of one read: the rest would wait until the peer sends more."""
    leg, peer = tls
    buffer, octets, got = Buffer(PLAIN_SIZE), secrets.token_bytes(200_000), b""
    peer.sendall(octets)
    leg.read(buffer, 0)
    while len(got) < len(octets):
        length = read_some(leg, buffer)
        got += bytes(buffer.view[:length])
        assert leg.channel.read(buffer, 0, buffer.size) == 0
    assert got == octets


def test_tls_finish_says_close_notify_behind_what_waits(tls, pair) -> None:
    narrow(*pair)
    leg, peer = tls
    leg.write(filled(bytes(BIG)), 0, BIG)
    leg.finish()
    leg.finish()
    pair[1].settimeout(0.01)
    assert collect(leg, lambda: bytes(peer.receive()), BIG) == bytes(BIG)
    leg.flush()
    pair[1].settimeout(5)
    with pytest.raises(EndOfStream) as end:
        peer.receive()
    assert end.value.clean
    assert pair[1].recv(1) == b""


def test_an_end_that_comes_with_the_last_octets_is_pending_then(tls) -> None:
    """The peer may wait for our end before it closes: nothing more would ever announce its own."""
    leg, peer = tls
    buffer = Buffer(PLAIN_SIZE)
    leg.read(buffer, 0)
    peer.channel.write_octets(b"last words")
    peer.end()
    assert read_some(leg, buffer) == 10
    assert leg.pending
    with pytest.raises(EndOfStream) as end:
        leg.read(buffer, 0)
    assert end.value.clean


def test_a_tls_stream_cut_off_is_no_clean_end(tls, pair) -> None:
    leg, _ = tls
    leg.read(Buffer(PLAIN_SIZE), 0)
    pair[1].shutdown(socket.SHUT_WR)
    time.sleep(0.01)
    with pytest.raises(EndOfStream) as end:
        leg.read(Buffer(PLAIN_SIZE), 0)
    assert not end.value.clean


def test_octets_that_are_no_tls_break_the_leg(tls, pair) -> None:
    leg, _ = tls
    leg.read(Buffer(PLAIN_SIZE), 0)
    pair[1].sendall(b"no TLS record at all")
    time.sleep(0.01)
    with pytest.raises(TlsError):
        leg.read(Buffer(PLAIN_SIZE), 0)
    leg.finish()
