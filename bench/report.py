"""What came of the rounds, as a table and as a part of docs/benchmarks.md."""

import datetime as dt
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import Cpu

GIB = 1024**3
BEGIN, END = "<!-- begin: written by bench/run.py -->", "<!-- end: written by bench/run.py -->"


@dataclass(frozen=True, slots=True)
class Sample:
    """One session on one way. `cpu`: of the hop in the DMZ, of the hop inside, of sender and receiver together."""

    way: str
    octets: int
    seconds: float
    cpu: tuple[Cpu, Cpu, Cpu]

    @property
    def rate(self) -> float:
        """Wire octets per second, in MB (10**6)."""
        return self.octets / 1e6 / self.seconds

    def per_gib(self, seconds: float) -> float:
        """Return CPU seconds per GiB of wire octets."""
        return seconds * GIB / self.octets

    @property
    def hops(self) -> float:
        """CPU seconds of both hops per GiB."""
        return self.per_gib(self.cpu[0].total + self.cpu[1].total)


Round = tuple[Sample, Sample]
"""Ours, and HAProxy's right before or after it."""


def table(rounds: Sequence[Round]) -> str:
    """Return the medians as a Markdown table, and the ratios of the rounds."""
    lines = [
        "| way | MB/s | CPU s per GiB, both hops | DMZ hop | inside hop | of it in the kernel | stations |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_row([pair[index] for pair in rounds]) for index in (0, 1)]
    lines += [
        "",
        f"Speed, ours to HAProxy's: **{_spread([a.rate / b.rate for a, b in rounds])}**.\n"
        f"CPU of both hops, ours to HAProxy's: **{_spread([a.hops / b.hops for a, b in rounds])}**.",
    ]
    return "\n".join(lines)


def _row(samples: Sequence[Sample]) -> str:
    def median(values: list[float], digits: int = 2) -> str:
        return f"{statistics.median(values):.{digits}f}"

    def cpu(index: int) -> str:
        return median([s.per_gib(s.cpu[index].total) for s in samples])

    kernel = median([s.per_gib(s.cpu[0].system + s.cpu[1].system) for s in samples])
    rate = median([s.rate for s in samples], 0)
    cells = [samples[0].way, rate, median([s.hops for s in samples]), cpu(0), cpu(1), kernel, cpu(2)]
    return f"| {' | '.join(cells)} |"


def _spread(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def chapter(rounds: Sequence[Round], facts: dict[str, str]) -> str:
    """Return the measured part of the document."""
    known = "\n".join(f"| {name} | {value} |" for name, value in facts.items())
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return (
        f"{BEGIN}\nMeasured on {today}, {len(rounds)} rounds; medians, in brackets the least and the greatest.\n\n"
        f"{table(rounds)}\n\n| | |\n|---|---|\n{known}\n{END}"
    )


def write(path: Path, text: str, marks: tuple[str, str] = (BEGIN, END)) -> None:
    """Put `text` in the place of the part that was measured last time; what people wrote around it stays."""
    first, last = marks
    old = path.read_text() if path.exists() else f"# Benchmarks\n\n{first}\n{last}\n"
    before, begin, rest = old.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise SystemExit(f"{path} has no part between {first!r} and {last!r}")
    path.parent.mkdir(exist_ok=True)
    path.write_text(before + text + after)
