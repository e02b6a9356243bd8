"""What the verifier costs in one hop: octets inspected per CPU second, next to what merely copying them costs.

`python bench/observer.py`. Each row is a kind of data buffer; the transfer is shown to a fresh SessionObserver in
reads of 256 KiB, as the pump does it, with the incomplete tail shown again. The best of several rounds counts.
"""

import secrets
import time

from session import Script, Shape, script

from seon.net.buffers import READ_SIZE
from seon.oftp2.codec import encode
from seon.oftp2.commands import SetCredit
from seon.oftp2.framing import frame
from seon.oftp2.observer import SessionObserver, Side
from seon.oftp2.packing import pack
from seon.oftp2.rules import Policy

ROUNDS = 5
OCTETS = 32 * 1024 * 1024
"""Shown in each round, at least."""
CREDIT = 999
CREDIT_COMMAND = memoryview(frame(encode(SetCredit(), 5)))


def main() -> None:
    """Print a table."""
    print("| data buffers | verifier GB/s | memcpy GB/s | seconds per GiB |\n|---|---|---|---|")
    for name, size, in_each in (
        ("65,535 octets, full subrecords", 65_535, 0),
        ("4,096 octets, full subrecords", 4_096, 0),
        ("512 octets, full subrecords", 512, 0),
        ("65,535 octets, 20 octets in each subrecord", 65_535, 20),
    ):
        window, session = _window(size, in_each)
        seen = min(_inspect(window, session) for _ in range(ROUNDS))
        copied = min(_copy(window) for _ in range(ROUNDS))
        print(f"| {name} | {1e-9 / seen:.2f} | {1e-9 / copied:.1f} | {seen * 1024**3:.3f} |")


def _window(size: int, in_each: int) -> tuple[memoryview, Script]:
    """Return a window of data buffers in one block, and its session; `in_each` octets per subrecord, 0 = full."""
    session = script(Shape("SENDER", "RECEIVER", OCTETS, size, CREDIT))
    data = session.transfer[0].octets
    if in_each:
        content = secrets.token_bytes(size // (in_each + 1) * in_each)
        pieces = [(content[at : at + in_each], False) for at in range(0, len(content), in_each)]
        data = frame(next(iter(pack(pieces, size, compression=False))))
    return memoryview(data * CREDIT), session


def _inspect(window: memoryview, session: Script) -> float:
    """Return the seconds for one octet, over several windows with the credits between them."""
    observer = SessionObserver(Policy())
    for turn in session.opening:
        observer.inspect(Side.INITIATOR if turn.by_sender else Side.RESPONDER, memoryview(turn.octets))
    windows = -(-OCTETS // len(window))
    began = time.process_time()
    for _ in range(windows):
        _show(observer, window)
        observer.inspect(Side.RESPONDER, CREDIT_COMMAND)
    return (time.process_time() - began) / windows / len(window)


def _show(observer: SessionObserver, octets: memoryview) -> None:
    at = read = 0
    while at < len(octets):
        read = min(read + READ_SIZE, len(octets))
        seen = observer.inspect(Side.INITIATOR, octets[at:read])
        if seen.refusal or seen.drop or (read == len(octets) and at + seen.forward != read):
            raise SystemExit(f"the verifier did not take the benchmark's octets: {seen}")
        at += seen.forward


def _copy(octets: memoryview) -> float:
    """Return the seconds for one octet."""
    target = memoryview(bytearray(READ_SIZE))
    began = time.process_time()
    for at in range(0, len(octets), READ_SIZE):
        piece = octets[at : at + READ_SIZE]
        target[: len(piece)] = piece
    return (time.process_time() - began) / len(octets)


if __name__ == "__main__":
    main()
