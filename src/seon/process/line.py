"""The line between a main and one session process: a socket pair with message boundaries.

What the session process says is treated as hostile input: bounded, checked for form, and only what stands here. It says
what happened by code and values; whose event that is, where and when, is the main's to say.
"""

import contextlib
import socket
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from seon.decoding import MalformedError, decode
from seon.endings import SessionEnd
from seon.events import MAX_EVENT, MAX_FIELDS, Value
from seon.process.levels import Category, Level

MAX_MESSAGE = MAX_EVENT + 4_096
"""Octets of a message; the rest of a longer one is lost, so that it cannot be decoded."""
MAX_LINE = 2_000
"""Characters of a log line."""
Order = Literal["barred", "withdrawn", "shutdown", "unlinked", "ended"]
"""Why a main ends a session: its partner may not have one any more, or its client may not be linked any more, or the
main itself is ending: because somebody wants it to, or because the link between the hosts has ended; or an
administrator ends this one session."""
MAX_SHOWN = 10
"""Certificates that a partner may have sent beside its own."""
SHOWN_OCTETS = 10_000
"""Of a certificate in one message."""
Number = Annotated[int, Meta(ge=1, le=2**53)]
Octets = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Count = Annotated[int, Meta(ge=0, le=2**31)]
MAX_NAME = 26
"""Characters of a virtual file name (SFIDDSN)."""
Phase = Literal["negotiating", "idle", "sending", "receiving", "receipt"]
"""What a running session does, seen from the company."""
Reason = Literal[0, 5, 99]
"""Of an ESID; 0: the usual one of the order."""


class Said(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """A message of the line."""


class Reported(Said, frozen=True, tag="reported"):
    """Session process: an event, numbered from 1."""

    number: Number
    code: Annotated[str, Meta(max_length=40)]
    fields: Annotated[dict[Annotated[str, Meta(max_length=40)], Value], Meta(max_length=MAX_FIELDS)] = {}


class LogLine(Said, frozen=True, tag="log-line"):
    """Session process: a line for the log."""

    category: Category
    level: Level
    text: Annotated[str, Meta(max_length=MAX_LINE)]


class LogLevel(Said, frozen=True, tag="log-level"):
    """Session process: a signal has chosen what is to be logged of it."""

    level: Level


class Stage(Said, frozen=True, tag="stage"):
    """Session process: how far it has come. `running` ends the main's time limit for the start."""

    stage: Literal["running"]
    fingerprint: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
    """The certificate of a partner that was dialled: the session lasts no longer than it is one of that partner's."""


class Shown(Said, frozen=True, tag="shown"):
    """Session process: a part of a certificate of a partner that was dialled, said before it runs.

    `number` 0 is the partner's own; the others came beside it. With them the main judges again when something changes.
    """

    number: Annotated[int, Meta(ge=0, le=MAX_SHOWN)]
    octets: Annotated[bytes, Meta(max_length=SHOWN_OCTETS)]


class Ending(Said, frozen=True, tag="ending"):
    """Session process: this ends the session, said before the ESID is queued. Main: the other host says so."""

    end: SessionEnd


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that is under way."""

    name: Annotated[str, Meta(max_length=MAX_NAME)]
    octets: Octets
    size: Octets


class Progress(Said, frozen=True, tag="progress"):
    """Session process: how far it is; said at most once a second, if something has changed. Nobody waits for it."""

    phase: Phase
    octets_in: Octets = 0
    """From the partner."""
    octets_out: Octets = 0
    file_in: File | None = None
    file_out: File | None = None
    files: Count = 0
    """Accepted at their end."""
    findings: Count = 0


class Taken(Said, frozen=True, tag="taken"):
    """Main: all events up to this number have arrived."""

    number: Number


class End(Said, frozen=True, tag="end"):
    """Main: end within the time limit."""

    why: Order
    reason: Reason = 0


class Verbosity(Said, frozen=True, tag="verbosity"):
    """Main: lines of a lower level than this are written nowhere, so they need not be said."""

    level: Level


class Trace(Said, frozen=True, tag="trace"):
    """Main: write a trace from here on, or no longer."""

    on: bool


FromSession = Reported | LogLine | LogLevel | Shown | Stage | Progress | Ending
FromMain = Taken | End | Trace | Verbosity | Ending
_encoder = msgspec.json.Encoder()
_from_session: msgspec.json.Decoder[FromSession] = msgspec.json.Decoder(FromSession)
_from_main: msgspec.json.Decoder[FromMain] = msgspec.json.Decoder(FromMain)


class NonsenseError(Exception):
    """What the other process said is no message of the line."""


def fitting_line(text: str) -> str:
    """Return a text as a log line may carry it: cut, and without what has no UTF-8."""
    return text[:MAX_LINE].encode("utf-8", "replace").decode()


def pair() -> tuple[socket.socket, socket.socket]:
    """Return the two ends: main's and session process's."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def say(sock: socket.socket, message: Said, *, wait: bool = True) -> None:
    """Send a message whole. Raises OSError when the other end is gone.

    Raises BlockingIOError when it does not keep up, on a socket that does not wait, or without `wait`.
    """
    sock.send(_encoder.encode(message), 0 if wait else socket.MSG_DONTWAIT)


def hear_session(sock: socket.socket) -> FromSession | None:
    """Main: return the next message, None at the end. Raises BlockingIOError, OSError, NonsenseError."""
    octets = sock.recv(MAX_MESSAGE)
    if not octets:
        return None
    try:
        return decode(_from_session, octets)
    except MalformedError as error:
        raise NonsenseError(str(error)) from error


def hear_main(sock: socket.socket, *, wait: bool = True) -> FromMain | None:
    """Session process: return the next message, None when the main is gone.

    Raises BlockingIOError if there is none, on a socket that does not wait, or without `wait`.
    """
    octets = b""
    with contextlib.suppress(ConnectionError):
        octets = sock.recv(MAX_MESSAGE, 0 if wait else socket.MSG_DONTWAIT)
    return decode(_from_main, octets) if octets else None
