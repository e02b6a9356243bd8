"""From an empty installation to a file in and a file out: through the panel, and the commands that it shows.

Real programs, real stations, a real browser. What the panel shows as a command is typed as it stands.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from selenium.webdriver.common.by import By

from browser.conftest import pictures, start, trust
from browser.panel import Panel
from certificates import make
from functional.harness import FOREGROUND, Site, choose_ports, port_is_open, run, sha256
from functional.processes import eventually
from functional.seonapi import PASSWORD
from seon.cli.quickstart.installation import PARTNER_CODE, Layout, Ports

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Directories, ports and the stations' certificates: nothing of the product is set up."""
    root = tmp_path / "site"
    for name in ("server", "client", "pki", "output", "receive-daemon/inbox", "partner/inbox"):
        (root / name).mkdir(parents=True)
    choose_ports(root)
    layout = Layout(root)
    for name in ("proxy", "partner"):
        make(f"oftp.{name}.example").write(layout.certificate(name), layout.key(name))
    made = Site(layout, msgspec.json.decode((root / "ports.json").read_bytes(), type=Ports))
    yield made
    made.close()


@pytest.fixture
def panel(site: Site, programs: dict[str, Path], tmp_path: Path) -> Iterator[Panel]:
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    run(["seonapi", "init", "--password-file", str(password)], site.layout.seonapi)
    site.launch_api().wait_for(r"ready \S+")
    site.launch("queue", ["seonapi", "queue"], site.layout.seonapi)
    trust(programs["certutil"], tmp_path, site.layout.seonapi / "api-ca.pem")
    with start(programs, tmp_path) as browser:
        made = Panel(browser, f"https://localhost:{site.ports.seonapi}/panel/", pictures())
        made.log_in(PASSWORD)
        yield made


def code(panel: Panel, beginning: str) -> str:
    """Return a command that the page shows."""
    shown = [str(one.get_property("textContent")) for one in panel.browser.find_elements(By.TAG_NAME, "code")]
    return next(command for command in shown if command.startswith(beginning))


def license_a_server(panel: Panel, site: Site) -> None:
    said = run(["seon_proxyserver2", "-L"], site.layout.server).stdout
    panel.go("Licenses")
    panel.send("issue", proxy_id=said.strip(), days="30")
    address = panel.browser.find_element(By.PARTIAL_LINK_TEXT, "Download").get_attribute("href")
    text = panel.browser.execute_async_script(
        "const done = arguments[arguments.length - 1]; fetch(arguments[0]).then(r => r.text()).then(done)", address
    )
    site.layout.license_file.write_text(str(text))
    site.start_server()


def start_a_client(panel: Panel, site: Site) -> None:
    panel.go("Tokens")
    panel.send("new", name="inside-1")
    typed = shlex.split(code(panel, "seon_proxyclient2 -U")) if "-T" in code(panel, "seon_proxyclient2 -U") else []
    token = code(panel, "seon1.")
    arguments = [part.replace("SERVER:2878", f"127.0.0.1:{site.ports.internal}") for part in typed]
    arguments[arguments.index("-T") + 1] = token  # the file of the first form is below /etc
    site.launch("client", [arguments[0], *FOREGROUND, *arguments[1:]], site.layout.client).wait_for("CLI-LINKED")
    panel.browser.refresh()
    assert token not in panel.browser.page_source


def configure(panel: Panel, site: Site) -> None:
    panel.go("TCP/IP")
    panel.send("port", external_port=str(site.ports.external))
    panel.go("Proxy")
    panel.send("daemon", receive_daemon_host="127.0.0.1", receive_daemon_port=str(site.ports.receive))
    panel.open("own-certificates/add/")
    pem = site.layout.certificate("proxy").with_suffix(".both")
    pem.write_bytes(site.layout.certificate("proxy").read_bytes() + site.layout.key("proxy").read_bytes())
    panel.send("add", file=pem, use=True, force=True)
    panel.open("partners/add/")
    panel.drop("read", site.layout.certificate("partner"))
    panel.send("read")
    panel.send("add", identifier="P1", name="Partner one", host="127.0.0.1", port=str(site.ports.partner),
               codes=PARTNER_CODE)  # fmt: skip


def open_a_port_for_the_send_daemon(panel: Panel, site: Site) -> None:
    panel.go("Proxy")
    panel.send("client", name="inside-1", address="127.0.0.1")
    panel.send("add_port", port=str(site.ports.outgoing), partner="P1")


def test_a_person_who_has_never_seen_the_product_gets_to_the_first_files_in_and_out(panel: Panel, site: Site) -> None:
    panel.take_picture("e2e-empty")
    assert "seon_proxyserver2 -L" in panel.text
    license_a_server(panel, site)
    start_a_client(panel, site)
    configure(panel, site)
    open_a_port_for_the_send_daemon(panel, site)
    for launched in (site.launch_station(), site.launch_partner()):
        launched.wait_for(r"ready \S+")
    eventually(lambda: port_is_open(site.ports.external), why="the external port is open")
    eventually(lambda: port_is_open(site.ports.outgoing), why="the listening port is open")
    file = site.layout.root / "ORDER.EDI"
    file.write_bytes(b"an order\n" * 2_000)
    for sent, incoming in ((site.send_in([file]), True), (site.send_out([file]), False)):
        assert (sent.status, sent.receipts) == (0, ["EERP"]), sent.output
        assert sha256(site.arrived(incoming, sent.summary["files"][0])) == sha256(file)
    panel.go("Files")
    panel.eventually("ORDER")
    rows = [row for row in panel.rows if "ORDER" in row]
    assert len(rows) == 2
    panel.go("Overview")
    panel.take_picture("e2e-works")
    panel.eventually("Works")
    assert "seon_proxyserver2 -L" not in panel.text
    assert not [one for one in panel.complaints() if not re.search("favicon", one)]
