"""`seon station serve`: take calls, each session in a thread of its own, until told to stop."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from seon.addresses import canonical, family_of, shown
from seon.oftp2.commands import StartFile
from seon.oftp2.notices import Receipt
from seon.oftp2.reasons import AnswerReason
from seon.oftp2.sending import OutgoingFile
from seon.oftp2.session_start import Profile
from seon.override import override
from seon.station.inbox import Inbox
from seon.station.keys import KeyPairAuthenticator, OwnKey
from seon.station.outbox import Outbox
from seon.station.outgoing import Offer
from seon.station.receipts import Proof, ReceiptBook
from seon.station.session import Giver, Session
from seon.station.taker import Report, TakerTerms
from seon.station.tls import StationTls
from seon.station.wire import BROKEN, PlainWire, Wire

TICK_SECONDS = 0.2
"""How soon a stop is noticed."""
BACKLOG = 128


class OutboxGiver(Giver):
    """Gives one caller what waits for it: once in a session, so that a refused file is not offered in a loop."""

    def __init__(self, own: str, outbox: Outbox | None, book: ReceiptBook) -> None:
        self._own = own
        self._outbox = outbox
        self._book = book
        self._asked = False
        self._offers: dict[OutgoingFile, Offer] = {}
        self._started: set[OutgoingFile] = set()

    @override
    def waiting(self, peer: str) -> list[OutgoingFile]:
        if self._outbox is None or self._asked:
            return []
        self._asked = True
        self._offers = {offer.file: offer for offer in self._outbox.waiting(self._own, peer)}
        return list(self._offers)

    @override
    def started(self, file: OutgoingFile, _start: StartFile) -> None:
        self._started.add(file)

    @override
    def sent(self, file: OutgoingFile) -> None:
        self._has_it(self._offers.pop(file))

    @override
    def rejected(self, file: OutgoingFile, reason: int, *, retry: bool) -> None:
        assert self._outbox is not None
        offer = self._offers.pop(file)
        if retry:
            self._outbox.unsent(offer, started=False)
        elif offer.resumed and reason == AnswerReason.DUPLICATE:
            self._has_it(offer)  # it had arrived with the attempt that was interrupted
        else:
            self._outbox.refused(offer)

    def _has_it(self, offer: Offer) -> None:
        assert self._outbox is not None
        self._book.sent(offer)
        self._outbox.sent(offer)

    @override
    def answered(self, _receipt: Receipt, _proof: Proof) -> None:
        return  # the report has it

    @override
    def ended(self) -> None:
        for file, offer in self._offers.items():
            assert self._outbox is not None
            self._outbox.unsent(offer, started=file in self._started)


@dataclass
class Server:
    """A listening station. `once`: it ends after the first session. `sessions`: how many run at a time."""

    profile: Profile
    inbox: Inbox
    outbox: Outbox | None
    report: Report
    tls: StationTls | None = None
    idle_seconds: float = 300.0
    sessions: int = 64
    receipt: str = "EERP"
    once: bool = False
    own: OwnKey | None = None
    """To sign receipts with."""
    authenticator: KeyPairAuthenticator | None = None
    book: ReceiptBook = field(default_factory=ReceiptBook)
    turn_after: int = 0
    """Incoming files after which the turn is asked for, to hand over their receipts; 0: never."""
    stop: threading.Event = field(default_factory=threading.Event)
    drain_seconds: float = 10.0

    def run(self, host: str, port: int, ready: Callable[[str, int], None]) -> None:
        """Listen until `stop` is set. `host`: literal address; port 0: a free one, told by `ready`. Raises OSError."""
        slots = threading.BoundedSemaphore(self.sessions)
        threads: list[threading.Thread] = []
        with socket.create_server((host, port), family=family_of(host), backlog=BACKLOG) as listener:
            ready(*listener.getsockname()[:2])
            listener.settimeout(TICK_SECONDS)
            while not self.stop.is_set():
                # A slot before accept: more callers wait in the kernel's queue, not here.
                if not slots.acquire(timeout=TICK_SECONDS):
                    continue
                accepted = self._accept(listener)
                if accepted is None:
                    slots.release()
                    continue
                thread = threading.Thread(target=self._serve, args=(*accepted, slots), daemon=True)
                threads = [each for each in threads if each.is_alive()] + [thread]
                thread.start()
                if self.once:
                    thread.join()
                    return
        deadline = time.monotonic() + self.drain_seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _accept(self, listener: socket.socket) -> tuple[socket.socket, str] | None:
        try:
            sock, address = listener.accept()
        except TimeoutError:
            return None
        except OSError as error:
            # No descriptors, or the caller is gone again: back off instead of spinning.
            self.report("accept-failed", {"text": error.strerror})
            time.sleep(TICK_SECONDS)
            return None
        return sock, shown(str(canonical(address[0])), address[1])

    def _serve(self, sock: socket.socket, source: str, slots: threading.BoundedSemaphore) -> None:
        def report(what: str, values: dict[str, object]) -> None:
            self.report(what, {"source": source} | values)

        try:
            with sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                wire: Wire = self.tls.accept(sock) if self.tls else PlainWire(sock)
                giver = OutboxGiver(self.profile.code, self.outbox, self.book)
                session = Session(
                    self.profile,
                    initiator=False,
                    giver=giver,
                    taker=TakerTerms(self.inbox, receipt=self.receipt, own=self.own, turn_after=self.turn_after),
                    report=report,
                    authenticator=self.authenticator,
                    book=self.book,
                )
                session.run(wire, self.idle_seconds)
        except BROKEN as error:
            report("session-failed", {"text": str(error)})
        except Exception as error:
            report("session-failed", {"text": f"{type(error).__name__}: {error}"})
            raise
        finally:
            slots.release()
