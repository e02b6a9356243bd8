"""`make fuzz`: recorded sessions with random damage, shown to the verifier in random pieces.

What must hold whatever comes: no exception, nothing forwarded after a refusal, and a tail that is never longer than
one stream buffer. The coverage-guided fuzzer comes with the issue of the whole rule set.

    make fuzz ARGS="--seconds 60 --seed 1"
"""

import random
import sys
import time
from pathlib import Path

import click

from seon.oftp2.framing import MAX_STB
from seon.oftp2.observer import SessionObserver, Side
from seon.oftp2.rules import Policy
from seon.oftp2.transcript import Read, parse

VECTORS = Path(__file__).parents[1] / "vectors" / "sessions"


def damaged(octets: bytes, rng: random.Random) -> bytes:
    """Return octets with one to three changes: flipped, inserted, removed, repeated."""
    body = bytearray(octets)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(body) + 1)
        kind = rng.randrange(4)
        if kind == 0 and at < len(body):
            body[at] = rng.choice([rng.randrange(256), body[at] ^ 1 << rng.randrange(8), 0x20, 0x30])
        elif kind == 1:
            body[at:at] = rng.randbytes(rng.randint(1, 8))
        elif kind == 2:
            del body[at : at + rng.randint(1, 8)]
        else:
            body[at:at] = body[at : at + rng.randint(1, 64)]
    return bytes(body)


def show(reads: list[Read], observer: SessionObserver, rng: random.Random) -> None:
    """Show a session in random pieces and check what must hold."""
    tails = dict.fromkeys(Side, b"")
    for read in reads:
        if read.octets is None:
            observer.end_of_stream(read.side, len(tails[read.side]))
            continue
        left = read.octets
        while left:
            cut = rng.randint(1, len(left))
            tail, left = tails[read.side] + left[:cut], left[cut:]
            while True:
                seen = observer.inspect(read.side, memoryview(tail))
                assert 0 <= seen.forward + seen.drop <= len(tail)
                tail = tail[seen.forward + seen.drop :]
                if seen.refusal:
                    return
                if not seen.forward and not seen.drop:
                    break
            assert len(tail) <= MAX_STB
            tails[read.side] = tail


@click.command()
@click.option("--seconds", default=60.0, show_default=True)
@click.option("--seed", default=0, show_default=True, help="0: another one each time.")
def main(seconds: float, seed: int) -> None:
    """Fuzz the verifier for so long."""
    seed = seed or random.SystemRandom().randrange(1, 2**31)
    rng = random.Random(seed)
    sessions = [list(parse(path.read_text())) for path in sorted(VECTORS.glob("*.oftp"))]
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        reads = list(rng.choice(sessions))
        index = rng.randrange(len(reads))
        read = reads[index]
        if read.octets:
            reads[index] = Read(read.side, damaged(read.octets, rng))
        elif len(reads) > 1:
            del reads[index]
        try:
            show(reads, SessionObserver(Policy.named(rng.choice(["default", "strict"]))), rng)
        except Exception:
            click.echo(f"seed {seed}, session {count}: {reads!r}", err=True)
            raise
        count += 1
    click.echo(f"{count} damaged sessions, seed {seed}: none broke the verifier")
    sys.exit(0)


if __name__ == "__main__":
    main()
