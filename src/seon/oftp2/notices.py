"""What a Station tells its user: past tense, in the order in which it happened."""

from dataclasses import dataclass

from seon.oftp2.commands import EndToEndResponse, NegativeEndResponse, StartFile, StartSession
from seon.oftp2.sending import OutgoingFile
from seon.oftp2.session_start import Agreement

Receipt = EndToEndResponse | NegativeEndResponse


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """Both SSIDs have passed, and the authentication of both sides where it was agreed."""

    peer: StartSession
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class TurnTaken:
    """We are the Speaker now. What is queued before the next `data_to_send` is sent; else the turn or session ends."""


@dataclass(frozen=True, slots=True)
class FileOffered:
    """SFID came: answer with `accept_file` or `refuse_file`."""

    start: StartFile


@dataclass(frozen=True, slots=True)
class FileReceived:
    """EFID came and its counts are right: answer with `accept_end` or `refuse_end`."""

    start: StartFile
    records: int
    octets: int


@dataclass(frozen=True, slots=True)
class FileFailed:
    """An incoming file was refused by the station itself (SFNA or EFNA): wrong counts, wrong records, sink broken."""

    start: StartFile
    reason: int


@dataclass(frozen=True, slots=True)
class FileStarted:
    """Our file was accepted (SFPA) and its data goes out, from `restart` units on."""

    file: OutgoingFile
    start: StartFile
    """The SFID as it was sent: its receipt names these values."""
    restart: int


@dataclass(frozen=True, slots=True)
class FileSent:
    """The other side has our whole file (EFPA)."""

    file: OutgoingFile
    start: StartFile
    octets: int


@dataclass(frozen=True, slots=True)
class FileRejected:
    """The other side did not take our file (SFNA, EFNA), or the session's terms do not let us send it."""

    file: OutgoingFile
    reason: int
    retry: bool
    text: str


@dataclass(frozen=True, slots=True)
class ReceiptReceived:
    """EERP or NERP came for a file we sent; RTR goes out with the next `data_to_send`."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class ReceiptSent:
    """The other side has our receipt (RTR)."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """ESID was sent or received, or the connection ended. Always the last notice, exactly once."""

    reason: int | None
    """ESIDREAS; None where the connection ended without an ESID."""
    by_us: bool
    orderly: bool
    text: str
    """Ours, or the peer's ESIDREAST as it came: escape it before showing it."""
    for_the_log: str = ""
    """What the log says instead of `text`, where there is more to say than the other side may ever hear."""


Notice = (
    SessionStarted
    | TurnTaken
    | FileOffered
    | FileReceived
    | FileFailed
    | FileStarted
    | FileSent
    | FileRejected
    | ReceiptReceived
    | ReceiptSent
    | SessionEnded
)
