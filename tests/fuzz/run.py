"""`make fuzz`: a million damaged sessions, chosen by atheris for the code that they reach in `seon.oftp2`.

    make fuzz                                  one million sessions, a process for each core
    make fuzz ARGS="-runs=20000 -seed=7"       fewer, and the same again
    make fuzz ARGS="-show=build/fuzz/crash-..."    what a file that broke the verifier holds, and how it breaks

What must hold is in `judging.py`. A hang (20 s for one session) and memory beyond 1 GiB end a run as a crash does.
"""

import json
import os
import resource
import subprocess
import sys
import time
import traceback
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import click

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.sessions import packed, transcript, unpacked

WORK = Path(__file__).parents[2] / "build" / "fuzz"
LONGEST = 60_000
"""Octets of one session."""
MEMORY_MIB = 1024
GROWTH_MIB = 64
"""Growth of the verifier's process between a tenth of its run and the end; the fuzzer's own finds are in it."""
HANG_SECONDS = 20


@click.command()
@click.option("-runs", default=1_000_000, show_default=True, help="Sessions, all processes together.")
@click.option("-jobs", default=os.cpu_count() or 1, show_default=True, help="Processes.")
@click.option("-seed", default=0, show_default=True, help="0: another one each time.")
@click.option("-show", type=click.Path(exists=True, dir_okay=False), help="Explain a file that a run has left.")
@click.option("-work", default=WORK, type=click.Path(path_type=Path), help="Where finds and logs are kept.")
@click.option("-child", hidden=True, default=0, help="Where this process is one of the fuzzers.")
def main(runs: int, jobs: int, seed: int, show: str | None, work: Path, child: int) -> None:
    """Fuzz the verifier."""
    if show:
        sys.exit(explain(Path(show)))
    seed = seed or Random().randrange(1, 2**30)
    if child:
        fuzz(work, child, runs, seed)
    try:
        import atheris  # noqa: F401 - it is loaded in the processes
    except ImportError:
        raise click.ClickException(
            f"atheris is not there for Python {sys.version_info[0]}.{sys.version_info[1]}: it has wheels for 3.11 and "
            "3.13 on Linux x86_64. Please type: make clean; make fuzz PYTHON=/path/to/python3.11"
        ) from None
    sys.exit(Fuzzers(work, runs, max(jobs, 1), seed).run())


# --- all processes ----------------------------------------------------------------------------------------------------


class Fuzzers:
    """The fuzzers side by side, and their sum."""

    def __init__(self, work: Path, runs: int, jobs: int, seed: int) -> None:
        self._work, self._runs, self._jobs, self._seed = work, runs, jobs, seed
        self._started = time.monotonic()

    def run(self) -> int:
        """Run them to their end; return the exit status."""
        self._work.mkdir(parents=True, exist_ok=True)
        for old in self._work.glob("*"):
            if old.is_file() and not old.name.startswith(("crash-", "timeout-", "oom-")):
                old.unlink()
        fuzzers = [self._start(number) for number in range(1, self._jobs + 1)]
        try:
            while any(fuzzer.poll() is None for fuzzer in fuzzers):
                time.sleep(0.2)
                self._say_progress()
        finally:
            for fuzzer in fuzzers:
                fuzzer.kill()
                fuzzer.wait()
        return self._sum_up([fuzzer.returncode for fuzzer in fuzzers])

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        share = self._runs // self._jobs + (self._runs % self._jobs if number == 1 else 0)
        options = [f"-work={self._work}", f"-child={number}", f"-runs={share}", f"-seed={self._seed + number}"]
        with (self._work / f"{number}.log").open("wb") as log:
            return subprocess.Popen([sys.executable, __file__, *options], stdout=log, stderr=log)

    def _stats(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted(self._work.glob("*.json"))]

    def _say_progress(self) -> None:
        if sys.stderr.isatty():
            count = sum(stats["sessions"] for stats in self._stats())
            click.echo(f"\r{count} sessions, {count / (time.monotonic() - self._started):.0f}/s ", nl=False, err=True)

    def _sum_up(self, statuses: list[int]) -> int:
        seconds = time.monotonic() - self._started
        stats = self._stats()
        count = sum(one["sessions"] for one in stats)
        phases = sum((Counter(one["phases"]) for one in stats), Counter())
        growth = max((one["growth_mib"] for one in stats), default=0.0)
        click.echo(
            f"\r{count} sessions in {seconds:.0f} s, {count / seconds:.0f}/s, "
            f"processes: {self._jobs}, seed: {self._seed}"
        )
        click.echo("ended in: " + ", ".join(f"{name} {times}" for name, times in phases.most_common()))
        click.echo(f"memory grew by {growth:.1f} MiB at most")
        if not any(statuses) and count >= self._runs and growth <= GROWTH_MIB:
            click.echo("no exception, no hang, nothing forwarded that was refused, no memory beyond the bound")
            return 0
        for path in sorted(self._work.glob("*.log")):
            click.echo("\n".join(path.read_text(errors="replace").splitlines()[-25:]), err=True)
        click.echo(f"FAILED; explain a find with make fuzz ARGS=-show=FILE, FILE of {self._work}/crash-*", err=True)
        return 1


