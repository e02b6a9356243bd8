"""The pump: what the verifier passes arrives, and nothing else; and every end is an orderly one."""

import contextlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterable

import pytest

from seon.net import pump as module
from seon.net.context import accepting, connecting, partner_dialler, partner_listener
from seon.net.legs import PlainLeg, TlsLeg
from seon.net.pump import Cause, Ending, Order, Pump, Result
from seon.net.stream import BlockingTls
from seon.oftp2 import commands as c
from seon.oftp2.codec import encode
from seon.oftp2.demands import Demands, FileDemands
from seon.oftp2.framing import frame
from seon.oftp2.happenings import Side
from seon.oftp2.inspection import Inspection
from seon.oftp2.observer import SessionObserver
from seon.oftp2.reasons import EndReason
from seon.oftp2.rules import Policy
from unit.net.keyupdates import KeyUpdates, read_slowly, send_what_is_taken

BUFFER = 65_535


def stb(command: c.Command) -> bytes:
    return frame(encode(command, 5))


def ssid(code: str) -> bytes:
    return stb(c.StartSession(5, code, "PASSWORD", BUFFER, "B", False, False, False, 999))


def esid(reason: EndReason, text: str = "") -> bytes:
    return stb(c.EndSession(reason, text))


SSRM = stb(c.StartSessionReady())
OFFER = stb(c.StartFile("NAME", "20260131", "2359580001", "", "TWO", "ONE", "U", 0, 9_999))
TAKE = stb(c.StartFileAccepted(0))
BAD = frame(b"?what is this")


def data(octets: bytes) -> bytes:
    """Return a full data buffer of 63-octet subrecords."""
    return frame(b"D" + b"".join(b"\x3f" + octets[at : at + 63] for at in range(0, len(octets), 63)))


FULL = data(bytes(1_023 * 63))


class Watch:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.seen: list[Inspection] = []
        self.endings: list[Ending] = []
        self.owns: list[tuple[Side, bytes]] = []

    def inspection(self, seen: Inspection) -> None:
        self.seen.append(seen)

    def ending(self, ending: Ending) -> None:
        self.endings.append(ending)

    def own(self, side: Side, octets: bytes) -> None:
        self.owns.append((side, octets))


class Session:
    """A pump in a thread, between two peers that the test plays."""

    def __init__(self, initiator, responder, *, idle: float = 30, control=None, demands: Demands | None = None) -> None:
        self.watch = Watch()
        self.seen = self.watch.seen
        observer = SessionObserver(Policy(), demands=demands, declines=demands is not None)
        self.pump = Pump(initiator, responder, observer, idle_seconds=idle, watch=self.watch, control=control)
        self.result: Result | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self.result = self.pump.run()

    def end(self, seconds: float = 10) -> Ending:
        self._thread.join(seconds)
        assert self.result is not None, "the session has not ended"
        assert self.watch.endings == [self.result.ending], "it was said in its moment, once"
        return self.result.ending

    @property
    def ending(self) -> Ending | None:
        return self.result.ending if self.result else None


@pytest.fixture
def tcp():
    """Make TCP connections on loopback; all are closed in the end."""
    made = []

    def connect(narrow: int = 0) -> tuple[socket.socket, socket.socket]:
        with socket.socket() as listener:
            if narrow:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, narrow)
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            one = socket.socket()
            if narrow:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, narrow)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, narrow)
            one.connect(listener.getsockname())
            two = listener.accept()[0]
            if narrow:
                two.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, narrow)
        one.settimeout(10)
        two.settimeout(10)
        made.extend((one, two))
        return one, two

    yield connect
    for sock in made:
        sock.close()


@pytest.fixture
def plain(tcp):
    """A session over plain legs: (Initiator's socket, Responder's socket, session)."""

    def start(narrow: int = 0, **options) -> tuple[socket.socket, socket.socket, Session]:
        (one, leg_one), (two, leg_two) = tcp(narrow), tcp(narrow)
        return one, two, Session(PlainLeg(leg_one), PlainLeg(leg_two), **options)

    return start


def exactly(sock: socket.socket, size: int) -> bytes:
    octets = b""
    while len(octets) < size:
        got = sock.recv(min(65_536, size - len(octets)))
        assert got, f"the connection ended after {len(octets)} of {size} octets"
        octets += got
    return octets


