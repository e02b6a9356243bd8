"""OFTP2 peers driven by hand: a partner over TLS, and a receive daemon that writes down every octet."""

import contextlib
import io
import itertools
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from OpenSSL import SSL

from functional.harness import OUR_CODE, PARTNER_CODE, PASSWORD, Site
from seon.net.channel import EndOfStream, TlsError
from seon.net.context import connecting, partner_dialler
from seon.net.stream import BlockingTls
from seon.oftp2 import commands as c
from seon.oftp2 import notices as n
from seon.oftp2.codec import decode, encode
from seon.oftp2.framing import Frames, frame
from seon.oftp2.receiving import receipt_for
from seon.oftp2.records import Octets
from seon.oftp2.sending import OutgoingFile
from seon.oftp2.session_start import Profile
from seon.oftp2.station import Station
from seon.station.wire import PlainWire

WAIT_SECONDS = 20.0
BROKEN = (OSError, TlsError, EndOfStream)
_numbers = itertools.count(1)


def next_call(listener: socket.socket) -> socket.socket:
    """Return the next connection to the receive daemon that is a session's.

    The client asks each minute whether the receive daemon is there: such a connection ends at once, without an octet.
    """
    while True:
        sock, _ = listener.accept()
        usual = sock.gettimeout()
        sock.settimeout(0.05)
        with contextlib.suppress(TimeoutError):
            if not _peeked(sock):
                sock.close()
                continue
        sock.settimeout(usual)
        return sock


def _peeked(sock: socket.socket) -> bytes:
    try:
        return sock.recv(1, socket.MSG_PEEK)
    except ConnectionError:
        return b""


