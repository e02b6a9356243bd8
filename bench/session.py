"""The octets of one benchmark session: known to both stations beforehand, so that they only have to count.

A file of format U, uncompressed, in full exchange buffers, and a credit after each window (RFC 5024 sections 5.3, 7).
All data buffers are the same octets; only the last one carries the end of the record.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from seon.oftp2.codec import encode
from seon.oftp2.commands import (
    ChangeDirection,
    Command,
    EndFile,
    EndFileAccepted,
    EndSession,
    SetCredit,
    StartFile,
    StartFileAccepted,
    StartSession,
    StartSessionReady,
)
from seon.oftp2.framing import frame
from seon.oftp2.packing import capacity, pack
from seon.oftp2.reasons import EndReason

LEVEL = 5


@dataclass(frozen=True, slots=True)
class Turn:
    """What one station sends before the other goes on: `octets`, `times` over."""

    by_sender: bool
    octets: bytes
    times: int = 1


@dataclass(frozen=True, slots=True)
class Script:
    """A whole session. What is measured is `transfer`: from the first data buffer to the answer to EFID."""

    opening: tuple[Turn, ...]
    transfer: tuple[Turn, ...]
    closing: tuple[Turn, ...]
    file_octets: int
    wire_octets: int
    """Of the transfer, from sender to receiver."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a session is made of. `octets` is rounded up to whole exchange buffers of `buffer_size` octets."""

    sender_code: str
    receiver_code: str
    octets: int
    buffer_size: int = 65_535
    credit: int = 999


def script(shape: Shape) -> Script:
    """Return the session of this shape."""
    buffers = -(-shape.octets // capacity(shape.buffer_size))
    content = buffers * capacity(shape.buffer_size)
    transfer = tuple(_transfer(shape, buffers, content))
    return Script(
        opening=tuple(_opening(shape, content)),
        transfer=transfer,
        closing=(_turn(True, ChangeDirection()), _turn(False, EndSession(EndReason.NORMAL))),
        file_octets=content,
        wire_octets=sum(len(turn.octets) * turn.times for turn in transfer if turn.by_sender),
    )


def _turn(by_sender: bool, command: Command) -> Turn:
    return Turn(by_sender, frame(encode(command, LEVEL)))


def _opening(shape: Shape, content: int) -> Iterator[Turn]:
    yield _turn(False, StartSessionReady())
    yield _turn(True, _ssid(shape.sender_code, shape))
    yield _turn(False, _ssid(shape.receiver_code, shape))
    size_k = -(-content // 1024)
    yield _turn(True, StartFile("BENCH", "20260101", "1200000001", "", shape.receiver_code, shape.sender_code,
                                "U", 0, size_k, size_k))  # fmt: skip
    yield _turn(False, StartFileAccepted())


def _ssid(code: str, shape: Shape) -> StartSession:
    return StartSession(LEVEL, code, "DEMO", shape.buffer_size, "B", compression=False, restart=False,
                        special_logic=False, credit=shape.credit)  # fmt: skip


def _transfer(shape: Shape, buffers: int, content: int) -> Iterator[Turn]:
    octets = secrets.token_bytes(capacity(shape.buffer_size))
    data, last = (_data(octets, shape.buffer_size, ends=ends) for ends in (False, True))
    credit = Turn(False, _turn(False, SetCredit()).octets)
    for start in range(0, buffers, shape.credit):
        window = min(shape.credit, buffers - start)
        ends = start + window == buffers
        if window > ends:
            yield Turn(True, data, window - ends)
        if ends:
            yield Turn(True, last)
        if window == shape.credit:
            yield credit
    yield _turn(True, EndFile(0, content))
    yield _turn(False, EndFileAccepted())


def _data(octets: bytes, size: int, *, ends: bool) -> bytes:
    (buffer,) = pack([(octets, ends)], size, compression=False)
    return frame(buffer)
