"""`seon station send`: call a station, send files, and wait for their receipts."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from seon.oftp2.commands import EndToEndResponse, StartFile
from seon.oftp2.notices import Receipt
from seon.oftp2.reasons import AnswerReason
from seon.oftp2.sending import OutgoingFile
from seon.oftp2.session_start import Profile
from seon.station.inbox import Inbox
from seon.station.outgoing import Key, Offer, key_answered, key_of
from seon.station.session import Report, Session
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
    key: Key | None = field(default=None, repr=False)

    def done(self, *, wait_receipt: bool) -> bool:
        """Whether nothing more is to be done for it."""
        return self.refused or (self.sent and (bool(self.receipt) or not wait_receipt))


class OrderGiver:
    """Gives the other side what has not been sent yet. `told`: called with an order whenever it moves on."""

    def __init__(self, orders: list[Order], told: Callable[[Order], None]) -> None:
        self._orders = orders
        self._told = told
        self._offers: dict[OutgoingFile, tuple[Order, Offer]] = {}
        self._asked = False

    def waiting(self, _peer: str) -> list[OutgoingFile]:
        """See Giver."""
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

    def started(self, file: OutgoingFile, start: StartFile) -> None:
        """See Giver."""
        order, _ = self._offers[file]
        order.resume, order.key = True, key_of(start)

    def sent(self, file: OutgoingFile) -> None:
        """See Giver."""
        order, offer = self._offers.pop(file)
        order.sent = True
        offer.close()

    def rejected(self, file: OutgoingFile, reason: int, *, retry: bool) -> None:
        """See Giver."""
        order, offer = self._offers.pop(file)
        # A duplicate of an interrupted attempt is that attempt: the file had arrived, only its EFPA was lost.
        order.sent = order.resume and reason == AnswerReason.DUPLICATE
        order.refused = not (retry or order.sent)
        offer.close()

    def answered(self, receipt: Receipt) -> None:
        """See Giver."""
        for order in self._orders:
            if order.key == key_answered(receipt):
                order.receipt = "EERP" if isinstance(receipt, EndToEndResponse) else "NERP"

    def ended(self) -> None:
        """See Giver."""
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

    def send(self, orders: list[Order], *, wait_receipt: bool, attempts: int, told: Callable[[Order], None]) -> bool:
        """Send until every order is done, in at most so many sessions; return whether all is well."""
        for attempt in range(attempts):
            if attempt:
                time.sleep(RETRY_SECONDS)
            orderly = self._session(OrderGiver(orders, told))
            if orderly and all(order.done(wait_receipt=wait_receipt) for order in orders):
                break
        return all(order.sent and (order.receipt == "EERP" or not wait_receipt) for order in orders)

    def _session(self, giver: OrderGiver) -> bool:
        try:
            with socket.create_connection((self.host, self.port), CONNECT_SECONDS) as sock:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                wire: Wire = self.tls.connect(sock, self.host) if self.tls else PlainWire(sock)
                session = Session(self.profile, initiator=True, giver=giver, inbox=self.inbox, report=self.report)
                return session.run(wire, self.idle_seconds).orderly
        except BROKEN as error:
            self.report("session-failed", {"text": str(error)})
            return False
