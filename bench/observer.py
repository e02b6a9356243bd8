"""What the verifier costs in one hop, next to what merely copying the same octets costs, by kind of data buffer.

`python bench/observer.py`, half a minute. A transfer is shown to a fresh SessionObserver in reads of 256 KiB, as the
pump does it, with the incomplete tail shown again. Octets of file content are counted, in CPU time. Verifier and copy
take turns, and the ratio is that of the median round: a busy machine strikes both. The window that is shown over and
over fits the processor's cache, where the pump has just decrypted it to.
"""

import platform
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from seon.net.buffers import READ_SIZE
from seon.oftp2.codec import encode
from seon.oftp2.commands import Command, SetCredit, StartFile, StartFileAccepted, StartSession, StartSessionReady
from seon.oftp2.framing import frame
from seon.oftp2.observer import SessionObserver, Side
from seon.oftp2.packing import capacity, pack
from seon.oftp2.records import Piece
from seon.oftp2.rules import Policy

ROUNDS = 9
SECONDS = 0.15
"""CPU time of each round, about."""
WINDOW = 1024 * 1024
"""Octets of content between two credits, at most: more would leave the processor's second cache."""
MOST_CREDIT = 999
LEVEL = 5
RANDOM = Random(5024)  # noqa: S311  the same octets in each run


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table."""

    name: str
    size: int
    """Octets of a data buffer."""
    pieces: Callable[[int], Iterator[Piece]]
    """So many octets of content; a piece of at most 63 octets becomes a subrecord."""
    format: str = "U"
    record_length: int = 0
    compression: bool = False


@dataclass(frozen=True, slots=True)
class Transfer:
    """An opened session, and a window of data buffers to repeat in it."""

    opening: tuple[tuple[Side, bytes], ...]
    window: memoryview
    content: int


def _full(octets: int) -> Iterator[Piece]:
    yield RANDOM.randbytes(octets), False


def _irregular(octets: int) -> Iterator[Piece]:
    for _ in range(octets // 20):
        yield RANDOM.randbytes(RANDOM.randint(1, 39)), False


def _mixed(octets: int) -> Iterator[Piece]:
    for _ in range(octets // 40):
        yield RANDOM.randbytes(RANDOM.randint(1, 39)), False
        yield RANDOM.randbytes(1) * RANDOM.randint(4, 36), False


def _records(length: int) -> Callable[[int], Iterator[Piece]]:
    return lambda octets: ((RANDOM.randbytes(length), True) for _ in range(octets // length))


def _lines(octets: int) -> Iterator[Piece]:
    for _ in range(octets // 60):
        yield b"x" * RANDOM.randint(0, 118) + b"\r\n", True


KINDS = (
    Kind("U, 65,535 octets, full subrecords", 65_535, _full),
    Kind("U, 4,096 octets, full subrecords", 4_096, _full),
    Kind("U, 2,048 octets, full subrecords", 2_048, _full),
    Kind("U, 512 octets, full subrecords", 512, _full),
    Kind("U, 65,535 octets, literal, 20 on average", 65_535, _irregular),
    Kind("U, 2,048 octets, literal, 20 on average", 2_048, _irregular),
    Kind("U, 65,535 octets, mixed, 20 on average", 65_535, _mixed, compression=True),
    Kind("V, 65,535 octets, records of 80", 65_535, _records(80), "V", 80),
    Kind("V, 2,048 octets, records of 80", 2_048, _records(80), "V", 80),
    Kind("V, 65,535 octets, records of 20", 65_535, _records(20), "V", 80),
    Kind("F, 65,535 octets, records of 80", 65_535, _records(80), "F", 80),
    Kind("T, 65,535 octets, full subrecords", 65_535, _full, "T"),
    Kind("T, 65,535 octets, lines sent as records, 61 on average", 65_535, _lines, "T"),
)


def main() -> None:
    """Print a table."""
    print(f"Python {platform.python_version()}, medians of {ROUNDS} rounds; memory is the peak beside what is shown.\n")
    print("| data buffers | MB/s | best MB/s | memcpy MB/s | times memcpy | KiB, 1 window | KiB, 10 windows |")
    print("|---|---|---|---|---|---|---|")
    for kind in KINDS:
        transfer = _transfer(kind)
        repeats = max(1, round(SECONDS / _inspect(transfer, 1)))
        rounds = [(_inspect(transfer, repeats), _copy(transfer, repeats)) for _ in range(ROUNDS)]
        seen, copied = (statistics.median(column) for column in zip(*rounds, strict=True))
        times = statistics.median(ours / theirs for ours, theirs in rounds)
        best = min(ours for ours, _ in rounds)
        speeds = " | ".join(f"{transfer.content / seconds / 1e6:,.0f}" for seconds in (seen, best, copied))
        memory = " | ".join(f"{_peak(transfer, windows) / 1024:.0f}" for windows in (1, 10))
        print(f"| {kind.name} | {speeds} | {times:.1f} | {memory} |")


def _transfer(kind: Kind) -> Transfer:
    most = capacity(kind.size) * (MOST_CREDIT * 9 // 10)  # irregular subrecords need more buffers than full ones
    room = min(WINDOW, most)
    pieces = list(kind.pieces(room - room % capacity(kind.size)))
    buffers = list(pack(pieces, kind.size, compression=kind.compression, record_length=_fixed_length(kind)))
    ssid = StartSession(LEVEL, "STATION", "DEMO", kind.size, "B", compression=kind.compression, restart=False,
                        special_logic=False, credit=len(buffers))  # fmt: skip
    sfid = StartFile("BENCH", "20260101", "1200000001", "", "STATION", "STATION", kind.format, kind.record_length,
                     1, 1)  # fmt: skip
    commands: tuple[tuple[Side, Command], ...] = (
        (Side.RESPONDER, StartSessionReady()),
        (Side.INITIATOR, ssid),
        (Side.RESPONDER, ssid),
        (Side.INITIATOR, sfid),
        (Side.RESPONDER, StartFileAccepted()),
    )
    return Transfer(
        opening=tuple((side, frame(encode(command, LEVEL))) for side, command in commands),
        window=memoryview(b"".join(map(frame, buffers))),
        content=sum(len(octets) for octets, _ in pieces),
    )


def _fixed_length(kind: Kind) -> int:
    return kind.record_length if kind.format == "F" else 0


def _inspect(transfer: Transfer, windows: int) -> float:
    """Return the seconds for one window, each with its credit."""
    observer = SessionObserver(Policy())
    for side, octets in transfer.opening:
        observer.inspect(side, memoryview(octets))
    credit = memoryview(frame(encode(SetCredit(), LEVEL)))
    began = time.process_time()
    for _ in range(windows):
        _show(observer, transfer.window)
        observer.inspect(Side.RESPONDER, credit)
    return (time.process_time() - began) / windows


def _show(observer: SessionObserver, octets: memoryview) -> None:
    at = read = 0
    while at < len(octets):
        read = min(read + READ_SIZE, len(octets))
        seen = observer.inspect(Side.INITIATOR, octets[at:read])
        if seen.refusal or seen.drop or (read == len(octets) and at + seen.forward != read):
            raise SystemExit(f"the verifier did not take the benchmark's octets: {seen}")
        at += seen.forward


def _copy(transfer: Transfer, windows: int) -> float:
    """Return the seconds for one window."""
    target, octets = memoryview(bytearray(READ_SIZE)), transfer.window
    began = time.process_time()
    for _ in range(windows):
        for at in range(0, len(octets), READ_SIZE):
            piece = octets[at : at + READ_SIZE]
            target[: len(piece)] = piece
    return (time.process_time() - began) / windows


def _peak(transfer: Transfer, windows: int) -> int:
    """Return the most octets of memory that the verifier had at a time."""
    tracemalloc.start()
    _inspect(transfer, windows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


if __name__ == "__main__":
    main()
