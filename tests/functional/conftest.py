"""Installations for tests with real processes."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from functional.harness import Site, make_golden, open_site, with_ports_of_its_own


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that nobody has started yet, with ports of this worker; whoever has this fixture."""
    base = tmp_path_factory.getbasetemp()
    root = base / "golden" / "run"
    if not root.exists():
        with_ports_of_its_own(_first(base), root)
    return root


def _first(base: Path) -> Path:
    """Return the installation that all workers copy: one of them makes it, the others wait for that."""
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    root = shared / "first-golden" / "run"
    with (shared / "first-golden.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            draft = shared / f"draft-{os.getpid()}"
            make_golden(draft / "run")
            draft.rename(root.parent)
    return root


@pytest.fixture
def site(golden: Path, tmp_path: Path) -> Iterator[Site]:
    """A site of the test's own; nothing runs. It has the ports of `running`: a module uses one of the two."""
    made = open_site(golden, tmp_path / "run")
    yield made
    made.close()


@pytest.fixture(scope="module")
def running(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site where everything runs, shared by the tests of a module: they leave it as they found it."""
    made = open_site(golden, tmp_path_factory.mktemp("running") / "run")
    try:
        yield made.start()
    finally:
        made.close()


@pytest.fixture(scope="module")
def without_station(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same without a receive daemon: each test puts a recording one in its place, or none."""
    made = open_site(golden, tmp_path_factory.mktemp("without_station") / "run")
    try:
        yield made.start(station=False)
    finally:
        made.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show what the programs said when a test with a site fails."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Site):
                report.sections.append(("what the programs said", value.last_words()))
    return report
