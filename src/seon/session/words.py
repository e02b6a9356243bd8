"""A command's important fields in words, one line. Passwords, challenges and responses are masked.

The log of a session at TRACE and `seon oftp2` say the same of a command.
"""

from collections.abc import Callable
from typing import Any

from seon.events import shown
from seon.oftp2 import commands as c
from seon.oftp2.explain import MASK
from seon.oftp2.happenings import FileBrokenOff, FileEnded, SessionAgreed
from seon.oftp2.inspection import Surplus
from seon.oftp2.reasons import AnswerReason, EndReason, NegativeReason, reason_words

_DIRECTIONS = {"S": "only sends", "R": "only receives", "B": "sends and receives"}
_SECURITY = {1: "encrypted", 2: "signed", 3: "encrypted and signed"}


def brief(value: object, most: int = 120) -> str:
    """Return what a stranger sent as one line that can be shown: escaped and capped."""
    text = shown(value)
    return text if len(text) <= most else text[: most - 1] + "…"


def of_command(command: c.Command) -> str:
    """Return what a command says. What a station sent is escaped and capped."""
    return _WORDS[type(command)](command)


def of_agreement(agreed: SessionAgreed) -> str:
    """Return what both SSIDs come to."""
    return _listed(
        f"agreed: level {agreed.level}",
        f"buffer {agreed.buffer_size}",
        f"credit {agreed.credit}",
        agreed.compression and "compression",
        agreed.restart and "restart",
        agreed.authentication and "secure authentication",
    )


def of_file_end(file: FileEnded | FileBrokenOff) -> str:
    """Return how a file ended; its octets are those of this transfer, before buffer compression."""
    fate = "broken off" if isinstance(file, FileBrokenOff) else "delivered" if file.accepted else "not taken"
    records = f", {file.records:,} records" if file.records else ""
    lines = ", lines sent as records" if isinstance(file, FileEnded) and file.as_lines else ""
    return f"file {brief(file.name)} {fate}: {file.octets:,} octets{records}{lines}"


def of_surplus(kind: Surplus) -> str:
    """Return how many findings of a kind were not told one by one."""
    return f"{kind.count:,} more of {kind.key} by the {kind.side.name.capitalize()}"


def _listed(*parts: str | bool) -> str:
    return ", ".join(str(part) for part in parts if part)


def _stamp(command: Any) -> str:
    return f"{brief(command.name)} of {command.date} {command.time}"


def _route(command: Any) -> str:
    return f"from {brief(command.originator)} to {brief(command.destination)}"


def _start_session(ssid: c.StartSession) -> str:
    return _listed(
        brief(ssid.code) or "(no code)",
        f"level {ssid.level}",
        f"buffer {ssid.buffer_size}",
        f"credit {ssid.credit}",
        _DIRECTIONS[ssid.direction],
        ssid.compression and "compression",
        ssid.restart and "restart",
        ssid.special_logic and "special logic",
        ssid.authentication and "secure authentication",
        f"password {MASK}",
        ssid.user and f"user {brief(ssid.user)}",
    )


def _start_file(sfid: c.StartFile) -> str:
    return _listed(
        _stamp(sfid),
        _route(sfid),
        f"format {sfid.format}" + (f" {sfid.record_length}" if sfid.record_length else ""),
        f"{sfid.size_k:,} KiB",
        bool(sfid.restart) and f"restart offered at {sfid.restart:,}",
        _SECURITY.get(sfid.security, ""),
        bool(sfid.cipher) and f"cipher suite {sfid.cipher:02d}",
        bool(sfid.compression) and "compressed",
        bool(sfid.envelope) and "CMS",
        sfid.signed_receipt and "signed receipt asked for",
        sfid.user and f"user {brief(sfid.user)}",
        sfid.description and f"description {brief(sfid.description)}",
    )


def _start_file_refused(sfna: c.StartFileRefused) -> str:
    retry = "may be sent again later" if sfna.retry else "not to be sent again"
    return _listed(reason_words(AnswerReason, sfna.reason, brief(sfna.text)), retry)


def _receipt(receipt: c.EndToEndResponse | c.NegativeEndResponse) -> str:
    return _listed(_stamp(receipt), _route(receipt), "signed" if receipt.signature else "not signed")


def _negative_receipt(nerp: c.NegativeEndResponse) -> str:
    reason = reason_words(NegativeReason, nerp.reason, brief(nerp.text))
    return _listed(_receipt(nerp), reason, f"created by {brief(nerp.creator)}")


_WORDS: dict[type, Callable[[Any], str]] = {
    c.StartSessionReady: lambda _: "ready",
    c.StartSession: _start_session,
    c.SecurityChangeDirection: lambda _: "asks to be challenged",
    c.AuthenticationChallenge: lambda auch: f"challenge {MASK}, {len(auch.challenge)} octets",
    c.AuthenticationResponse: lambda _: f"response {MASK}",
    c.StartFile: _start_file,
    c.StartFileAccepted: lambda sfpa: f"accepted, from {sfpa.restart:,} on" if sfpa.restart else "accepted",
    c.StartFileRefused: _start_file_refused,
    c.EndFile: lambda efid: f"{efid.octets:,} octets, {efid.records:,} records in the whole file",
    c.EndFileAccepted: lambda efpa: "accepted, asks for the turn" if efpa.change_direction else "accepted",
    c.EndFileRefused: lambda efna: reason_words(AnswerReason, efna.reason, brief(efna.text)),
    c.SetCredit: lambda _: "credit",
    c.ChangeDirection: lambda _: "hands the turn over",
    c.ReadyToReceive: lambda _: "has kept the receipt",
    c.EndToEndResponse: _receipt,
    c.NegativeEndResponse: _negative_receipt,
    c.EndSession: lambda esid: reason_words(EndReason, esid.reason, brief(esid.text)),
}
