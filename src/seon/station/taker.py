"""Who takes incoming files in a session: it answers offers, keeps files, and owes receipts for them."""

from collections.abc import Callable
from dataclasses import dataclass

from seon.oftp2 import notices as n
from seon.oftp2.commands import EndToEndResponse, StartFile
from seon.oftp2.errors import LocalError
from seon.oftp2.reasons import AnswerReason, NegativeReason
from seon.oftp2.receiving import negative_receipt_for, receipt_for
from seon.oftp2.station import Station
from seon.station.cms import CmsError
from seon.station.inbox import Inbox, Incoming, RefusedError
from seon.station.keys import OwnKey
from seon.station.receipts import signed_receipt

Report = Callable[[str, dict[str, object]], None]
"""Takes the name of what happened and its values. Values may be a stranger's words: show them escaped."""


@dataclass(frozen=True, slots=True)
class TakerTerms:
    """On which terms files are taken: into `inbox`, without one not at all."""

    inbox: Inbox | None
    receipt: str = "EERP"
    """EERP, NERP (for tests) or none."""
    own: OwnKey | None = None
    """To sign receipts with, where that is asked for."""
    turn_after: int = 0
    """Incoming files after which the turn is asked for, to hand over their receipts; 0: never."""


class Taker:
    """Takes the incoming files of one session."""

    def __init__(self, station: Station, terms: TakerTerms, report: Report) -> None:
        self._station = station
        self._terms = terms
        self._inbox = terms.inbox
        self._report = report
        self._incoming: Incoming | None = None
        self._in_hand: list[n.Receipt] = []
        self._since_turn = 0

    def offered(self, start: StartFile) -> None:
        """Answer an offer."""
        try:
            if self._inbox is None:
                raise RefusedError(AnswerReason.DIRECTION_REFUSED, "no files are taken here")
            self._incoming = self._inbox.open(start)
        except RefusedError as refused:
            self._station.refuse_file(refused.reason, retry=refused.retry, text=str(refused))
            self._tell("file-refused", start, reason=int(refused.reason), text=str(refused))
            return
        self._station.accept_file(self._incoming, self._incoming.kept)

    def received(self, notice: n.FileReceived) -> None:
        """Make a whole file final, owe its receipt, and only then accept it."""
        assert self._incoming is not None
        assert self._inbox is not None
        incoming, self._incoming = self._incoming, None
        try:
            self._inbox.keep(incoming)
            self._owe(notice.start, incoming)
        except OSError as error:
            incoming.close()
            self._station.refuse_end(AnswerReason.ACCESS_METHOD, "cannot be stored")
            self._tell("file-failed", notice.start, reason=int(AnswerReason.ACCESS_METHOD), text=str(error))
            return
        self._since_turn += 1
        self._station.accept_end(change_direction=0 < self._terms.turn_after <= self._since_turn)
        self._tell("file-received", notice.start, octets=notice.octets, path=str(incoming.final))

    def failed(self, notice: n.FileFailed) -> None:
        """The station refused the file: what came of it is worth nothing."""
        if self._incoming:
            self._incoming.discard()
            self._incoming = None
        self._tell("file-failed", notice.start, reason=notice.reason)

    def has_turn(self) -> None:
        """We are the Speaker: what is owed is handed over now."""
        self._since_turn = 0

    def handed_over(self, receipt: n.Receipt) -> None:
        """The other side has our receipt."""
        assert self._inbox is not None
        assert self._station.peer is not None
        self._inbox.paid(self._station.peer.code, receipt)
        self._in_hand.remove(receipt)
        values = {"name": receipt.name, "kind": kind_of(receipt), "signed": bool(receipt.signature)}
        self._report("receipt-sent", values)

    def started(self, peer: str) -> None:
        """Queue the receipts that earlier sessions could not hand over."""
        for receipt in self._inbox.owed(peer) if self._inbox else ():
            self._in_hand.append(receipt)
            self._station.send_receipt(receipt)

    def ended(self) -> None:
        """Keep what is there of a file for a restart, and receipts for the next session."""
        if self._incoming:
            self._incoming.close()
        for receipt in self._in_hand:
            assert self._inbox is not None
            assert self._station.peer is not None
            self._inbox.unpaid(self._station.peer.code, receipt)

    def _owe(self, start: StartFile, incoming: Incoming) -> None:
        if self._terms.receipt == "none":
            return
        assert self._station.peer is not None
        receipt = self._receipt(start, incoming)
        assert self._inbox is not None
        try:
            self._inbox.owe(self._station.peer.code, receipt)
        except OSError as error:
            # The file is safe and stays accepted; its receipt is owed by this session alone.
            self._report("receipt-not-kept", {"name": start.name, "text": str(error)})
        self._in_hand.append(receipt)
        self._station.send_receipt(receipt)

    def _receipt(self, start: StartFile, incoming: Incoming) -> n.Receipt:
        receipt: n.Receipt = receipt_for(start)
        if self._terms.receipt == "NERP":
            creator = self._station.profile.code
            receipt = negative_receipt_for(start, NegativeReason.NOT_DELIVERED, creator, "refused by its user")
        if not start.signed_receipt:
            return receipt
        try:
            if self._terms.own is None:
                raise CmsError("there is no session key")
            with incoming.final.open("rb") as content:
                return signed_receipt(receipt, start, content, self._terms.own)
        except (CmsError, LocalError, OSError) as error:
            # RFC 5024 leaves it to the sender whether an unsigned receipt is enough.
            self._report("receipt-not-signed", {"name": start.name, "text": str(error)})
            return receipt

    def _tell(self, what: str, start: StartFile, **values: object) -> None:
        identity = {"name": start.name, "date": start.date, "time": start.time, "originator": start.originator}
        self._report(what, identity | values)


def kind_of(receipt: n.Receipt) -> str:
    """Return EERP or NERP."""
    return "EERP" if isinstance(receipt, EndToEndResponse) else "NERP"
