"""Installations for tests with real processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from functional.harness import Site, make_golden, open_site


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that nobody has started yet; made once per worker, whoever has this fixture."""
    root = tmp_path_factory.getbasetemp() / "golden" / "run"
    if not root.exists():
        make_golden(root)
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
