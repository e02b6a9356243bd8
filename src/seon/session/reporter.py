"""What the verifier saw, as events: who talks to whom, each file, each receipt, each finding. Never a password."""

import time
from collections.abc import Callable, Iterable, Mapping

from seon.events import Value
from seon.oftp2 import happenings
from seon.oftp2.happenings import Side
from seon.oftp2.inspection import Finding, Inspection, Refusal, Surplus
from seon.oftp2.reasons import AnswerReason, NegativeReason, reason_words
from seon.process.events import Report

_SECURITY = ("none", "encrypted", "signed", "encrypted and signed")
"""By SFIDSEC."""
NOTHING = "-"
"""In place of a field or of octets, where there are none to show."""


class SessionReporter:
    """Turns inspections into events. The inside's word on files counts, so only it reports the `whole` (design §9)."""

    def __init__(
        self, report: Report, partner: str, partner_side: Side, *, whole: bool, call: Mapping[str, str]
    ) -> None:
        self._report = report
        self._partner = partner
        self._partner_side = partner_side
        self._whole = whole
        self._call = call
        """Fields of what is refused: which way, and who called whom. The main believes them if it knows no better."""
        self._file_began, self._sender = time.monotonic(), partner_side
        self._restart = 0
        self.files = 0
        """Files that were accepted at their end."""

    def inspection(self, seen: Inspection) -> None:
        """Report what one inspection brought."""
        for finding in seen.findings:
            self._report("SES-FINDING", **self._problem(finding))
        for event in seen.happenings:
            self._event(event)
        if seen.refusal:
            self._report("SES-REFUSED", **self._call, **self._problem(seen.refusal))

    def _problem(self, one: Finding | Refusal) -> dict[str, Value]:
        return {
            "partner": self._partner,
            "rule": one.rule,
            "key": one.key,
            "side": one.side.name,
            "stb": one.stb,
            "offset": one.offset,
            "field": one.field or NOTHING,
            "seen": one.seen or NOTHING,
            "text": one.text,
        }

    def surplus(self, kinds: Iterable[Surplus]) -> None:
        """Report the findings that were counted only."""
        for kind in kinds:
            self._report(
                "SES-MORE",
                partner=self._partner,
                rule=kind.rule,
                key=kind.key,
                side=kind.side.name,
                count=kind.count,
            )

    def _event(self, event: object) -> None:
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    def _agreed(self, event: happenings.SessionAgreed) -> None:
        if self._whole:
            self._report(
                "SES-AGREED",
                initiator=event.initiator,
                responder=event.responder,
                level=event.level,
                buffer=event.buffer_size,
                credit=event.credit,
                compression=event.compression,
                restart=event.restart,
                authentication=event.authentication,
            )

    def _offered(self, event: happenings.FileOffered) -> None:
        self._file_began, self._sender, self._restart = time.monotonic(), event.sender, 0
        if self._whole:
            self._report(
                "FIL-START",
                name=event.name,
                date=event.date,
                time=event.time,
                direction=self._direction(event.sender),
                destination=event.destination,
                originator=event.originator,
                format=event.format,
                record_length=event.record_length,
                size_k=event.size_k,
                restart=event.restart,
                security=_SECURITY[event.security],
                cipher=event.cipher,
                compression=bool(event.compression),
                signed_receipt=event.signed_receipt,
            )

    def _started(self, event: happenings.FileStarted) -> None:
        self._restart = event.restart

    def _refused(self, event: happenings.FileRefused) -> None:
        if self._whole:
            again = "may be sent again" if event.retry else "not to be sent again"
            words = reason_words(AnswerReason, event.reason, event.text)
            self._file_end(event, f"refused before its data: {words}; {again}", 0, 0)

    def _declined(self, event: happenings.FileDeclined) -> None:
        if self._whole:
            self._file_end(event, f"declined by rule {event.rule}", 0, 0)

    def _ended(self, event: happenings.FileEnded) -> None:
        self.files += event.accepted
        if self._whole:
            words = reason_words(AnswerReason, event.reason, event.text)
            result = "accepted" if event.accepted else f"refused at its end: {words}"
            lines = "; lines sent as records" if event.as_lines else ""
            self._file_end(event, result + lines, event.octets, event.records)

    def broken_off(self, event: happenings.FileBrokenOff | None) -> None:
        """Report the file that was under way when the session ended, if there was one."""
        if event and self._whole:
            self._file_end(event, "broken off by the end of the session", event.octets, event.records)

    def _file_end(
        self,
        event: happenings.FileRefused | happenings.FileDeclined | happenings.FileEnded | happenings.FileBrokenOff,
        result: str,
        octets: int,
        records: int,
    ) -> None:
        self._report(
            "FIL-END",
            name=event.name,
            date=event.date,
            time=event.time,
            direction=self._direction(self._sender),
            result=result,
            restart=self._restart,
            octets=octets,
            records=records,
            seconds=round(time.monotonic() - self._file_began, 3),
        )

    def _receipt(self, event: happenings.ReceiptPassed) -> None:
        if self._whole:
            self._report(
                "FIL-RECEIPT",
                kind=event.kind,
                name=event.name,
                date=event.date,
                time=event.time,
                direction=self._direction(event.sender),
                destination=event.destination,
                originator=event.originator,
                signed=event.signed,
                creator=event.creator,
                result="delivered"
                if event.kind == "EERP"
                else f"not delivered: {reason_words(NegativeReason, event.reason, event.text)}",
            )

    def _nothing_moved(self, event: happenings.NothingMoved) -> None:
        if self._whole:
            self._report("SES-NOCONTENT", partner=self._partner, exchanges=event.exchanges)

    def _direction(self, sender: Side) -> str:
        return "incoming" if sender is self._partner_side else "outgoing"


_HANDLERS: dict[type, Callable[..., None]] = {
    happenings.SessionAgreed: SessionReporter._agreed,  # this class's own table
    happenings.FileOffered: SessionReporter._offered,
    happenings.FileStarted: SessionReporter._started,
    happenings.FileRefused: SessionReporter._refused,
    happenings.FileDeclined: SessionReporter._declined,
    happenings.FileEnded: SessionReporter._ended,
    happenings.ReceiptPassed: SessionReporter._receipt,
    happenings.NothingMoved: SessionReporter._nothing_moved,
}
