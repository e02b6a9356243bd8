"""What is hostile, and what happens at once: the installations of tests/functional, and processes of their own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from adversary.hostile import HostileSite
from certificates import make
from functional.conftest import golden, pytest_runtest_makereport, site
from functional.peers import RecordingStation
from seon.cli.quickstart.installation import Layout, Ports
from unit.conftest import alone, zygote

__all__ = ["alone", "golden", "pytest_runtest_makereport", "site", "zygote"]
PARTNERS = ("liar", "honest", "leaver")


@pytest.fixture(scope="module")
def hostile(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileSite]:
    """A site where everything runs, with partners of the test's; the receive daemon is a recording one."""
    root = tmp_path_factory.mktemp("hostile") / "run"
    shutil.copytree(golden, root)
    layout = Layout(root)
    made = HostileSite(layout, msgspec.json.decode((root / "ports.json").read_bytes(), type=Ports))
    for name in PARTNERS:
        make(name).write(layout.certificate(name), layout.key(name))
    made.seonapi(
        *(["partner", "add", name, "--certificate", str(layout.certificate(name))] for name in PARTNERS),
        ["set", "sessions_per_minute", "10000"],
    )
    try:
        with RecordingStation(made.ports.receive):
            yield made.start(station=False)
    finally:
        made.close()
