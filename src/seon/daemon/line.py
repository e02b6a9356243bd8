"""The line between a main and one session process: a socket pair with message boundaries.

What the session process says is treated as hostile input: bounded, checked for form, and only what stands here.
"""

import contextlib
import socket
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from seon.events import MAX_EVENT, Event

MAX_MESSAGE = MAX_EVENT + 4_096
"""Octets of a message; the rest of a longer one is lost, so that it cannot be decoded."""
Text = Annotated[str, Meta(max_length=500)]


class Said(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """A message of the line."""


class Happened(Said, frozen=True, tag="happened"):
    """Session process: an event, numbered by the order of sending."""

    event: Event


class Stage(Said, frozen=True, tag="stage"):
    """Session process: how far it has come. `running` ends the main's time limit for the start."""

    stage: Literal["running"]


class Taken(Said, frozen=True, tag="taken"):
    """Main: that many of the oldest events have arrived."""

    count: Annotated[int, Meta(ge=1, le=1_000)]


class End(Said, frozen=True, tag="end"):
    """Main: end within the time limit; `reason` is the ESID reason for both peers."""

    reason: Annotated[int, Meta(ge=0, le=99)]
    text: Text


class Trace(Said, frozen=True, tag="trace"):
    """Main: write a trace from here on, or no longer."""

    on: bool


FromSession = Happened | Stage
FromMain = Taken | End | Trace
_encoder = msgspec.json.Encoder()
_from_session: msgspec.json.Decoder[FromSession] = msgspec.json.Decoder(FromSession)
_from_main: msgspec.json.Decoder[FromMain] = msgspec.json.Decoder(FromMain)


def pair() -> tuple[socket.socket, socket.socket]:
    """Return the two ends: main's and session process's."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def say(sock: socket.socket, message: Said) -> None:
    """Send a message whole. Raises OSError when the other end is gone, BlockingIOError when it does not keep up."""
    sock.send(_encoder.encode(message))


def hear_session(sock: socket.socket) -> FromSession | None:
    """Main: return the next message, None at the end. Raises BlockingIOError, msgspec.MsgspecError for a bad one."""
    octets = _receive(sock)
    return _from_session.decode(octets) if octets else None


def hear_main(sock: socket.socket) -> FromMain | None:
    """Session process: return the next message, None when the main is gone. Raises BlockingIOError."""
    octets = b""
    with contextlib.suppress(ConnectionError):
        octets = _receive(sock)
    return _from_main.decode(octets) if octets else None


def _receive(sock: socket.socket) -> bytes:
    return sock.recv(MAX_MESSAGE)