def offer(name: str = "HELD", size: int = 0, *, incoming: bool = True) -> c.StartFile:
    """Return an SFID for a file of the partner, or for one to it."""
    ends = (OUR_CODE, PARTNER_CODE) if incoming else (PARTNER_CODE, OUR_CODE)
    stamp = f"120000{next(_numbers):04d}"
    return c.StartFile(name, "20260101", stamp, "", *ends, "U", 0, -(-size // 1024), -(-size // 1024))


class Partner:
    """A partner's TLS connection to the external port, or another `port`, from a loopback address."""

    def __init__(
        self,
        site: Site,
        *,
        certificate: str = "partner",
        code: str = PARTNER_CODE,
        source: str = "127.0.0.1",
        port: int = 0,
        ciphers: bytes = b"",
    ) -> None:
        layout = site.layout
        keyed = partner_dialler(
            layout.certificate(certificate).read_text(), layout.key(certificate).read_bytes(), lambda _: True
        )
        if ciphers:
            keyed.context.set_max_proto_version(SSL.TLS1_2_VERSION)
            keyed.context.set_cipher_list(ciphers)
        self.sock = socket.create_connection(("127.0.0.1", port or site.ports.external), WAIT_SECONDS, (source, 0))
        self.tls = BlockingTls(self.sock, connecting(keyed.context))
        try:
            self.tls.handshake(time.monotonic() + WAIT_SECONDS)
        except BROKEN:
            self.sock.close()
            raise
        self.sock.settimeout(WAIT_SECONDS)
        self.profile = Profile(code, PASSWORD)
        self._frames = Frames()
        self._commands: list[bytes] = []

    def __enter__(self) -> "Partner":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, command: c.Command) -> None:
        """Send a command of level 5."""
        self.tls.sendall(frame(encode(command, 5)))

    def receive(self) -> c.Command:
        """Return the next command. Raises one of BROKEN at the end."""
        while not self._commands:
            self._commands += self._frames.feed(self.tls.receive())
        return decode(self._commands.pop(0), 5)[0]

    def open(self) -> None:
        """Exchange SSRM and SSIDs."""
        assert isinstance(self.receive(), c.StartSessionReady)
        self.send(self.profile.offer())
        answer = self.receive()
        assert isinstance(answer, c.StartSession), answer

    def until_end(self) -> list[c.Command]:
        """Return all commands until the proxy closes; whatever is no command is an error."""
        heard = []
        with contextlib.suppress(EndOfStream, ConnectionError):
            while True:
                heard.append(self.receive())
        assert not self._frames.incomplete
        return heard

    def is_silent(self, seconds: float) -> bool:
        """Whether nothing comes for so long."""
        self.sock.settimeout(seconds)
        try:
            self.receive()
        except TimeoutError:
            return True
        finally:
            self.sock.settimeout(WAIT_SECONDS)
        return False


class HeldTransfer:
    """A real file that stops in the middle, to be looked at, and goes on when it is told to.

    `incoming`: a partner's; else the send daemon's, through the client's listening port.
    """

    def __init__(self, site: Site, size: int = 3_000_000, *, incoming: bool = True) -> None:
        self.receipts: list[n.Receipt] = []
        self.end: n.SessionEnded | None = None
        self.start = offer(size=size, incoming=incoming)
        """The file's SFID."""
        self.sock, self._wire, profile = _partner(site) if incoming else _send_daemon(site)
        self._station = Station(profile, initiator=True)
        self._station.send_file(OutgoingFile(self.start, self._source(size)))
        self._run(lambda notice: isinstance(notice, n.FileStarted))
        self._wire.sendall(self._station.data_to_send())  # the first 256 KiB, and then nothing more

    def _source(self, size: int) -> io.BytesIO:
        return io.BytesIO(os.urandom(size))

    def finish(self) -> None:
        """Send the rest, take the receipt, end the session."""
        self._run(lambda notice: isinstance(notice, n.SessionEnded))
        self._wire.end()
        self.close()

    def close(self) -> None:
        """Give the connection up."""
        self.sock.close()

    def __enter__(self) -> "HeldTransfer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, enough: Callable[[n.Notice], bool]) -> None:
        """Talk until a notice says that it is enough."""
        for notice in self._talk():
            if isinstance(notice, n.ReceiptReceived):
                self.receipts.append(notice.receipt)
            if isinstance(notice, n.SessionEnded):
                self.end = notice
            if enough(notice):
                return

    def _talk(self) -> Iterator[n.Notice]:
        station, wire = self._station, self._wire
        while True:
            while octets := station.data_to_send():
                wire.sendall(octets)
            notices = station.notices()
            yield from notices or station.receive(wire.receive())


Wire = BlockingTls | PlainWire


def _partner(site: Site) -> tuple[socket.socket, Wire, Profile]:
    partner = Partner(site)
    return partner.sock, partner.tls, partner.profile


def _send_daemon(site: Site) -> tuple[socket.socket, Wire, Profile]:
    sock = socket.create_connection(("127.0.0.1", site.ports.outgoing), WAIT_SECONDS)
    return sock, PlainWire(sock), Profile(OUR_CODE, PASSWORD)


class Nowhere:
    """A sink that keeps nothing."""

    def write(self, octets: Octets, /) -> None:
        """See Sink."""


class RecordingStation:
    """A receive daemon in this process: it counts connections and keeps every octet that came over each.

    It answers as a station that takes every file, or, if `mute`, says nothing at all.
    """

    def __init__(self, port: int, *, mute: bool = False) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._mute = mute
        self._open: list[socket.socket] = []
        self.heard: list[bytearray] = []
        """The octets of each connection there was."""
        self.closed: list[threading.Event] = []
        """Set when the proxy has ended that connection."""
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> "RecordingStation":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.close()
        self._thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock = next_call(self._listener)
                self._open.append(sock)
                self.heard.append(bytearray())
                self.closed.append(threading.Event())
                threading.Thread(
                    target=self._serve, args=(sock, self.heard[-1], self.closed[-1]), daemon=True
                ).start()  # fmt: skip

    def _serve(self, sock: socket.socket, heard: bytearray, closed: threading.Event) -> None:
        station = Station(Profile(OUR_CODE, PASSWORD), initiator=False)
        with sock, contextlib.suppress(OSError):
            while True:
                while not self._mute and (octets := station.data_to_send()):
                    sock.sendall(octets)
                octets = sock.recv(65_536)
                if not octets:
                    break
                heard += octets
                for notice in station.receive(octets):
                    if not station.ended:  # an ESID may have come with what it ends
                        self._answer(station, notice)
        closed.set()

    def _answer(self, station: Station, notice: n.Notice) -> None:
        if isinstance(notice, n.FileOffered):
            station.accept_file(Nowhere())
        elif isinstance(notice, n.FileReceived):
            station.accept_end()
            station.send_receipt(receipt_for(notice.start))


def random_file(path: Path, size: int) -> Path:
    """Make a file of random octets."""
    with path.open("wb") as file:
        for at in range(0, size, 1 << 20):
            file.write(os.urandom(min(1 << 20, size - at)))
    return path
