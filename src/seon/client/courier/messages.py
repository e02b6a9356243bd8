"""What the client's main and its courier say to each other over their socket pair."""

import asyncio
import socket
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from seon.api_messages import Enrolled, LiveState, Orders, SealedKey, SealedKeyWanted
from seon.client.waiting import Wait
from seon.config import Fingerprint, Port, ProxyConfiguration, Struct
from seon.events import Event
from seon.link.codec import HEADER, Decoder, encode
from seon.process.levels import Category, Level
from seon.process.line import MAX_LINE

MAX_MESSAGE = 96 * 1024 * 1024
"""A whole configuration with 10,000 partners stays far below it."""
BLOB_PART = 128 * 1024
"""Octets of a blob in one message."""
EVENTS_PER_MESSAGE = 100
EVENTS_SIZE = 1024 * 1024
"""Octets of the events of one message."""
ALIVE_SECONDS = 20.0

State = Literal["away", "refused", "back", "spool", "spooled", "rejected", "unreadable", "courier"]
"""`away`: Seonapi cannot be reached or does not serve this client; `refused`: it does not accept this client; `back`:
neither any more. `spool`: the event spool cannot be used; `spooled`: it can again. `rejected`, `unreadable`: events
were set aside, since Seonapi does not take them or they cannot be read. `courier`: something unforeseen that it has
survived, or nothing is heard of it: that is said by the main's end of the line."""
Why = Literal["refused", "away", "failed"]
Number = Annotated[int, Meta(ge=1)]


class Note(Struct, frozen=True, tag_field="type"):
    """A message between main and courier."""


class Begin(Note, frozen=True, tag="begin"):
    """Courier: the command line, as far as the main may know it. Token and URL stay with the courier."""

    host: str
    port: Port
    terminal: bool
    """Whether the log goes to the terminal besides."""
    wait: Wait = Wait()
    """What the starting command waits for."""
    pid: int = 0
    """The courier's: the main is its parent, and says how it ended. 0 if there is no such process."""


class Enrol(Note, frozen=True, tag="enrol"):
    """Main: ask for a certificate for this key. The courier asks until there is one, however long that takes."""

    number: int
    csr: str


class HaveEnrolled(Note, frozen=True, tag="enrolled"):
    """Courier: here it is, for the `Enrol` with this number."""

    number: int
    answer: Enrolled


class AskNow(Note, frozen=True, tag="ask-now"):
    """Main: the server asks for a changed configuration; ask Seonapi at once."""


class ServerReads(Note, frozen=True, tag="server-reads"):
    """Main: the newest configuration format that the linked server knows."""

    format: Number


class NewConfiguration(Note, frozen=True, tag="configuration"):
    """Courier: a version that was not there before."""

    configuration: ProxyConfiguration


class WantSealed(Note, frozen=True, tag="want-sealed"):
    """Main: get the partners' TLS key sealed for this server."""

    wanted: SealedKeyWanted


class GotSealed(Note, frozen=True, tag="sealed"):
    """Courier: here it is, or why not."""

    certificate_id: str
    key: SealedKey | None = None
    problem: str = ""


class WantBlob(Note, frozen=True, tag="want-blob"):
    """Main: get a blob by its SHA-256."""

    name: Fingerprint


class GotBlob(Note, frozen=True, tag="blob"):
    """Courier: the next octets of it, or why there is none. The SHA-256 of all of them is its name."""

    name: Fingerprint
    octets: bytes = b""
    problem: str = ""
    more: bool = False
    """Whether others follow: the main must not be held up by a large blob in one piece."""


class Keep(Note, frozen=True, tag="keep"):
    """Main: write these events to the spool. The first has this number, and each of the others one more."""

    first_number: Number
    events: Annotated[tuple[Event, ...], Meta(min_length=1, max_length=EVENTS_PER_MESSAGE)]


class Kept(Note, frozen=True, tag="kept"):
    """Courier: all events up to this number are on disk. What was said before is said again without harm."""

    up_to: Number