def rest(sock: socket.socket) -> bytes:
    """Return all that comes until the end; a reset connection fails the test."""
    octets = b""
    while got := sock.recv(65_536):
        octets += got
    return octets


def opened(one: socket.socket, two: socket.socket) -> None:
    """Bring a session to the point where the Initiator may send data."""
    for source, sink, octets in ((two, one, SSRM), (one, two, ssid("ONE")), (two, one, ssid("TWO")),
                                 (one, two, OFFER), (two, one, TAKE)):  # fmt: skip
        source.sendall(octets)
        assert exactly(sink, len(octets)) == octets


# --- the way of the octets ------------------------------------------------------------------------


def test_a_session_passes_unchanged_and_is_counted(plain) -> None:
    one, two, session = plain()
    opened(one, two)
    for source, sink, octets in ((one, two, FULL * 3), (one, two, frame(b"D\x85HELLO")),
                                 (one, two, stb(c.EndFile(0, 3 * 1_023 * 63 + 5))),
                                 (two, one, stb(c.EndFileAccepted())),
                                 (one, two, esid(EndReason.NORMAL))):  # fmt: skip
        source.sendall(octets)
        assert exactly(sink, len(octets)) == octets
    one.close()
    two.close()
    ending = session.end()
    assert ending.cause in (Cause.INITIATOR, Cause.RESPONDER)
    assert session.result.octets == (
        len(ssid("ONE") + OFFER + FULL * 3) + 11 + len(stb(c.EndFile(0, 0))) + len(esid(EndReason.NORMAL)),
        len(SSRM + ssid("TWO") + TAKE + stb(c.EndFileAccepted())),
    )
    assert not any(seen.refusal for seen in session.seen)


def test_octets_may_come_one_by_one(plain) -> None:
    one, two, session = plain()
    for octet in SSRM:
        two.sendall(bytes([octet]))
        time.sleep(0.001)
    assert exactly(one, len(SSRM)) == SSRM
    one.close()
    two.close()
    session.end()


@pytest.mark.parametrize("cut", range(1, len(BAD) + 1))
def test_no_octet_of_a_bad_buffer_is_forwarded(plain, cut) -> None:
    """However it is cut in two: before it everything, of it nothing, behind it the ESID."""
    one, two, session = plain()
    opened(one, two)
    one.sendall(FULL + BAD[:cut])
    time.sleep(0.005)
    with contextlib.suppress(OSError):  # the pump may know enough already, and be gone
        one.sendall(BAD[cut:])
    assert rest(two) == FULL + esid(EndReason.COMMAND_NOT_RECOGNISED)
    assert rest(one) == esid(EndReason.COMMAND_NOT_RECOGNISED, "rule CMD-ID")
    one.close()
    two.close()
    assert session.end().cause is Cause.VERIFIER


def test_before_the_session_is_open_a_refusal_just_closes(plain) -> None:
    one, two, session = plain()
    one.sendall(BAD)
    assert rest(two) == b""
    assert rest(one) == b""
    one.close()
    two.close()
    assert session.end().cause is Cause.VERIFIER


def test_the_esid_arrives_although_the_peer_keeps_sending(plain) -> None:
    """Closing with unread octets sends RST, and the peer would lose the ESID that says why."""
    one, two, session = plain()
    opened(one, two)
    one.sendall(BAD + FULL * 8)
    assert rest(one) == esid(EndReason.COMMAND_NOT_RECOGNISED, "rule CMD-ID")
    one.close()
    two.close()
    session.end()


def test_a_peer_that_never_stops_sending_is_given_up(plain, monkeypatch) -> None:
    monkeypatch.setattr(module, "CLOSING_SECONDS", 0.5)
    one, two, session = plain()
    opened(one, two)
    one.sendall(BAD)
    began = time.monotonic()
    with contextlib.suppress(ConnectionError):
        while time.monotonic() - began < 10:
            one.sendall(bytes(65_536))
    two.close()
    session.end()
    assert time.monotonic() - began < 5


# --- back-pressure --------------------------------------------------------------------------------


