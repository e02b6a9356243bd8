"""One session: a Station on a Wire, with somebody who takes files in and somebody who has files to give."""

from collections.abc import Callable
from typing import Protocol

from seon.oftp2 import notices as n
from seon.oftp2.commands import EndToEndResponse, StartFile
from seon.oftp2.reasons import AnswerReason, EndReason, NegativeReason
from seon.oftp2.receiving import negative_receipt_for, receipt_for
from seon.oftp2.sending import OutgoingFile
from seon.oftp2.session_start import Profile
from seon.oftp2.station import Station
from seon.station.inbox import Inbox, Incoming, RefusedError
from seon.station.wire import BROKEN, CLOSING_SECONDS, Wire, listen_out

Report = Callable[[str, dict[str, object]], None]
"""Takes the name of what happened and its values. Values may be a stranger's words: show them escaped."""


class Giver(Protocol):
    """Who has files to give, and is told what became of them."""

    def waiting(self, peer: str) -> list[OutgoingFile]:
        """Return what is to be sent to `peer` now; asked at each turn."""
        ...

    def started(self, file: OutgoingFile, start: StartFile) -> None:
        """The file was accepted and its data goes out; its receipt will name what `start` says."""
        ...

    def sent(self, file: OutgoingFile) -> None:
        """The other side has the whole file."""
        ...

    def rejected(self, file: OutgoingFile, reason: int, *, retry: bool) -> None:
        """The other side did not take the file."""
        ...

    def answered(self, receipt: n.Receipt) -> None:
        """A receipt came."""
        ...

    def ended(self) -> None:
        """The session is over: what was neither sent nor rejected is not sent."""
        ...


class Taker:
    """Takes incoming files into an inbox; without one it refuses them. `receipt`: EERP, NERP (for tests) or none."""

    def __init__(self, station: Station, inbox: Inbox | None, report: Report, *, receipt: str = "EERP") -> None:
        self._station = station
        self._inbox = inbox
        self._report = report
        self._receipt = receipt
        self._incoming: Incoming | None = None
        self._in_hand: list[n.Receipt] = []

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
            self._owe(notice.start)
        except OSError as error:
            incoming.close()
            self._station.refuse_end(AnswerReason.ACCESS_METHOD, "cannot be stored")
            self._tell("file-failed", notice.start, reason=int(AnswerReason.ACCESS_METHOD), text=str(error))
            return
        self._station.accept_end()
        self._tell("file-received", notice.start, octets=notice.octets, path=str(incoming.final))

    def failed(self, notice: n.FileFailed) -> None:
        """The station refused the file: what came of it is worth nothing."""
        if self._incoming:
            self._incoming.discard()
            self._incoming = None
        self._tell("file-failed", notice.start, reason=notice.reason)

    def handed_over(self, receipt: n.Receipt) -> None:
        """The other side has our receipt."""
        assert self._inbox is not None
        assert self._station.peer is not None
        self._inbox.paid(self._station.peer.code, receipt)
        self._in_hand.remove(receipt)
        self._report("receipt-sent", {"name": receipt.name, "kind": kind_of(receipt)})

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

    def _owe(self, start: StartFile) -> None:
        if self._receipt == "none":
            return
        assert self._station.peer is not None
        receipt: n.Receipt = receipt_for(start)
        if self._receipt == "NERP":
            creator = self._station.profile.code
            receipt = negative_receipt_for(start, NegativeReason.NOT_DELIVERED, creator, "refused by its user")
        assert self._inbox is not None
        try:
            self._inbox.owe(self._station.peer.code, receipt)
        except OSError as error:
            # The file is safe and stays accepted; its receipt is owed by this session alone.
            self._report("receipt-not-kept", {"name": start.name, "text": str(error)})
        self._in_hand.append(receipt)
        self._station.send_receipt(receipt)

    def _tell(self, what: str, start: StartFile, **values: object) -> None:
        identity = {"name": start.name, "date": start.date, "time": start.time, "originator": start.originator}
        self._report(what, identity | values)


