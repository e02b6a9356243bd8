"""`make mutants`: wrong entries in the verifier's tables, one at a time.

The tests must notice each.

    make mutants ARGS="--jobs 1 --only layouts"

The tests are loaded once. For each mutant a copy of the process makes the change and runs them until one fails, those
first that have found most so far. What survives must stand in `table_mutants.SURVIVORS` with the reason; what stands
there and does not survive must go.
"""

import os
import re
import select
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import click
import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
SECONDS = 60
"""Of CPU time for one mutant: one that makes the verifier or a test hang is noticed too, and a busy machine is not."""
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
MEASURES = re.compile("takes_at_most|cost_is_linear")
"""Tests that compare times: on a busy machine they fail by themselves, and each mutant would count as noticed."""


class Mutating:
    """A plug-in for pytest: instead of running the tests once, it runs them against each mutant."""

    def __init__(self, only: str, start: int, jobs: int) -> None:
        self._only, self._begin_at, self._jobs = only, start, jobs
        self.survivors: list[str] = []
        self.total = 0
        self.names: list[str] = []
        """Of all mutants that were run."""
        self._kills: Counter[str] = Counter()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all mutants."""
        from mutation.table_mutants import mutants  # the tables are loaded with the tests, and measured with them

        items = [item for item in session.items if is_wanted(item)]
        failed = self._run(items, lambda: None)
        if failed:
            raise pytest.UsageError(f"without any mutant this test fails: {failed}")
        todo = [mutant for mutant in mutants() if mutant.id.startswith(self._only)][self._begin_at :]
        self.total, self.names = len(todo), [mutant.id for mutant in todo]
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
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            change()  # type: ignore[operator]
            killer = first_failure(items)
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


def is_wanted(item: pytest.Item) -> bool:
    """Return whether a test says the same of a mutant each time."""
    return not hasattr(getattr(item, "obj", None), "hypothesis") and not MEASURES.search(item.nodeid)


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


def is_explained(name: str) -> bool:
    """Return whether there is a reason why no test notices a mutant."""
    from mutation.table_mutants import SURVIVORS

    return any(re.fullmatch(pattern, name) for pattern, _ in SURVIVORS)


@click.command()
@click.option("--only", default="", help="Mutants whose name begins so.")
@click.option("--start", default=0, help="Leave out so many, to go on where a run has ended.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True, help="Processes side by side.")
def main(only: str, start: int, jobs: int) -> None:
    """Change one entry of the verifier's tables at a time and see whether the tests notice."""
    os.chdir(ROOT)
    plugin = Mutating(only, start, jobs)
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
    unknown = [name for name in plugin.survivors if not is_explained(name)]
    gone = [name for name in plugin.names if is_explained(name) and name not in plugin.survivors]
    click.echo(
        f"\n{plugin.total} mutants, {plugin.total - len(plugin.survivors)} noticed, {len(plugin.survivors)} survive"
    )
    for name in unknown:
        click.echo(f"survives without a reason in SURVIVORS: {name}")
    for name in gone:
        click.echo(f"in SURVIVORS, but it does not survive: {name}")
    sys.exit(1 if unknown or gone or not plugin.total else 0)


if __name__ == "__main__":
    main()