def test_memory_is_bounded_when_a_peer_does_not_read(plain) -> None:
    one, two, session = plain(narrow=65_536)
    opened(one, two)
    octets = FULL * 200
    one.setblocking(False)
    sent, quiet_since = 0, time.monotonic()
    while time.monotonic() - quiet_since < 0.3:
        try:
            sent += one.send(octets[sent : sent + 65_536])
            quiet_since = time.monotonic()
        except BlockingIOError:
            time.sleep(0.005)
    assert sent < 3 * 1024 * 1024 < len(octets), "what is not read at one end is not taken at the other"
    one.settimeout(10)
    sender = threading.Thread(target=one.sendall, args=(octets[sent:],))
    sender.start()
    assert exactly(two, len(octets)) == octets
    sender.join()
    one.close()
    two.close()
    session.end()


# --- ends -----------------------------------------------------------------------------------------


def test_after_one_side_has_ended_the_other_goes_on_for_a_while(plain) -> None:
    one, two, session = plain()
    opened(one, two)
    one.sendall(FULL)
    one.shutdown(socket.SHUT_WR)
    assert rest(two) == FULL, "whole buffers, then the end"
    two.sendall(esid(EndReason.UNSPECIFIED))
    two.close()
    assert rest(one) == esid(EndReason.UNSPECIFIED)
    assert session.end() == Ending(Cause.INITIATOR, "closed")


def test_the_while_that_a_half_closed_session_is_given_is_limited(plain, monkeypatch) -> None:
    monkeypatch.setattr(module, "HALF_CLOSED_SECONDS", 0.2)
    monkeypatch.setattr(module, "TICK_SECONDS", 0.05)
    one, two, session = plain()
    opened(one, two)
    two.shutdown(socket.SHUT_WR)
    assert rest(one) == b""
    one.close()
    assert session.end(5).cause is Cause.RESPONDER
    two.close()


def test_an_end_inside_a_buffer_is_refused_and_the_part_is_not_forwarded(plain) -> None:
    one, two, session = plain()
    opened(one, two)
    one.sendall(FULL + FULL[:-1])
    one.shutdown(socket.SHUT_WR)
    octets = rest(two)
    assert octets.startswith(FULL)
    assert len(octets) < len(FULL) + 100
    two.close()
    ending = session.end()
    assert ending.cause is Cause.VERIFIER
    assert ending.detail == "STH-EOF"


def test_a_connection_that_is_reset_ends_the_session(plain) -> None:
    one, two, session = plain()
    opened(one, two)
    two.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    two.close()
    assert rest(one) == b""
    one.close()
    assert session.end() == Ending(Cause.RESPONDER, "broken", "connection reset by peer")


def test_a_silent_session_ends_with_esid_09_to_both(plain, monkeypatch) -> None:
    monkeypatch.setattr(module, "TICK_SECONDS", 0.05)
    one, two, session = plain(idle=0.3)
    opened(one, two)
    assert rest(one) == rest(two) == esid(EndReason.TIME_OUT)
    one.close()
    two.close()
    ending = session.end()
    assert (ending.cause, ending.how) == (Cause.IDLE, "idle")
    assert session.watch.owns == [(side, esid(EndReason.TIME_OUT)) for side in Side], "each ESID of ours is told of"


def test_a_session_that_moves_is_not_silent(plain, monkeypatch) -> None:
    monkeypatch.setattr(module, "TICK_SECONDS", 0.05)
    one, two, session = plain(idle=1.5)
    opened(one, two)
    for _ in range(8):
        time.sleep(0.25)
        one.sendall(FULL)
        exactly(two, len(FULL))
    assert session.ending is None
    one.close()
    two.close()
    session.end()


def send_while_it_lasts(sock: socket.socket, pieces: Iterable[bytes], pause: float) -> None:
    """Send pieces, one after each pause, until the other end is gone."""
    with contextlib.suppress(OSError):
        for piece in pieces:
            sock.sendall(piece)
            time.sleep(pause)


def test_octets_that_make_no_whole_buffer_are_no_progress(plain, monkeypatch) -> None:
    """One octet every four minutes would hold a session for ever."""
    monkeypatch.setattr(module, "TICK_SECONDS", 0.05)
    one, two, session = plain(idle=0.5)
    opened(one, two)
    drops = threading.Thread(target=send_while_it_lasts, args=(one, (FULL[at : at + 1] for at in range(99)), 0.1))
    drops.start()
    assert rest(two) == esid(EndReason.TIME_OUT), "while the octets still come"
    assert session.ending is None or session.ending.cause is Cause.IDLE
    assert rest(one) == esid(EndReason.TIME_OUT)
    one.shutdown(socket.SHUT_RDWR)
    two.close()
    drops.join()
    assert session.end().cause is Cause.IDLE


