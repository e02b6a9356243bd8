"""An installation where everything runs, the queue daemon too, and a browser in which its administrator has logged in.

A file of tests shares both; each test leaves the installation as it found it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.conftest import pictures, start, trust
from browser.panel import Panel
from functional.conftest import golden
from functional.harness import Site, open_site, port_is_open
from functional.processes import eventually
from seon.api_messages import LIVE_SECONDS
from seon.daemon.pidfile import OPTION

__all__ = ("IN_FORCE_SECONDS", "admin", "comes_open", "golden", "is_in_force", "site")

IN_FORCE_SECONDS = 3 * LIVE_SECONDS
"""A change is promised within 2 s; what runs is told every 2 s; and the host is busy with a browser."""


@pytest.fixture(scope="module")
def site(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = open_site(golden, tmp_path_factory.mktemp("at-work") / "run")
    try:
        made.start()
        made.launch("queue", ["seonapi", "queue", OPTION], made.layout.seonapi).wait_for("ready")
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def admin(site: Site, programs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    """The panel with its administrator logged in."""
    user = tmp_path_factory.mktemp("user")
    trust(programs["certutil"], user, site.layout.seonapi / "api-ca.pem")
    with start(programs, user) as browser:
        made = Panel(browser, f"https://localhost:{site.ports.seonapi}/panel/", pictures())
        made.log_in(site.layout.panel_password.read_text().strip())
        yield made


def is_in_force(panel: Panel) -> None:
    """See on the page, without loading it again, that both hosts have what was saved."""
    panel.eventually(r"In force on: .*client .*server |In force on: .*server .*client ", 2 * IN_FORCE_SECONDS)
    panel.eventually(r"In force\s", IN_FORCE_SECONDS)


def comes_open(port: int) -> None:
    """See a port come open in the time that the page promises."""
    eventually(lambda: port_is_open(port), IN_FORCE_SECONDS, why=f"port {port} is open")