class Resolve(Note, frozen=True, tag="resolve"):
    """Main: which addresses has this name? The main's loop must not wait for a name server."""

    host: str


class Resolved(Note, frozen=True, tag="resolved"):
    """Courier: literal addresses, none if it cannot be resolved."""

    host: str
    addresses: tuple[str, ...] = ()
    problem: str = ""


class Post(Note, frozen=True, tag="post"):
    """Main: make this call of Seonapi, which answers nothing. It may be left out where there is too much of it."""

    call: Literal["refused", "crl-sources", "orders-done"]
    body: msgspec.Raw
    number: Annotated[int, Meta(ge=0)] = 0
    """If there is one, `Posted` says that the call was made."""


class Posted(Note, frozen=True, tag="posted"):
    """Courier: the `Post` with this number was made, or Seonapi will never take it."""

    number: Number


class Live(Note, frozen=True, tag="live"):
    """Main: what runs now; only the newest counts. Number, run and what waits in the spool are the courier's to say."""

    state: LiveState


class LiveStill(Note, frozen=True, tag="live-still"):
    """Main: what was said last still holds."""


class Ordered(Note, frozen=True, tag="ordered"):
    """Courier: orders of an administrator. They may come again until they are acknowledged."""

    orders: Orders
    at: float
    """When they came (time.monotonic, which all processes of a host share): their seconds count from here."""


class ApiState(Note, frozen=True, tag="api-state"):
    """Courier: something is wrong, or right again. Said at once, and again at growing intervals while it lasts."""

    state: State
    reason: str = ""
    seconds: int = 0
    """When it is tried again."""


class Ending(Note, frozen=True, tag="ending"):
    """Courier: the client should end, and why.

    `refused`, `away`: it has been so for as long as the administrator allows; the courier serves on, so that the main
    can end in order. `failed`: the courier itself cannot go on and ends right after this.
    """

    why: Why
    reason: str


class LogLine(Note, frozen=True, tag="log-line"):
    """Courier: a line for the log."""

    category: Category
    level: Level
    text: Annotated[str, Meta(max_length=MAX_LINE)]


class LogLevel(Note, frozen=True, tag="log-level"):
    """Courier: a signal has chosen what is to be logged of it."""

    level: Level


class Verbosity(Note, frozen=True, tag="verbosity"):
    """Main: lines of a lower level than this are written nowhere, so they need not be said."""

    level: Level


class Alive(Note, frozen=True, tag="alive"):
    """Courier: it is not stuck; said every `ALIVE_SECONDS`."""


FromMain = Enrol | AskNow | ServerReads | WantSealed | WantBlob | Keep | Resolve | Verbosity | Post | Live | LiveStill
FromCourier = (
    Begin
    | HaveEnrolled
    | NewConfiguration
    | GotSealed
    | GotBlob
    | Kept
    | Resolved
    | Posted
    | Ordered
    | ApiState
    | Ending
    | LogLine
    | LogLevel
    | Alive
)

from_main: Decoder[FromMain] = Decoder(FromMain, MAX_MESSAGE)
from_courier: Decoder[FromCourier] = Decoder(FromCourier, MAX_MESSAGE)


async def send(sock: socket.socket, lock: asyncio.Lock, note: msgspec.Struct) -> None:
    """Send a message whole. Raises OSError when the other process is gone."""
    async with lock:
        await asyncio.get_running_loop().sock_sendall(sock, encode(note, MAX_MESSAGE))


async def receive(sock: socket.socket) -> bytes | None:
    """Return the octets of the next message, None when the other process is gone."""
    header = await _exactly(sock, HEADER)
    if header is None:
        return None
    return await _exactly(sock, from_main.length(header))


async def _exactly(sock: socket.socket, length: int) -> bytes | None:
    octets = bytearray(length)
    view, at = memoryview(octets), 0
    while at < length:
        got = await asyncio.get_running_loop().sock_recv_into(sock, view[at:])
        if not got:
            return None
        at += got
    return bytes(octets)