def test_a_slow_reader_that_takes_what_waits_makes_progress_and_one_that_takes_nothing_does_not(
    plain, monkeypatch
) -> None:
    monkeypatch.setattr(module, "TICK_SECONDS", 0.05)
    one, two, session = plain(narrow=65_536, idle=1)
    opened(one, two)
    sender = threading.Thread(target=send_while_it_lasts, args=(one, [FULL * 200], 0))
    sender.start()
    for _ in range(30):
        assert two.recv(20_000)
        time.sleep(0.1)
        assert session.ending is None
    began = time.monotonic()
    one.shutdown(socket.SHUT_RD)
    while not session.pump._end:
        assert time.monotonic() - began < 8
        time.sleep(0.05)
    assert time.monotonic() - began > 0.5, "it is given its time"
    two.close()
    one.close()
    sender.join()
    assert session.end().cause is Cause.IDLE


class Orders:
    """Orders over a pipe, as from a main; closed like a main that is gone."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.order: Order | None = None
        self.closed = False

    def give(self, order: Order) -> None:
        self.order = order
        os.write(self.writing, b"!")

    def gone(self) -> None:
        os.close(self.writing)

    def filenos(self) -> list[int]:
        return [] if self.closed else [self.reading]

    def deadline(self) -> float | None:
        return None

    def poll(self) -> Order | None:
        if self.closed:
            return None
        os.set_blocking(self.reading, False)
        try:
            if os.read(self.reading, 1) == b"":
                os.close(self.reading)
                self.closed = True
        except BlockingIOError:
            pass
        order, self.order = self.order, None
        return order


def test_an_order_ends_the_session_with_its_reason_to_both(plain) -> None:
    orders = Orders()
    one, two, session = plain(control=orders)
    opened(one, two)
    orders.give(Order(EndReason.UNSPECIFIED, "barred"))
    assert rest(one) == rest(two) == esid(EndReason.UNSPECIFIED)
    one.close()
    two.close()
    assert session.end() == Ending(Cause.ORDER, "order", "barred")
    orders.gone()


def test_a_session_lives_on_when_nobody_gives_orders_any_more(plain) -> None:
    orders = Orders()
    one, two, session = plain(control=orders)
    opened(one, two)
    orders.gone()
    time.sleep(0.05)
    one.sendall(FULL)
    assert exactly(two, len(FULL)) == FULL
    one.close()
    two.close()
    session.end()


def test_whole_buffers_go_before_the_esid_of_an_order(plain) -> None:
    orders = Orders()
    one, two, session = plain(control=orders)
    opened(one, two)
    one.sendall(FULL + FULL[:1000])
    assert exactly(two, len(FULL)) == FULL
    orders.give(Order(EndReason.EMERGENCY_CLOSE, "shutdown"))
    assert rest(two) == esid(EndReason.EMERGENCY_CLOSE), "and not the part that came before it"
    one.close()
    two.close()
    session.end()


# --- TLS ------------------------------------------------------------------------------------------


@pytest.fixture
def tls(tcp, ours, partner, shake, carry_octets):
    """A session whose Initiator is a partner over TLS, its first octets already behind the handshake."""

    def start(early: bytes = b"") -> tuple[BlockingTls, socket.socket, Session]:
        (outside, leg_one), (two, leg_two) = tcp(), tcp()
        server = accepting(partner_listener(ours.pem, ours.key_pem, lambda _: True).context)
        client = connecting(partner_dialler(partner.pem, partner.key_pem, lambda _: True).context)
        shake(server, client)
        if early:
            client.send(early)
            carry_octets(client, server)
        leg = TlsLeg(leg_one, BlockingTls(leg_one, server).channel)
        return BlockingTls(outside, client), two, Session(leg, PlainLeg(leg_two))

    return start


def test_octets_behind_the_handshake_reach_the_verifier(tls) -> None:
    partner, two, session = tls(early=BAD)
    assert rest(two) == b""
    two.close()
    partner.end()
    partner.sock.close()
    assert session.end().detail == "CMD-ID"


def test_a_file_through_tls_arrives_and_is_flushed_before_the_end(tls) -> None:
    partner, two, session = tls()
    two.sendall(SSRM)
    deadline = time.monotonic() + 10
    assert partner.read_exactly(len(SSRM), deadline) == SSRM
    partner.sendall(ssid("ONE"))
    exactly(two, len(ssid("ONE")))
    two.sendall(ssid("TWO"))
    partner.read_exactly(len(ssid("TWO")), deadline)
    partner.sendall(OFFER)
    exactly(two, len(OFFER))
    two.sendall(TAKE)
    partner.read_exactly(len(TAKE), deadline)
    octets = b"".join(data(secrets.token_bytes(1_023 * 63)) for _ in range(40))
    sender = threading.Thread(target=lambda: (partner.sendall(octets), partner.end()))
    sender.start()
    assert rest(two) == octets
    sender.join()
    two.close()
    ending = session.end()
    assert (ending.cause, ending.how) == (Cause.INITIATOR, "closed")
    partner.sock.close()


def test_an_end_without_close_notify_is_told_and_not_refused(tls) -> None:
    partner, two, session = tls()
    partner.sock.shutdown(socket.SHUT_WR)
    assert rest(two) == b""
    two.close()
    partner.sock.close()
    assert session.end() == Ending(Cause.INITIATOR, "cut")
    assert not any(seen.refusal for seen in session.seen)


def test_key_updates_and_their_answers_are_no_progress(tcp, ours, partner, shake, monkeypatch) -> None:
    monkeypatch.setattr(module, "TICK_SECONDS", 0.05)
    (one, leg_one), (two, leg_two) = tcp(), tcp()
    client = partner_dialler(partner.pem, partner.key_pem, lambda _: True).context
    hostile = KeyUpdates(client)
    connections = accepting(partner_listener(ours.pem, ours.key_pem, lambda _: True).context), connecting(client)
    shake(*connections)
    leg = TlsLeg(leg_one, BlockingTls(leg_one, connections[0]).channel)
    session = Session(leg, PlainLeg(leg_two), idle=0.5)
    two.sendall(SSRM)
    assert one.recv(1_000)
    updates = threading.Thread(target=send_while_it_lasts, args=(one, hostile.flood(90), 0.1))
    updates.start()
    assert rest(two) == esid(EndReason.TIME_OUT), "while the updates still come"
    one.shutdown(socket.SHUT_RDWR)
    two.close()
    updates.join()
    assert session.end().cause is Cause.IDLE


# --- files that are declined ----------------------------------------------------------------------

ONLY_X = Demands(files={side: FileDemands(names=("X",)) for side in Side})
SFNA = stb(c.StartFileRefused(1, retry=False, text="file name not allowed"))


def agreed(one: socket.socket, two: socket.socket) -> None:
    for source, sink, octets in ((two, one, SSRM), (one, two, ssid("ONE")), (two, one, ssid("TWO"))):
        source.sendall(octets)
        assert exactly(sink, len(octets)) == octets


def test_an_sfna_of_ours_comes_behind_what_was_forwarded_and_the_session_goes_on(plain) -> None:
    one, two, session = plain(demands=ONLY_X)
    agreed(one, two)
    one.sendall(OFFER + OFFER + stb(c.ChangeDirection()))
    assert exactly(one, 2 * len(SFNA)) == SFNA * 2
    assert exactly(two, 5) == stb(c.ChangeDirection()), "and nothing of the files"
    two.sendall(esid(EndReason.NORMAL))
    assert exactly(one, len(esid(EndReason.NORMAL))) == esid(EndReason.NORMAL)
    one.close()
    two.close()
    assert session.end().cause in (Cause.INITIATOR, Cause.RESPONDER)


def test_a_turn_in_which_all_was_declined_ends_the_session_in_order_to_both(plain) -> None:
    one, two, session = plain(demands=ONLY_X)
    agreed(one, two)
    one.sendall(stb(c.ChangeDirection()))
    assert exactly(two, 5) == stb(c.ChangeDirection())
    two.sendall(OFFER + stb(c.ChangeDirection()))
    assert rest(one) == esid(EndReason.NORMAL)
    assert rest(two) == SFNA + esid(EndReason.NORMAL)
    one.close()
    two.close()
    ending = session.end()
    assert (ending.cause, ending.how, ending.detail) == (
        Cause.VERIFIER,
        "declined",
        "nothing was left after 1 declined file",
    )


def test_a_sender_that_is_gone_before_its_sfna_ends_the_session(plain) -> None:
    one, two, session = plain(demands=ONLY_X)
    agreed(one, two)
    one.sendall(OFFER * 50)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    one.close()
    assert rest(two) == b""
    two.close()
    assert session.end().cause is Cause.INITIATOR


KEY_UPDATES, TOGETHER = 45_000, 300


@pytest.mark.parametrize("with_content", [False, True])
def test_a_flood_of_key_updates_meets_back_pressure_and_a_slow_peer_still_gets_through(
    tcp, ours, partner, shake, with_content
) -> None:
    """Each of them wants an answer: who sends them and reads none must not fill our memory with those (measured).

    With content: an octet of a file between 300 of them, so that every read brings some.
    """
    (one, leg_one), (two, leg_two) = tcp(narrow=16_384), tcp()
    client = partner_dialler(partner.pem, partner.key_pem, lambda _: True).context
    hostile = KeyUpdates(client)
    connections = accepting(partner_listener(ours.pem, ours.key_pem, lambda _: True).context), connecting(client)
    shake(*connections)
    session = Session(TlsLeg(leg_one, BlockingTls(leg_one, connections[0]).channel), PlainLeg(leg_two))
    for theirs, mine in ((SSRM, ssid("ONE")), (ssid("TWO"), OFFER), (TAKE, b"")):
        two.sendall(theirs)
        assert one.recv(1_000)
        one.sendall(hostile.content(mine) if mine else b"")
        assert exactly(two, len(mine)) == mine
    flood, left = bytearray(), FULL
    for _ in range(KEY_UPDATES // TOGETHER):
        flood += b"".join(hostile.flood(TOGETHER))
        if with_content:
            flood += hostile.content(left[:1])
            left = left[1:]
    taken = send_what_is_taken(one, flood)
    assert taken < len(flood) / 2, "the flood comes to a halt while nobody reads the answers"
    threading.Thread(target=read_slowly, args=(one,), daemon=True).start()
    one.sendall(memoryview(flood)[taken:])
    one.sendall(b"".join(hostile.content(left[at : at + 10_000]) for at in range(0, len(left), 10_000)))
    assert exactly(two, len(FULL)) == FULL
    one.shutdown(socket.SHUT_RDWR)
    two.close()
    session.end()


def test_answers_to_key_updates_are_no_progress_though_a_buffer_once_waited_behind_them(
    tcp, ours, partner, shake, monkeypatch
) -> None:
    """One buffer that waits behind answers must not make the answers that follow count as progress, for ever."""
    monkeypatch.setattr(module, "TICK_SECONDS", 0.05)
    (one, leg_one), (two, leg_two) = tcp(narrow=16_384), tcp()
    client = partner_dialler(partner.pem, partner.key_pem, lambda _: True).context
    hostile = KeyUpdates(client)
    connections = accepting(partner_listener(ours.pem, ours.key_pem, lambda _: True).context), connecting(client)
    shake(*connections)
    session = Session(TlsLeg(leg_one, BlockingTls(leg_one, connections[0]).channel), PlainLeg(leg_two), idle=0.5)
    two.sendall(SSRM)
    assert one.recv(1_000)
    one.sendall(hostile.content(ssid("ONE")))
    assert exactly(two, len(ssid("ONE"))) == ssid("ONE")
    for updates in hostile.flood(1_000):  # their answers fill the way to a partner that does not read
        one.sendall(updates)
    two.sendall(ssid("TWO"))  # passed on: it waits behind them
    pieces = (b"".join(hostile.flood(100)) for _ in range(10_000))
    updates = threading.Thread(target=send_while_it_lasts, args=(one, pieces, 0))
    updates.start()
    began = time.monotonic()
    while session.pump._end is None and time.monotonic() - began < 5:
        one.recv(2_000)
        time.sleep(0.02)
    taken = time.monotonic() - began
    one.shutdown(socket.SHUT_RDWR)
    two.close()
    updates.join()
    session.end()
    assert taken < 3


def test_a_file_declined_after_the_other_side_has_ended_does_not_hide_who_ended_first(plain) -> None:
    one, two, session = plain(demands=ONLY_X)
    agreed(one, two)
    two.shutdown(socket.SHUT_WR)
    assert one.recv(1) == b""
    one.sendall(OFFER)
    one.shutdown(socket.SHUT_WR)
    ending = session.end()
    assert (ending.cause, ending.how) == (Cause.RESPONDER, "closed")