# --- one process ------------------------------------------------------------------------------------------------------


def fuzz(work: Path, number: int, runs: int, seed: int) -> None:
    """Be one of the fuzzers; does not return."""
    import atheris

    with atheris.instrument_imports(include=["seon.oftp2"]):
        for name in [name for name in sys.modules if name.startswith(("seon.oftp2", "fuzz."))]:
            del sys.modules[name]  # they were loaded without counters
        from fuzz import judging, mutating, sessions
    corpus = work / f"corpus-{number}"
    corpus.mkdir(exist_ok=True)
    for old in corpus.iterdir():
        old.unlink()
    first = sessions.seeds()
    for index, session in enumerate(first):
        (corpus / f"{index:03d}").write_bytes(sessions.packed(session))
    report = _Report(work / f"{number}.json", runs)

    def one(data: bytes) -> None:
        outcome, observer = judging.judge(sessions.unpacked(data), Random(len(data) + sum(data[:64])))
        report.add(observer, refused=outcome.refusal is not None)

    def change(data: bytes, most: int, own_seed: int) -> bytes:
        random = Random(own_seed)
        session = mutating.mutated(
            sessions.unpacked(data), first, random, lambda octets: bytes(atheris.Mutate(octets, len(octets) + 16))
        )
        return sessions.packed(session)[:most]

    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            f"-runs={runs}",
            f"-seed={seed}",
            f"-max_len={LONGEST}",
            f"-timeout={HANG_SECONDS}",
            f"-rss_limit_mb={MEMORY_MIB}",
            f"-artifact_prefix={work}/",
            "-len_control=0",
            "-print_final_stats=1",
        ],
        one,
        custom_mutator=change,
        enable_python_coverage=True,
    )
    atheris.Fuzz()


class _Report:
    """Counts of one process, in a file: the fuzzer does not return."""

    def __init__(self, path: Path, runs: int) -> None:
        self._path = path
        self._runs = runs
        self._phases: Counter[str] = Counter()
        self._sessions = self._refused = 0
        self._base = 0.0

    def add(self, observer: object, *, refused: bool) -> None:
        """Count one session."""
        self._sessions += 1
        self._refused += refused
        self._phases[observer._talk.phase.name] += 1  # type: ignore[attr-defined]
        if self._sessions == self._runs // 10:
            self._base = _memory_mib()
        if self._sessions >= self._runs or self._sessions % 1000 == 0:
            self._write()

    def _write(self) -> None:
        growth = _memory_mib() - self._base if self._base else 0.0
        stats = {"sessions": self._sessions, "refused": self._refused, "phases": self._phases, "growth_mib": growth}
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(stats))
        draft.rename(self._path)


def _memory_mib() -> float:
    """Return the most that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- after a crash ----------------------------------------------------------------------------------------------------


def explain(path: Path) -> int:
    """Make the session in `path` as small as it can be while it still breaks, and show it as a transcript."""
    session = unpacked(path.read_bytes())
    if not _breaks(session):
        click.echo("this session does not break the verifier (any more)")
        return 0
    shrunk = True
    while shrunk:
        shrunk = False
        for index in range(len(session.steps)):
            smaller = replace(session, steps=session.steps[:index] + session.steps[index + 1 :])
            if _breaks(smaller):
                session, shrunk = smaller, True
                break
    small = path.with_name(path.name + ".small")
    small.write_bytes(packed(session))
    click.echo(transcript(session))
    click.echo(_breaks(session))
    return 1


def _breaks(session: object) -> str:
    from fuzz.judging import judge

    for attempt in range(60):  # some checks are made of a share of the sessions only
        try:
            judge(session, Random(attempt))  # type: ignore[arg-type]
        except Exception:
            return traceback.format_exc()
    return ""


if __name__ == "__main__":
    main()