class Session:
    """Runs one session to its end."""

    def __init__(
        self,
        profile: Profile,
        *,
        initiator: bool,
        giver: Giver,
        inbox: Inbox | None,
        report: Report,
        receipt: str = "EERP",
    ) -> None:
        self.station = Station(profile, initiator=initiator)
        self.end: n.SessionEnded | None = None
        self._giver = giver
        self._report = report
        self._taker = Taker(self.station, inbox, report, receipt=receipt)

    def run(self, wire: Wire, idle_seconds: float) -> n.SessionEnded:
        """Talk until the session has ended; return how. The wire is closed then."""
        try:
            wire.limit(idle_seconds)
            while self.end is None:
                self._act(self._turn(wire))
            self._last_words(wire)
        except BaseException:
            # Our own fault: the other side learns that it is over, and nothing else (ESID 99).
            self.station.abort(EndReason.UNSPECIFIED)
            self._last_words(wire)
            raise
        finally:
            self._taker.ended()
            self._giver.ended()
            wire.close()
        return self.end

    def _turn(self, wire: Wire) -> list[n.Notice]:
        """Send what is ours to send, then receive."""
        try:
            while octets := self.station.data_to_send():
                wire.sendall(octets)
            return self.station.notices() or self.station.receive(wire.receive())
        except TimeoutError:
            return self.station.timed_out()
        except BROKEN as error:
            return self._what_still_came(wire, str(error))

    def _what_still_came(self, wire: Wire, why: str) -> list[n.Notice]:
        """The connection failed, but the other side may have said why before it closed."""
        self._report("connection-ended", {"text": why})
        notices = self.station.notices()
        try:
            wire.limit(CLOSING_SECONDS)
            while not self.station.ended:
                notices += self.station.receive(wire.receive())
        except BROKEN:
            notices += self.station.receive_eof()
        return notices

    def _last_words(self, wire: Wire) -> None:
        try:
            while octets := self.station.data_to_send():
                wire.sendall(octets)
        except BROKEN:
            return
        if self.end is None or self.end.by_us:
            listen_out(wire)  # who sends ESID waits for the other side to close (RFC 5024 section 4.5)

    # --- notices ------------------------------------------------------------------------------------------------------

    def _act(self, notices: list[n.Notice]) -> None:
        for notice in notices:
            match notice:
                case n.SessionStarted():
                    self._started(notice)
                case n.TurnTaken():
                    self._queue()
                case n.FileOffered(start):
                    self._taker.offered(start)
                case n.FileReceived():
                    self._taker.received(notice)
                case n.FileFailed():
                    self._taker.failed(notice)
                case n.ReceiptSent(receipt):
                    self._taker.handed_over(receipt)
                case n.SessionEnded():
                    self.end = notice
                    values = {"reason": notice.reason, "by_us": notice.by_us, "orderly": notice.orderly}
                    self._report("session-ended", {**values, "text": notice.text})
                case _:
                    self._given(notice)

    def _given(self, notice: n.Notice) -> None:
        """What became of files we gave."""
        match notice:
            case n.FileStarted(file, start, restart):
                self._giver.started(file, start)
                self._report("file-started", {"name": file.start.name, "restart": restart})
            case n.FileSent(file, start, octets):
                self._giver.sent(file)
                self._report("file-sent", {"name": start.name, "octets": octets})
            case n.FileRejected(file, reason, retry, text):
                self._giver.rejected(file, reason, retry=retry)
                self._report("file-rejected", {"name": file.start.name, "reason": reason, "retry": retry, "text": text})
            case n.ReceiptReceived(receipt):
                self._giver.answered(receipt)
                self._report("receipt-received", {"name": receipt.name, "kind": kind_of(receipt)})

    def _started(self, notice: n.SessionStarted) -> None:
        agreed = notice.agreement
        terms = {"level": agreed.level, "buffer": agreed.buffer_size, "credit": agreed.credit}
        flags = {"compression": agreed.compression, "restart": agreed.restart}
        self._report("session-started", {"peer": notice.peer.code, **terms, **flags})
        self._taker.started(notice.peer.code)
        # The Initiator is Speaker from the start; a Responder is asked again when it gets the turn.
        if self.station.initiator:
            self._queue()

    def _queue(self) -> None:
        assert self.station.peer is not None
        if self.station.agreement and self.station.agreement.may_send:
            for file in self._giver.waiting(self.station.peer.code):
                self.station.send_file(file)


def kind_of(receipt: n.Receipt) -> str:
    """Return EERP or NERP."""
    return "EERP" if isinstance(receipt, EndToEndResponse) else "NERP"
