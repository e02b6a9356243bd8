"""`seon station send`: call a station, send files, and wait for their receipts."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from seon.net.dial import DialError, dial
from seon.oftp2.commands import EndToEndResponse, StartFile
from seon.oftp2.notices import Receipt
from seon.oftp2.reasons import AnswerReason
from seon.oftp2.sending import OutgoingFile
from seon.oftp2.session_start import Profile
from seon.override import override
from seon.station.inbox import Inbox
from seon.station.keys import KeyPairAuthenticator, OwnKey
from seon.station.outgoing import Key, Offer, key_answered, key_of
from seon.station.receipts import Proof, ReceiptBook
from seon.station.session import Giver, Session
from seon.station.taker import Report, TakerTerms
from seon.station.tls import StationTls
from seon.station.wire import BROKEN, PlainWire, Wire

CONNECT_SECONDS = 10.0
RETRY_SECONDS = 1.0
"""Between two attempts."""


@dataclass
class Order:
    """One file to send, and what has become of it. `octets`: of the local file that have gone out."""

    path: Path
    start: StartFile
    resume: bool = False
    octets: int = 0
    sent: bool = False
    refused: bool = False
    receipt: str = ""
    """EERP or NERP, once it came."""
    proof: Proof = Proof.NONE
    """What its signature is worth."""
    key: Key | None = field(default=None, repr=False)

    def done(self, *, wait_receipt: bool) -> bool:
        """Whether nothing more is to be done for it."""
        return self.refused or (self.sent and (bool(self.receipt) or not wait_receipt))

    @property
    def acknowledged(self) -> bool:
        """Whether the receipt says that the file is there, with the signature that was asked for."""
        return self.receipt == "EERP" and self.proof.good


class OrderGiver(Giver):
    """Gives the other side what has not been sent yet. `told`: called with an order whenever it moves on."""

    def __init__(self, orders: list[Order], told: Callable[[Order], None], book: ReceiptBook) -> None:
        self._orders = orders
        self._told = told
        self._book = book
        self._offers: dict[OutgoingFile, tuple[Order, Offer]] = {}
        self._asked = False

    @override
    def waiting(self, _peer: str) -> list[OutgoingFile]:
        if self._asked:
            return []
        self._asked = True
        for order in self._orders:
            if not order.sent and not order.refused:
                offer = Offer(order.path, order.start, resume=order.resume, told=self._progress(order))
                self._offers[offer.file] = order, offer
        return list(self._offers)

    def _progress(self, order: Order) -> Callable[[int], None]:
        def told(octets: int) -> None:
            order.octets = octets
            self._told(order)

        return told

    @override
    def started(self, file: OutgoingFile, start: StartFile) -> None:
        order, _ = self._offers[file]
        order.resume, order.key = True, key_of(start)

    @override
    def sent(self, file: OutgoingFile) -> None:
        order, offer = self._offers.pop(file)
        self._has_it(order, offer)
        offer.close()

    @override
    def rejected(self, file: OutgoingFile, reason: int, *, retry: bool) -> None:
        order, offer = self._offers.pop(file)
        # A duplicate of an interrupted attempt is that attempt: the file had arrived, only its EFPA was lost.
        if order.resume and reason == AnswerReason.DUPLICATE:
            self._has_it(order, offer)
        order.refused = not (retry or order.sent)
        offer.close()

    def _has_it(self, order: Order, offer: Offer) -> None:
        order.sent = True
        self._book.sent(offer)

    @override
    def answered(self, receipt: Receipt, proof: Proof) -> None:
        for order in self._orders:
            if order.key == key_answered(receipt):
                order.receipt = "EERP" if isinstance(receipt, EndToEndResponse) else "NERP"
                order.proof = proof

    @override
    def ended(self) -> None:
        for _, offer in self._offers.values():
            offer.close()


@dataclass
class Call:
    """Whom to call, and as whom."""

    profile: Profile
    host: str
    port: int
    report: Report
    tls: StationTls | None = None
    inbox: Inbox | None = None
    idle_seconds: float = 300.0
    own: OwnKey | None = None
    """To sign receipts with."""
    authenticator: KeyPairAuthenticator | None = None
    book: ReceiptBook = field(default_factory=ReceiptBook)
    turn_after: int = 0
    """Incoming files after which the turn is asked for, to hand over their receipts; 0: never."""

    def send(self, orders: list[Order], *, wait_receipt: bool, attempts: int, told: Callable[[Order], None]) -> bool:
        """Send until every order is done, in at most so many sessions; return whether all is well."""
        for attempt in range(attempts):
            if attempt:
                time.sleep(RETRY_SECONDS)
            orderly = self._session(OrderGiver(orders, told, self.book))
            if orderly and all(order.done(wait_receipt=wait_receipt) for order in orders):
                break
        return all(order.sent and (order.acknowledged or not wait_receipt) for order in orders)

    def _session(self, giver: OrderGiver) -> bool:
        try:
            with dial(self.host, self.port, deadline=time.monotonic() + CONNECT_SECONDS) as sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                wire: Wire = self.tls.connect(sock, self.host, self.port) if self.tls else PlainWire(sock)
                session = Session(
                    self.profile,
                    initiator=True,
                    giver=giver,
                    taker=TakerTerms(self.inbox, own=self.own, turn_after=self.turn_after),
                    report=self.report,
                    authenticator=self.authenticator,
                    book=self.book,
                )
                return session.run(wire, self.idle_seconds).orderly
        except (DialError, *BROKEN) as error:
            self.report("session-failed", {"text": str(error)})
            return False
