"""What is handed out at the panel counts in the programs until it is taken back; and who may do what there."""

import hashlib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs7, pkcs12
from selenium.webdriver.common.by import By

from browser.at_work import IN_FORCE_SECONDS, admin, comes_open, golden, is_in_force, site
from browser.panel import Panel
from certificates import Made, make
from functional.harness import Site, port_is_open, run
from functional.licenses import license_of
from functional.processes import eventually
from seon.api_messages import PATH, TOKEN_HEADER
from seon.link.identity import read_license

__all__ = ("admin", "golden", "site")
pytestmark = pytest.mark.timeout(180)
USER_PASSWORD = "a long enough password"
_FETCH = """
const [path, fields, done] = arguments;
const body = fields && new URLSearchParams(
    {...fields, csrfmiddlewaretoken: document.querySelector("[name=csrfmiddlewaretoken]").value});
fetch(path, body ? {method: "POST", body} : {}).then(async answer => done([answer.status, await answer.text()]));
"""


def fetched(panel: Panel, path: str, **fields: str) -> tuple[int, str]:
    """Ask for a page, or send a form to it, as this user's browser does: status and text of the answer."""
    address = path if path.startswith("https:") else panel.base + path
    status, text = panel.browser.execute_async_script(_FETCH, address, fields or None)
    return status, text


def downloaded(panel: Panel) -> str:
    """Return what the page's link "Download" leads to."""
    address = panel.browser.find_element(By.PARTIAL_LINK_TEXT, "Download").get_attribute("href")
    status, text = fetched(panel, str(address))
    assert status == 200
    return text


# --- licenses ---------------------------------------------------------------------------------------------------------


def test_a_license_is_issued_downloaded_and_withdrawn(admin: Panel, tmp_path: Path) -> None:
    proxy_id = run(["seon_proxyserver2", "-L"], tmp_path).stdout.split()[-1]
    admin.open("licenses/")
    admin.send("issue", proxy_id=proxy_id, days="30")
    assert proxy_id in admin.text
    assert read_license(downloaded(admin).encode()).proxy_id == proxy_id
    admin.send("withdraw")
    assert "cannot be taken back" in admin.text
    admin.agree()
    assert re.search(r"The license \w+ is withdrawn", admin.text)
    assert "Download" not in admin.text
    assert admin.complaints() == []


# --- tokens -----------------------------------------------------------------------------------------------------------


def secret(panel: Panel) -> str:
    """Return the token of the page that shows it once, and see that it is shown once."""
    shown = panel.browser.find_element(By.ID, "token").text
    panel.browser.refresh()
    assert shown not in panel.browser.page_source
    assert "not shown any more" in panel.text
    panel.follow("To the token")
    return shown


def counts(site: Site, token: str) -> bool:
    """Whether Seonapi takes a token."""
    tls = ssl.create_default_context(cafile=str(site.layout.seonapi / "api-ca.pem"))
    with httpx.Client(verify=tls, trust_env=False, timeout=20) as api:
        address = f"https://localhost:{site.ports.seonapi}{PATH}configuration"
        answer = api.get(address, headers={TOKEN_HEADER: token.rpartition(".")[2]})
    assert answer.status_code < 500
    return answer.status_code != 401


def test_a_token_is_made_shown_once_rotated_and_withdrawn(admin: Panel, site: Site) -> None:
    admin.open("tokens/")
    admin.send("new", name="spare")
    first = secret(admin)
    assert counts(site, first)
    admin.send("rotate", days="0")
    second = secret(admin)
    assert (counts(site, first), counts(site, second)) == (False, True)
    admin.send("withdraw")
    admin.agree()
    assert "The token spare is withdrawn." in admin.text
    assert not counts(site, second)
    assert admin.complaints() == []


# --- own certificates -------------------------------------------------------------------------------------------------


def pkcs12_of(made: Made, path: Path, password: str) -> Path:
    """Write a certificate with its key, protected."""
    encryption = BestAvailableEncryption(password.encode())
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(path.stem.encode(), made.key, made.certificate, None, encryption)
    )
    return path


