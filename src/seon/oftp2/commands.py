"""The commands of RFC 5024 5.3 as values. Their layouts stand in layouts.py, their reader and writer in codec.py.

Texts have no trailing spaces. Dates and times are digits as the level has them: `CCYYMMDD` and `HHMMSScccc` from level
4 on, `YYMMDD` and `HHMMSS` before. Secrets are kept out of `repr`.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StartSessionReady:
    """SSRM: the Responder's first word."""


@dataclass(frozen=True, slots=True)
class StartSession:
    """SSID: what its sender is, and can do."""

    level: int
    code: str
    """Identification code of the sender."""
    password: str = field(repr=False)
    buffer_size: int
    """The largest data exchange buffer that the sender takes: octets, 128 to 99999, command octet included."""
    direction: str
    """S, R or B: only sends files, only receives, both."""
    compression: bool
    restart: bool
    special_logic: bool
    credit: int
    """Data buffers that may be sent before a credit, 1 to 999."""
    authentication: bool = False
    user: str = ""


@dataclass(frozen=True, slots=True)
class SecurityChangeDirection:
    """SECD: now you challenge me."""


@dataclass(frozen=True, slots=True)
class AuthenticationChallenge:
    """AUCH: 20 random octets encrypted for the other side."""

    challenge: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AuthenticationResponse:
    """AURP: the 20 octets decrypted."""

    response: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StartFile:
    """SFID: a file is offered."""

    name: str
    date: str
    time: str
    user: str
    destination: str
    originator: str
    format: str
    """F fixed records, V variable records, U unstructured, T text."""
    record_length: int
    size_k: int
    """Size as it is transmitted, in 1024 octets, an estimate."""
    original_size_k: int = 0
    """Size before file services, in 1024 octets; 0 is unknown."""
    restart: int = 0
    """Position offered: records for F and V, else 1024 octets."""
    security: int = 0
    """0 none, 1 encrypted, 2 signed, 3 both."""
    cipher: int = 0
    compression: int = 0
    envelope: int = 0
    signed_receipt: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class StartFileAccepted:
    """SFPA: send it, from this position on."""

    restart: int = 0


@dataclass(frozen=True, slots=True)
class StartFileRefused:
    """SFNA: not this file, or not now."""

    reason: int
    retry: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class EndFile:
    """EFID: what the whole file had."""

    records: int
    octets: int


@dataclass(frozen=True, slots=True)
class EndFileAccepted:
    """EFPA: the file is here; with `change_direction` the Listener asks for the turn."""

    change_direction: bool = False


@dataclass(frozen=True, slots=True)
class EndFileRefused:
    """EFNA: the file is not taken."""

    reason: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class SetCredit:
    """CDT: the Speaker may send a window of data buffers again."""


@dataclass(frozen=True, slots=True)
class ChangeDirection:
    """CD: the Speaker becomes Listener."""


@dataclass(frozen=True, slots=True)
class ReadyToReceive:
    """RTR: the Listener has kept the response and takes the next command."""


@dataclass(frozen=True, slots=True)
class EndSession:
    """ESID: the session ends."""

    reason: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class EndToEndResponse:
    """EERP: the receipt of a file. `destination` is the file's originator: the receipt travels back."""

    name: str
    date: str
    time: str
    user: str
    destination: str
    originator: str
    hash: bytes = b""
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class NegativeEndResponse:
    """NERP: a file did not reach its end. `destination` is the file's originator, as in EERP."""

    name: str
    date: str
    time: str
    destination: str
    originator: str
    creator: str
    reason: int
    text: str = ""
    hash: bytes = b""
    signature: bytes = b""


Command = (
    StartSessionReady
    | StartSession
    | SecurityChangeDirection
    | AuthenticationChallenge
    | AuthenticationResponse
    | StartFile
    | StartFileAccepted
    | StartFileRefused
    | EndFile
    | EndFileAccepted
    | EndFileRefused
    | SetCredit
    | ChangeDirection
    | ReadyToReceive
    | EndSession
    | EndToEndResponse
    | NegativeEndResponse
)
