"""What the verifier saw happen, in the past tense. None of these holds a password, a challenge or content.

Texts come from the stations as they were sent: whoever shows them escapes and caps them.
"""

from dataclasses import dataclass
from enum import Enum


class Side(Enum):
    """Who sent something: the station that opened the connection, or the one that took it."""

    INITIATOR = "I"
    RESPONDER = "R"

    @property
    def other(self) -> "Side":
        """The side across."""
        return Side.RESPONDER if self is Side.INITIATOR else Side.INITIATOR


@dataclass(frozen=True, slots=True)
class SessionAgreed:
    """Both SSIDs have passed."""

    initiator: str
    responder: str
    level: int
    buffer_size: int
    credit: int
    compression: bool
    restart: bool
    authentication: bool


@dataclass(frozen=True, slots=True)
class FileOffered:
    """SFID passed."""

    sender: Side
    name: str
    date: str
    time: str
    destination: str
    originator: str
    format: str
    record_length: int
    size_k: int
    restart: int
    security: int
    cipher: int
    compression: int
    envelope: int
    signed_receipt: bool


@dataclass(frozen=True, slots=True)
class FileStarted:
    """SFPA passed. `restart` is the position answered: records for F and V, else 1024 octets."""

    restart: int


@dataclass(frozen=True, slots=True)
class FileRefused:
    """SFNA passed."""

    name: str
    date: str
    time: str
    reason: int
    text: str
    retry: bool


@dataclass(frozen=True, slots=True)
class FileDeclined:
    """The verifier has answered SFID with an SFNA of its own: the other side sees nothing of the file."""

    name: str
    date: str
    time: str
    rule: str
    """The id of the company's rule that the file broke first."""


@dataclass(frozen=True, slots=True)
class FileEnded:
    """EFPA or EFNA passed. Octets and records are those counted in this transfer."""

    name: str
    date: str
    time: str
    octets: int
    records: int
    accepted: bool
    reason: int = 0
    text: str = ""
    as_lines: bool = False
    """A text file whose lines were sent as records."""


@dataclass(frozen=True, slots=True)
class FileBrokenOff:
    """The session ended before the answer to SFID or EFID: what is left to be said of the file then."""

    name: str
    date: str
    time: str
    octets: int
    records: int


@dataclass(frozen=True, slots=True)
class ReceiptPassed:
    """EERP or NERP passed. `destination` is the file's originator: receipts travel back."""

    kind: str
    sender: Side
    name: str
    date: str
    time: str
    destination: str
    originator: str
    signed: bool
    reason: int = 0
    text: str = ""
    creator: str = ""


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """ESID passed."""

    side: Side
    reason: int
    text: str


@dataclass(frozen=True, slots=True)
class NothingMoved:
    """So many turns, refused or empty files, and receipts have passed in a row without content of a file."""

    exchanges: int


Happening = (
    SessionAgreed
    | FileOffered
    | FileStarted
    | FileRefused
    | FileDeclined
    | FileEnded
    | ReceiptPassed
    | NothingMoved
    | SessionEnded
)
