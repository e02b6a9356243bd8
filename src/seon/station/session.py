"""One session: a Station on a Wire, with somebody who takes files in and somebody who has files to give."""

from typing import Protocol

from seon.oftp2 import notices as n
from seon.oftp2.authentication import Authenticator
from seon.oftp2.commands import StartFile
from seon.oftp2.reasons import EndReason
from seon.oftp2.sending import OutgoingFile
from seon.oftp2.session_start import Profile
from seon.oftp2.station import Station
from seon.station.receipts import Proof, ReceiptBook
from seon.station.taker import Report, Taker, TakerTerms, kind_of
from seon.station.wire import BROKEN, CLOSING_SECONDS, Wire, listen_out


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

    def answered(self, receipt: n.Receipt, proof: Proof) -> None:
        """A receipt came; `proof` is what its signature is worth."""
        ...

    def ended(self) -> None:
        """The session is over: what was neither sent nor rejected is not sent."""
        ...


class Session:
    """Runs one session to its end."""

    def __init__(
        self,
        profile: Profile,
        *,
        initiator: bool,
        giver: Giver,
        taker: TakerTerms,
        report: Report,
        authenticator: Authenticator | None = None,
        book: ReceiptBook | None = None,
    ) -> None:
        self.station = Station(profile, initiator=initiator, authenticator=authenticator)
        self.end: n.SessionEnded | None = None
        self._giver = giver
        self._report = report
        self._book = book or ReceiptBook()
        self._taker = Taker(self.station, taker, report)

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
                    self._taker.has_turn()
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
                    self._report("session-ended", {**values, "text": notice.for_the_log or notice.text})
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
                self._answered(receipt)

    def _answered(self, receipt: n.Receipt) -> None:
        proof, wrong = self._book.check(receipt)
        self._giver.answered(receipt, proof)
        values: dict[str, object] = {"name": receipt.name, "kind": kind_of(receipt), "signature": proof.value}
        try:
            path = self._book.keep(receipt)
            kept = {"path": str(path)} if path else {}
        except OSError as error:
            kept = {"text": f"cannot be kept: {error.strerror}"}
        self._report("receipt-received", values | kept | ({"text": wrong} if wrong else {}))

    def _started(self, notice: n.SessionStarted) -> None:
        agreed = notice.agreement
        terms = {"level": agreed.level, "buffer": agreed.buffer_size, "credit": agreed.credit}
        flags = {
            "compression": agreed.compression,
            "restart": agreed.restart,
            "authentication": agreed.authentication,
        }
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
