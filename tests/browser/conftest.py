"""A real Seonapi and a real browser, Debian's Chromium, without a window."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from browser.panel import Panel
from functional.seonapi import Installation
from needed import need_programs

# Nothing but the pages asked for: no updates, no reports, no start pages. Tests may run as root, where Chromium's
# sandbox cannot; the only pages it opens are ours.
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--window-size=1400,1000",
)


@pytest.fixture(scope="session")
def programs() -> dict[str, Path]:
    return need_programs("chromium", "chromedriver", "certutil")


@pytest.fixture(scope="session")
def installation(programs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A Seonapi that serves; its state goes on from test to test."""
    made = Installation(tmp_path_factory.mktemp("browser") / "home", extra={"SEON_PREFIX": "/base"})
    made.init()
    made.serve()
    yield made
    made.close()


@pytest.fixture
def panel(programs: dict[str, Path], installation: Installation, tmp_path: Path) -> Iterator[Panel]:
    """A browser that was never used before and trusts the installation's CA, as an administrator's does."""
    trust(programs["certutil"], tmp_path, installation.home / "api-ca.pem")
    with start(programs, tmp_path) as browser:
        yield Panel(browser, f"https://localhost:{installation.port}/panel/", pictures())


def pictures() -> Path | None:
    """Where SEON_TEST_PICTURES wants the pictures of the pages, for people to look at; they take time."""
    wanted = os.environ.get("SEON_TEST_PICTURES")
    if not wanted:
        return None
    Path(wanted).mkdir(parents=True, exist_ok=True)
    return Path(wanted)


def trust(certutil: Path, user: Path, authority: Path) -> None:
    """Put a CA among those that a user trusts."""
    store = user / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for arguments in (("-N", "--empty-password"), ("-A", "-n", "Seonapi", "-t", "C,,", "-i", str(authority))):
        subprocess.run([certutil, "-d", f"sql:{store}", *arguments], check=True, capture_output=True)


def start(programs: dict[str, Path], user: Path) -> Chrome:
    """Start the browser for a user with this home directory."""
    options = ChromeOptions()
    options.binary_location = str(programs["chromium"])
    for argument in (*ARGUMENTS, f"--user-data-dir={user / 'profile'}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    environment = {"HOME": str(user), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    service = ChromeService(str(programs["chromedriver"]), env=environment, log_output=str(user / "driver.log"))
    return Chrome(options=options, service=service)
