"""The second part of `make fuzz`: 200,000 damaged certificates, lists and containers, read as imports read them.

    make fuzz-files                                  a process for each core
    make fuzz-files ARGS="-runs=1000 -seed=7"        fewer, and the same again
    make fuzz-files ARGS="-show=build/fuzz/file-..."     read again what a run has left

What must hold is in `reading.py`, and for certificates that were taken, which admission then judges, in `admitting.py`.
"""

import hashlib
import multiprocessing
import os
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random

import click

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz import reading

WORK = Path(__file__).parents[2] / "build" / "fuzz"


@click.command()
@click.option("-runs", default=200_000, show_default=True, help="Files, all processes together.")
@click.option("-jobs", default=os.cpu_count() or 1, show_default=True, help="Processes.")
@click.option("-seed", default=0, show_default=True, help="0: another one each time.")
@click.option("-show", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Read a file that was left.")
@click.option("-work", default=WORK, type=click.Path(path_type=Path), help="Where finds are kept.")
def main(runs: int, jobs: int, seed: int, show: Path | None, work: Path) -> None:
    """Fuzz the reading of files with certificates."""
    if show:
        sys.exit(_again(show))
    seed, began = seed or Random().randrange(1, 2**30), time.monotonic()
    work.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        shares = [(runs // jobs + (runs % jobs if number == 0 else 0), seed + number, work) for number in range(jobs)]
        results = pool.starmap(part, shares)
    counts = sum((counts for counts, _ in results), Counter[str]())
    click.echo(
        f"{counts.total()} files in {time.monotonic() - began:.0f} s, seed: {seed}: "
        + ", ".join(f"{word} {count}" for word, count in counts.most_common())
    )
    failures = [failure for _, failure in results if failure]
    for failure in failures:
        click.echo(failure, err=True)
    if failures or counts.total() < runs:
        sys.exit(1)
    click.echo("each was taken, or refused with a documented error; no warning, no hang")


def part(count: int, seed: int, work: Path) -> tuple[Counter[str], str]:
    """Judge a share of the files in this process; return the counts, and the failure that ended it."""
    shown: tuple[bytes, int, Counter[str]] = (b"", 0, Counter())
    try:
        for step in reading.run(count, seed):
            shown = step
    except Exception:
        octets, choice, counts = shown
        path = work / f"file-{choice}-{hashlib.sha256(octets).hexdigest()[:16]}"
        path.write_bytes(octets)
        return counts, f"{path}\n{traceback.format_exc()}"
    return shown[2], ""


def _again(path: Path) -> int:
    choice = int(path.name.split("-")[1])
    with reading.in_this_process():
        click.echo(reading.judge(path.read_bytes(), choice))
    return 0


if __name__ == "__main__":
    main()
