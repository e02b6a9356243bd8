"""Both ends of a session in this process, with the real programs between them: whole stations, or ends by hand."""

import contextlib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from functional.harness import OUR_CODE, PARTNER_CODE, PASSWORD, Site
from functional.peers import BROKEN, WAIT_SECONDS, Partner, next_call
from seon.net.stream import BlockingTls
from seon.oftp2 import commands as c
from seon.oftp2.codec import decode, encode
from seon.oftp2.framing import Frames, frame
from seon.oftp2.session_start import Profile
from seon.station.tls import StationTls, TlsFiles
from seon.station.wire import PlainWire, TlsWire
from unit.oftp2.stations import User

Wire = BlockingTls | TlsWire | PlainWire


class Whole:
    """A whole station in one session. `heard`: every octet that came to it."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.heard = bytearray()

    def talk(self, wire: Wire) -> None:
        """Talk until the session has ended, and listen until the connection has."""
        station = self.user.station
        with contextlib.suppress(*BROKEN):
            while not station.ended:
                while octets := station.data_to_send():
                    wire.sendall(octets)
                self.user.see(station.notices() or station.receive(self._hear(wire)))
            wire.sendall(station.data_to_send())
            wire.end()
            while True:
                self._hear(wire)
        self.user.see(station.receive_eof())

    def _hear(self, wire: Wire) -> bytes:
        octets = bytes(wire.receive())
        self.heard += octets
        return octets

    def heard_commands(self, code: bytes) -> list[bytes]:
        """Return the exchange buffers with a command octet that have come."""
        return [buffer for buffer in Frames().feed(bytes(self.heard)) if buffer.startswith(code)]


class ByHand:
    """An end that says what it is told to, in the layouts of its level."""

    def __init__(self, wire: Wire, level: int = 5) -> None:
        self.wire = wire
        self.level = level
        self._frames = Frames()
        self._buffers: list[bytes] = []

    def send(self, *what: c.Command | bytes) -> None:
        """Send commands, or octets as they are."""
        wires = (one if isinstance(one, bytes) else frame(encode(one, self.level)) for one in what)
        self.wire.sendall(b"".join(wires))

    def receive(self) -> c.Command:
        """Return the next command. Raises one of BROKEN at the end."""
        return decode(self.next_buffer(), self.level)[0]

    def next_buffer(self) -> bytes:
        """Return the next exchange buffer. Raises one of BROKEN at the end."""
        while not self._buffers:
            self._buffers += self._frames.feed(self.wire.receive())
        return self._buffers.pop(0)

    def rest(self) -> list[bytes]:
        """Return all exchange buffers until the proxy closes, and close."""
        with contextlib.suppress(*BROKEN):
            while True:
                self._buffers += self._frames.feed(self.wire.receive())
        with contextlib.suppress(*BROKEN):
            self.wire.end()
        assert not self._frames.incomplete
        return self._buffers


def start(caller: ByHand, called: ByHand, offer: c.StartSession, answer: c.StartSession | None = None) -> None:
    """Start a session as far as SSRM and the caller's SSID; up to the other SSID if there is an answer."""
    called.send(c.StartSessionReady())
    assert isinstance(caller.receive(), c.StartSessionReady)
    caller.send(offer)
    assert isinstance(called.receive(), c.StartSession)
    if answer:
        called.send(answer)
        assert isinstance(caller.receive(), c.StartSession)


def last_word(speaker: ByHand, listener: ByHand) -> bytes:
    """One has just sent ESID: return it as the other hears it, and let both close in order."""
    heard = listener.next_buffer()
    listener.wire.end()
    assert speaker.rest() == listener.rest() == []
    return heard


def meet(site: Site, caller: Whole, called: Whole, *, incoming: bool) -> None:
    """Let two stations have a session; see `both_ends`."""
    with both_ends(site, incoming=incoming) as (calls, answers), ThreadPoolExecutor(1) as pool:
        answered = pool.submit(called.talk, answers)
        caller.talk(calls)
        answered.result(WAIT_SECONDS)


@contextmanager
def both_ends(site: Site, *, incoming: bool, certificate: str = "partner") -> Iterator[tuple[Wire, Wire]]:
    """Yield the connections of who calls and who is called.

    `incoming`: a partner calls the receive daemon; else the send daemon calls the partner.
    """
    with (
        called_port(site, incoming=incoming) as listener,
        meeting_at(listener, site, incoming=incoming, certificate=certificate) as ends,
    ):
        yield ends


def called_port(site: Site, *, incoming: bool) -> socket.socket:
    """Return the listener of who is called: the receive daemon, or the partner."""
    listener = socket.create_server(("127.0.0.1", site.ports.receive if incoming else site.ports.partner))
    listener.settimeout(WAIT_SECONDS)
    return listener


@contextmanager
def meeting_at(
    listener: socket.socket, site: Site, *, incoming: bool, certificate: str = "partner"
) -> Iterator[tuple[Wire, Wire]]:
    """Yield the same as `both_ends`, for one of many sessions: the listener serves them all."""
    with _calling(site, incoming, certificate) as caller:
        sock = next_call(listener) if incoming else listener.accept()[0]
        with sock:
            called = PlainWire(sock) if incoming else _partner_tls(site).accept(sock)
            sock.settimeout(WAIT_SECONDS)
            yield caller, called


@contextmanager
def opened(site: Site, certificate: str = "partner") -> Iterator[tuple[ByHand, ByHand]]:
    """Yield a partner that has called and the receive daemon, behind both SSIDs."""
    with both_ends(site, incoming=True, certificate=certificate) as wires:
        partner, daemon = map(ByHand, wires)
        start(partner, daemon, Profile(PARTNER_CODE, PASSWORD).offer(), Profile(OUR_CODE, PASSWORD).offer())
        yield partner, daemon


@contextmanager
def _calling(site: Site, incoming: bool, certificate: str) -> Iterator[Wire]:
    if incoming:
        with Partner(site, certificate=certificate) as partner:
            yield partner.tls
        return
    with socket.create_connection(("127.0.0.1", site.ports.outgoing), WAIT_SECONDS) as sock:
        yield PlainWire(sock)


def _partner_tls(site: Site) -> StationTls:
    layout = site.layout
    files = TlsFiles(layout.certificate("partner"), layout.key("partner"), layout.certificate("proxy"))
    return StationTls(files, listening=True)
