"""`make mutants`: wrong entries in the verifier's tables and wrong operations in its functions, one at a time.

The tests must notice each.

    make mutants ARGS="--jobs 1 --only layouts"

The tests are loaded once. For each mutant a copy of the process makes the change and runs them until one fails, those
first that have found most so far. What survives must stand in docs/mutants.md with the reason; what stands there and
does not survive must go.
"""

import os
import re
import select
import signal
import sys
import time
from collections import Counter
from itertools import chain
from pathlib import Path

import click
import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from mutation.mutant import NotLoadedError  # noqa: E402

EXPLAINED = ROOT / "docs" / "mutants.md"
SECONDS = 60
"""For one mutant: one that makes the verifier or a test hang is noticed too."""
TESTS = (
    "tests/property/test_oftp2_layouts.py",
    "tests/unit/oftp2",
    "tests/property/test_oftp2_observer.py",
    "tests/property/test_oftp2_order.py",
)
NOT_APPLIED = "could not be applied"
SLOW = {
    re.compile("test_blanking|test_transcript"): re.compile("blanking|transcript"),
    re.compile("test_oftp2_observer"): re.compile(r"(observer|conversation|transfer)\b"),
    re.compile("test_packing|test_unpacking"): re.compile("fixed"),
    re.compile("test_data"): re.compile(r"(data|fixed|framing|phases|rules|transfer)\b"),
    re.compile("test_oftp2_order"): re.compile(r"(conversation|negotiation|observer|phases|rules|layouts|reasons)\b"),
}
"""Tests that come last, and whose mutants they are for: others would not notice more with them, only later."""
LEFT_OUT = re.compile(
    r"test_(station|sending|receiving|records|session_start|notices|signed_receipts|authentication|explain)\.py"
)
"""Of other users of the same tables: the station, and what is shown to people."""


class Mutating:
    """A plug-in for pytest: instead of running the tests once, it runs them against each mutant."""

    def __init__(self, kind: str, only: str, start: int, jobs: int) -> None:
        self._kind, self._only, self._begin_at, self._jobs = kind, only, start, jobs
        self.survivors: list[str] = []
        self.total = 0
        self._names: set[str] = set()
        self._kills: Counter[str] = Counter()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all mutants."""
        from mutation import function_mutants, table_mutants

        items = [item for item in session.items if not hasattr(getattr(item, "obj", None), "hypothesis")]
        failed = self._run(items, lambda: None)
        if failed:
            raise pytest.UsageError(f"without any mutant this test fails: {failed}")
        kinds = {"tables": table_mutants.mutants, "functions": function_mutants.mutants}
        everything = chain.from_iterable(make() for name, make in kinds.items() if self._kind in (name, "all"))
        todo = [mutant for mutant in everything if mutant.id.startswith(self._only)][self._begin_at :]
        self.total, self._names = len(todo), {mutant.id for mutant in todo}
        running: dict[int, tuple[str, int]] = {}
        started = time.monotonic()
        for number, mutant in enumerate(todo):
            while len(running) >= self._jobs:
                self._wait(running)
            items.sort(key=lambda item: (-self._kills[item.nodeid], is_slow(item)))
            pipe, pid = self._start([item for item in items if is_for(item, mutant.id)], mutant.apply)
            running[pipe] = mutant.id, pid
            if number % 50 == 0:
                speed = number / (time.monotonic() - started)
                click.echo(f"{number} of {len(todo)}, {len(self.survivors)} survive, {speed:.1f}/s", err=True)
        while running:
            self._wait(running)
        return True

    def ran(self, name: str) -> bool:
        """Return whether a mutant of this name was run."""
        return name in self._names

    def _run(self, items: list[pytest.Item], change: object) -> str:
        pipe, pid = self._start(items, change)
        running = {pipe: ("", pid)}
        self._wait(running)
        failed, self.survivors = ("" if self.survivors else "yes"), []
        return failed and str(self._kills.most_common(1) or "a crash")

    def _start(self, items: list[pytest.Item], change: object) -> tuple[int, int]:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writer)
            return reader, pid
        killer = NOT_APPLIED
        try:
            signal.alarm(SECONDS)
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            change()  # type: ignore[operator]
            killer = first_failure(items)
        except NotLoadedError:
            killer = "not loaded"
        finally:
            os.write(writer, killer.encode())
            os._exit(1 if killer else 0)

    def _wait(self, running: dict[int, tuple[str, int]]) -> None:
        ready, _, _ = select.select(list(running), [], [])
        for pipe in ready:
            name, pid = running.pop(pipe)
            killer = os.read(pipe, 4096).decode()
            os.close(pipe)
            _, status = os.waitpid(pid, 0)
            if status == 0 or killer == NOT_APPLIED:
                self.survivors.append(name)
                click.echo(f"survives: {name}", err=True)
            elif killer:
                self._kills[killer] += 1


def is_slow(item: pytest.Item) -> bool:
    """Return whether a test comes after the others."""
    return any(test.search(item.nodeid) for test in SLOW)


def is_for(item: pytest.Item, mutant: str) -> bool:
    """Return whether a test may notice this mutant."""
    return all(not test.search(item.nodeid) or modules.match(mutant) for test, modules in SLOW.items())


def first_failure(items: list[pytest.Item]) -> str:
    """Return the first test that fails, empty if none does."""
    for item in items:
        reports = runtestprotocol(item, nextitem=None, log=False)
        if any(report.failed for report in reports):
            return item.nodeid
    return ""


def explained() -> set[str]:
    """Return the mutants that docs/mutants.md gives a reason for: the items of its lists."""
    return set(re.findall(r"^\* `(.+)`$", EXPLAINED.read_text(), re.MULTILINE)) if EXPLAINED.exists() else set()


@click.command()
@click.option("--kind", type=click.Choice(["tables", "functions", "all"]), default="all", show_default=True)
@click.option("--only", default="", help="Mutants whose name begins so.")
@click.option("--start", default=0, help="Leave out so many, to go on where a run has ended.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Processes side by side.")
def main(kind: str, only: str, start: int, jobs: int) -> None:
    """Change one entry of the verifier's tables, or one operation, at a time and see whether the tests notice."""
    os.chdir(ROOT)
    plugin = Mutating(kind, only, start, jobs)
    # Nobody reads how a test fails, and to show it takes longer than the test.
    options = [
        "-q",
        "--assert=plain",
        "--tb=no",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-o",
        "timeout=0",
        "--no-header",
        "--no-summary",
    ]
    tests = [str(path) for place in TESTS for path in sorted(Path(place).rglob("test_*.py")) or [Path(place)]]
    pytest.main([*options, *(test for test in tests if not LEFT_OUT.search(test))], plugins=[plugin])
    known = explained()
    unknown = [name for name in plugin.survivors if name not in known]
    gone = [name for name in sorted(known) if plugin.ran(name) and name not in plugin.survivors]
    click.echo(
        f"\n{plugin.total} mutants, {plugin.total - len(plugin.survivors)} noticed, {len(plugin.survivors)} survive"
    )
    for name in unknown:
        click.echo(f"survives without a reason in docs/mutants.md: {name}")
    for name in gone:
        click.echo(f"in docs/mutants.md, but it does not survive: {name}")
    sys.exit(1 if unknown or gone or not plugin.total else 0)


if __name__ == "__main__":
    main()
