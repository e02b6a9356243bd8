"""Partners and send daemons in this process that send files all the time, through programs that may be killed."""

import contextlib
import hashlib
import io
import itertools
import random
import socket
import threading
from collections import Counter

from functional.harness import OUR_CODE, PARTNER_CODE, PASSWORD, Site, sha256
from functional.peers import BROKEN, WAIT_SECONDS, Partner
from seon.net.stream import BlockingTls
from seon.oftp2 import commands as c
from seon.oftp2 import notices as n
from seon.oftp2.errors import ProtocolError
from seon.oftp2.sending import OutgoingFile
from seon.oftp2.session_start import Profile
from seon.oftp2.station import Station
from seon.station.wire import PlainWire

MOST_OCTETS = 300_000
MOST_FILES = 4
PAUSE_SECONDS = 1.0
"""The longest pause within a session, so that some are open whatever is killed."""
AGAIN_SECONDS = 0.05
SENDERS = ((True, False), (False, False), (True, False), (False, False), (True, True), (False, True))
"""Who sends (True: a partner, False: a send daemon), and whether it stops amid its file until it is cut off."""
LOOK_SECONDS = 0.2
DATE, TIME = "20260101", "1200000001"


class Load:
    """Senders, each in a thread. Every file has other octets; a receipt is compared with what lies at the receiver."""

    def __init__(self, site: Site, seed: int) -> None:
        self.damaged: list[str] = []
        """Files whose sender got a receipt, and that are not whole at the receiver in that moment."""
        self._site = site
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._next = 1
        self._sent: dict[str, tuple[bool, str]] = {}
        """Files without a receipt yet: name to whether it is incoming, and SHA-256."""
        self._passed = {True: 0, False: 0}
        """The greatest number of a file that has passed, by whether it is incoming."""
        self._counts: Counter[str] = Counter()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._send_on, args=(*who, random.Random(seed + index)), daemon=True)
            for index, who in enumerate(SENDERS)
        ]

    def start(self) -> None:
        """Begin to send."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let sessions that are under way end, and begin no other."""
        self._stop.set()
        for thread in self._threads:
            thread.join(WAIT_SECONDS)

    def mark(self) -> int:
        """Return a number that all files that are offered from now on have, or a greater one."""
        with self._lock:
            return self._next

    def passed_since(self, mark: int) -> bool:
        """Whether such a file has passed in each direction."""
        with self._lock:
            return all(number >= mark for number in self._passed.values())

    def story(self) -> str:
        """Return what was sent."""
        return f"files and sessions: {dict(self._counts)}"

    # --- one sender ---------------------------------------------------------------------------------------------------

    def _send_on(self, incoming: bool, held: bool, rng: random.Random) -> None:
        while not self._stop.is_set():
            try:
                self._session(incoming, held, rng)
                self._count("held sessions" if held else "whole sessions")
            except (*BROKEN, ProtocolError) as error:
                self._count(f"broken: {type(error).__name__}")
                self._stop.wait(AGAIN_SECONDS)

    def _session(self, incoming: bool, held: bool, rng: random.Random) -> None:
        sock, wire, profile = self._connect(incoming)
        with sock:
            station = Station(profile, initiator=True)
            for _ in range(rng.randint(1, MOST_FILES)):
                station.send_file(self._file(incoming, rng))
            pause = rng.choice((0.0, rng.random() * PAUSE_SECONDS))
            while not station.ended:
                while octets := station.data_to_send():
                    wire.sendall(octets)
                for notice in station.notices() or station.receive(wire.receive()):
                    if isinstance(notice, n.ReceiptReceived):
                        self._receipt(notice.receipt)
                    if isinstance(notice, n.FileStarted):
                        if held:
                            self._hold(sock)
                            return
                        self._stop.wait(pause)
            while octets := station.data_to_send():
                wire.sendall(octets)
            wire.end()

    def _hold(self, sock: socket.socket) -> None:
        """Say nothing until the proxy says something or closes, or the load stops."""
        sock.settimeout(LOOK_SECONDS)
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                sock.recv(1)
                return

    def _connect(self, incoming: bool) -> tuple[socket.socket, "BlockingTls | PlainWire", Profile]:
        if incoming:
            partner = Partner(self._site)
            return partner.sock, partner.tls, partner.profile
        sock = socket.create_connection(("127.0.0.1", self._site.ports.outgoing), WAIT_SECONDS)
        return sock, PlainWire(sock), Profile(OUR_CODE, PASSWORD)

    def _file(self, incoming: bool, rng: random.Random) -> OutgoingFile:
        octets = rng.randbytes(rng.randint(1, MOST_OCTETS))
        ends = (OUR_CODE, PARTNER_CODE) if incoming else (PARTNER_CODE, OUR_CODE)
        size_k = -(-len(octets) // 1024)
        with self._lock:
            self._next = next(self._numbers) + 1
            name = f"LOAD{self._next - 1:07d}"
            self._sent[name] = incoming, hashlib.sha256(octets).hexdigest()
        start = c.StartFile(name, DATE, TIME, "", *ends, "U", 0, size_k, size_k)
        return OutgoingFile(start, io.BytesIO(octets))

    def _receipt(self, receipt: n.Receipt) -> None:
        """A receipt may come in a later session than its file, and twice if the first was cut off behind it."""
        with self._lock:
            incoming, hashed = self._sent.pop(receipt.name, (False, ""))
        if not hashed:
            return
        path = self._site.arrived(incoming, {"name": receipt.name, "moment": receipt.date + receipt.time})
        if not isinstance(receipt, c.EndToEndResponse) or not path.exists() or sha256(path) != hashed:
            self.damaged.append(f"{receipt.name}: {receipt}")
            return
        path.unlink()
        self._count("files with receipt")
        with self._lock:
            self._passed[incoming] = max(self._passed[incoming], int(receipt.name[4:]))

    def _count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1