def shown_to_partners(site: Site) -> str:
    """Return the SHA-256 of the certificate that the external port shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(site.layout.certificate("partner"), site.layout.key("partner"))
    with (
        socket.create_connection(("127.0.0.1", site.ports.external), 10) as sock,
        context.wrap_socket(sock) as tls,
    ):
        return hashlib.sha256(tls.getpeercert(binary_form=True) or b"").hexdigest()


def test_an_own_certificate_is_imported_used_changed_over_and_gone_back_to(
    admin: Panel, site: Site, tmp_path: Path
) -> None:
    new, newer = make("oftp.new.example", days=200), make("oftp.newer.example", days=300)
    admin.open("own-certificates/add/")
    file = pkcs12_of(new, tmp_path / "new.p12", "secret of the file")
    admin.send("add", file=file, password="wrong", use=True, force=True)
    assert "password" in admin.browser.find_element(By.CSS_SELECTOR, ".s-errors").text.lower()
    admin.send("add", file=file, password="secret of the file", use=True, force=True)
    assert "The certificate is stored." in admin.text
    admin.open("own-certificates/")
    is_in_force(admin)
    assert shown_to_partners(site) == new.fingerprint

    admin.open("own-certificates/add/")
    admin.send("add", file=pkcs12_of(newer, tmp_path / "newer.pfx", "x"), password="x")
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M}"
    admin.send("use", use_from=tomorrow, force=True)
    assert "It comes into use at" in admin.text
    admin.open("own-certificates/")
    assert re.search("CN=oftp.newer.example – to be used from", admin.text)
    assert shown_to_partners(site) == new.fingerprint
    admin.follow("CN=oftp.newer.example")
    admin.send("unplan")
    admin.send("use", force=True)
    admin.open("own-certificates/")
    is_in_force(admin)
    assert shown_to_partners(site) == newer.fingerprint

    admin.send("back", force=True)
    assert "is in use again" in admin.text
    is_in_force(admin)
    assert shown_to_partners(site) == new.fingerprint
    admin.take_picture("own-certificates-gone-back")
    assert admin.complaints() == []


# --- partners of certificates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["pem", "der", "p7b"])
def test_a_partner_is_made_of_a_certificate_that_is_dropped(admin: Panel, tmp_path: Path, form: str) -> None:
    made = make(f"Dropped as {form}")
    octets = {
        "pem": made.pem.encode(),
        "der": made.certificate.public_bytes(Encoding.DER),
        "p7b": pkcs7.serialize_certificates([made.certificate], Encoding.DER),
    }[form]
    file = tmp_path / f"partner.{form}"
    file.write_bytes(octets)
    admin.open("partners/add/")
    admin.drop("read", file)
    admin.send("read")
    assert made.fingerprint in re.sub(r"[\s:]", "", admin.text).lower()
    assert admin.browser.find_element(By.NAME, "name").get_property("value") == f"Dropped as {form}"
    admin.send("add")
    assert admin.path == f"partners/id-dropped-as-{form}/"
    admin.open(f"partners/id-dropped-as-{form}/certificates/")
    assert f"CN=Dropped as {form}" in admin.text
    assert admin.complaints() == []


# --- the three roles --------------------------------------------------------------------------------------------------


@pytest.fixture
def people(admin: Panel) -> None:
    """An operator and an auditor, added at the panel."""
    for role in ("operator", "auditor"):
        admin.open("users/add/")
        admin.browser.find_element(By.CSS_SELECTOR, f"input[name=roles][value={role}]").click()
        admin.send("add", name=f"an-{role}", password=USER_PASSWORD, twice=USER_PASSWORD)
        assert "The user was added." in admin.text


@contextmanager
def logged_in(panel: Panel, site: Site, user: str) -> Iterator[Panel]:
    """Let somebody else use the browser for a while."""
    panel.log_out()
    panel.log_in(USER_PASSWORD, user)
    try:
        yield panel
    finally:
        panel.open()
        panel.log_out()
        panel.log_in(site.layout.panel_password.read_text().strip())


def forms_on(panel: Panel) -> set[str]:
    """Return the pages of the side bar on which something can be sent that changes something."""
    found = set()
    for title, address in panel.menu.items():
        status, _ = fetched(panel, address)
        assert (title, status) == (title, 200)
        panel.browser.get(address)
        if panel.browser.find_elements(
            By.CSS_SELECTOR, "main form[method=post] button, #content form[method=post] button"
        ):
            found.add(title)
    return found


MAY_NOT: dict[str, dict[str, str]] = {
    "partners/add/": {"do": "add", "identifier": "p9", "name": "P9", "port": "6619"},
    "tokens/": {"do": "new", "name": "of-nobody"},
    "licenses/": {"do": "issue", "proxy_id": "ab" * 32 + "px", "days": "30"},
    "users/add/": {"do": "add", "name": "mallory", "roles": "administrator", "password": "x" * 20, "twice": "x" * 20},
    "own-certificates/": {"do": "back"},
    "configuration/events/": {"do": "test"},
}
"""What an operator and an auditor may not send: address and fields."""
OPERATOR_MAY: dict[str, dict[str, str]] = {
    "sessions/": {"do": "kill", "session": "0" * 32, "seon_sure": "1"},
    "partners/": {"do": "disable", "chosen": "nobody", "seon_sure": "1"},
}
"""What an auditor may not send, and an operator may."""


def stored(site: Site) -> list[object]:
    """Return what must not change."""
    queries = (
        "SELECT number FROM configuration_version", "SELECT count(*) FROM trust_token",
        "SELECT count(*) FROM trust_license", "SELECT count(*) FROM auth_user",
        "SELECT count(*) FROM script_scriptrun",
    )  # fmt: skip
    return [site._rows(query) for query in queries]


@pytest.mark.usefixtures("people")
def test_each_role_sees_and_may_do_what_is_its_own_with_typed_addresses_too(admin: Panel, site: Site) -> None:
    before = stored(site)
    with logged_in(admin, site, "an-operator") as panel:
        assert forms_on(panel) == {"About", "Logging", "Partners", "Proxy"}
        panel.open("configuration/tcp-ip/")
        assert str(site.ports.external) in panel.text
        refused = {path: fetched(panel, path, **fields)[0] for path, fields in MAY_NOT.items()}
        assert refused == dict.fromkeys(MAY_NOT, 403)
        panel.open("users/add/")
        assert "may not" in panel.text
        panel.open("partners/add/")
        assert "You may not add partners" in panel.text
        assert {fetched(panel, path, **fields)[0] for path, fields in OPERATOR_MAY.items()} == {200}
    with logged_in(admin, site, "an-auditor") as panel:
        assert forms_on(panel) == {"About"}  # `seonapi check` changes nothing
        wanted = MAY_NOT | OPERATOR_MAY
        assert {path: fetched(panel, path, **fields)[0] for path, fields in wanted.items()} == dict.fromkeys(
            wanted, 403
        )
        panel.open("users/add/")
        assert "may not" in panel.text
    assert stored(site) == before
    admin.open("audit/")
    assert re.search("an-auditor", admin.text)
    admin.open("configuration/tcp-ip/")
    assert admin.browser.find_elements(By.NAME, "external_port")


# --- the end ----------------------------------------------------------------------------------------------------------


def test_the_server_of_a_withdrawn_license_closes_and_opens_again_with_a_new_one(admin: Panel, site: Site) -> None:
    proxy_id = license_of(site).proxy_id
    admin.open(f"licenses/?q={proxy_id}")
    admin.click("tbody a[href*='/licenses/']")
    admin.send("withdraw")
    admin.agree()
    eventually(lambda: not port_is_open(site.ports.external), 2 * IN_FORCE_SECONDS, why="the external port is closed")
    admin.open("licenses/")
    admin.send("issue", proxy_id=proxy_id, days="30")
    site.stop("server")
    site.layout.license_file.write_text(downloaded(admin))
    site.start_server()
    site.running["client"].wait_for("CLI-END")  # a service manager starts it again
    site.start_client()
    site.wait_open()
    comes_open(site.ports.external)
