"""What the verifier saw, as events: who talks to whom, each file, each receipt, each finding. Never a password."""

import time
from collections.abc import Callable
from typing import Protocol

from seon.events import Value
from seon.oftp2 import happenings
from seon.oftp2.observer import Finding, Inspection, Refusal, Side


class Report(Protocol):
    """Logs an event and sends it on."""

    def __call__(self, code: str, **fields: Value) -> None:
        """Report an event of this code."""


class SessionReporter:
    """Turns inspections into events. The inside's word on files counts, so only it reports the `whole` (design §9)."""

    def __init__(self, report: Report, partner: str, partner_side: Side, *, whole: bool) -> None:
        self._report = report
        self._partner = partner
        self._partner_side = partner_side
        self._whole = whole
        self._file_began, self._sender = time.monotonic(), partner_side
        self.files = 0
        """Files that were accepted at their end."""
        self.farewell = ""
        """The ESID that was seen, in words."""

    def inspection(self, seen: Inspection) -> None:
        """Report what one inspection brought."""
        for finding in seen.findings:
            self._finding(finding)
        for event in seen.events:
            self._event(event)
        if seen.refusal:
            self._refusal(seen.refusal)

    def _refusal(self, refusal: Refusal) -> None:
        self._report(
            "SES-REFUSED",
            partner=self._partner,
            rule=refusal.rule,
            side=refusal.side.name,
            stb=refusal.stb,
            offset=refusal.offset,
            text=refusal.text,
        )

    def _finding(self, finding: Finding) -> None:
        self._report(
            "SES-FINDING", rule=finding.rule, side=finding.side.name, stb=finding.stb, text=finding.text
        )  # fmt: skip

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
        self._file_began, self._sender = time.monotonic(), event.sender
        if self._whole:
            self._report(
                "FIL-START",
                name=event.name,
                date=event.date,
                time=event.time,
                direction=self._direction(event.sender),
                format=event.format,
                size_k=event.size_k,
            )

    def _refused(self, event: happenings.FileRefused) -> None:
        if self._whole:
            self._file_end(event, f"refused before its data: {event.reason:02d} {event.text}".strip(), 0, 0)

    def _ended(self, event: happenings.FileEnded) -> None:
        self.files += event.accepted
        if self._whole:
            result = "accepted" if event.accepted else f"refused at its end: {event.reason:02d} {event.text}".strip()
            self._file_end(event, result, event.octets, event.records)

    def _file_end(
        self, event: happenings.FileRefused | happenings.FileEnded, result: str, octets: int, records: int
    ) -> None:
        self._report(
            "FIL-END",
            name=event.name,
            date=event.date,
            time=event.time,
            direction=self._direction(self._sender),
            result=result,
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
                result="delivered" if event.kind == "EERP" else f"not delivered: {event.reason:02d}",
            )

    def _farewell(self, event: happenings.SessionEnded) -> None:
        self.farewell = f"ESID {event.reason:02d} by the {event.side.name.capitalize()} {event.text}".strip()

    def _direction(self, sender: Side) -> str:
        return "incoming" if sender is self._partner_side else "outgoing"


_HANDLERS: dict[type, Callable[..., None]] = {
    happenings.SessionAgreed: SessionReporter._agreed,  # this class's own table
    happenings.FileOffered: SessionReporter._offered,
    happenings.FileRefused: SessionReporter._refused,
    happenings.FileEnded: SessionReporter._ended,
    happenings.ReceiptPassed: SessionReporter._receipt,
    happenings.SessionEnded: SessionReporter._farewell,
}
