"""Seonapi below a path of a reverse proxy: its panel, its API, and what the client says when something is wrong."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from functional.harness import Site, open_site
from functional.processes import eventually
from functional.reverse_proxy import ReverseProxy
from functional.seonapi import PASSWORD, Installation

BASIC = "proxy user:pass/word@%"
IN_URL = "proxy%20user:pass%2Fword%40%25"
CA = "/base/api/proxy/v1/ca"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("below") / "home", extra={"SEON_PREFIX": "/base /a/deep.path"})
    made.init()
    made.serve()
    yield made
    made.close()


@pytest.fixture
def proxy(installation: Installation) -> Iterator[ReverseProxy]:
    with ReverseProxy(installation.home, installation.port).serving() as made:
        yield made


def browser(installation: Installation, proxy: ReverseProxy) -> httpx.Client:
    base = f"https://localhost:{proxy.port}"
    return httpx.Client(base_url=base, verify=installation.tls, follow_redirects=True, trust_env=False, timeout=30)


@pytest.mark.parametrize("prefix", ["", "/seonapi", "/base", "/a/deep.path"])
def test_the_panel_works_below_a_prefix_with_all_links_redirects_files_and_cookies(
    installation: Installation, proxy: ReverseProxy, prefix: str
) -> None:
    with browser(installation, proxy) as person:
        for address in ("", "/", "/index.php", "/panel/"):
            page = person.get(prefix + address)
            assert (page.status_code, page.url.path) == (200, f"{prefix}/panel/login/"), address
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None
        form = {"username": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token[1], "next": f"{prefix}/panel/"}
        page = person.post(page.url.path, data=form, headers={"Referer": str(page.url)})
        assert (page.status_code, page.url.path) == (200, f"{prefix}/panel/")
        addresses = set(re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text))
        assert len(addresses) > 20
        assert {address for address in addresses if not address.startswith(f"{prefix}/")} == set()
        for address in sorted(addresses):
            assert person.get(address).status_code in (200, 405), address  # 405: what is a form's address only


def test_what_is_below_no_prefix_of_ours_is_not_there(installation: Installation, proxy: ReverseProxy) -> None:
    with browser(installation, proxy) as person:
        for path in ("/other/panel/", "/basement/panel/", "/base/base/panel/", "/seonapi/base/"):
            assert person.get(path).status_code == 404, path


def test_a_prefix_that_cannot_be_one_is_refused_at_the_start(installation: Installation) -> None:
    said = installation.run("serve", "--listen", "127.0.0.1:1", "--prefix", "/panel", fails=True)
    assert said.startswith("Error: --prefix: /panel begins as a path of Seonapi's own does")


# --- the client ------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(golden: Path, tmp_path: Path) -> Iterator[Site]:
    """A site whose Seonapi alone runs, below /base too, on a port of its own."""
    site = open_site(golden, tmp_path / "run")
    for name in ("seonapi", "internal"):
        with socket.create_server(("127.0.0.1", 0)) as free:
            setattr(site.ports, name, free.getsockname()[1])
    listen = ["--listen", f"127.0.0.1:{site.ports.seonapi}", "--prefix", "/base"]
    site.launch("seonapi", ["seonapi", "serve", *listen], site.layout.seonapi).wait_for("ready")
    yield site
    site.close()


def behind(site: Site, **options: str) -> ReverseProxy:
    return ReverseProxy(site.layout.seonapi, site.ports.seonapi, **options)


def everything(site: Site) -> str:
    logs = "".join(path.read_text() for path in (site.layout.seonapi / "log").iterdir())
    return site.log("client") + site.last_words() + logs + " ".join(seen.title for seen in site.processes())


@pytest.mark.parametrize("public", [CA, ""], ids=["the CA passes without password", "the CA is in the handshake"])
def test_the_client_reaches_seonapi_below_a_path_with_the_reverse_proxys_password(site: Site, public: str) -> None:
    with behind(site, basic=BASIC, public=public).serving() as proxy:
        client = site.launch_client("-U", f"https://{IN_URL}@localhost:{proxy.port}/base/index.php")
        client.wait_for("CLI-NOSERVER")  # it is enrolled by now
        site.start_server()
        client.wait_for("CLI-LINKED", 60)
        eventually(lambda: any("/base/api/proxy/v1/configuration" in path for path in proxy.seen), why="configuration")
        assert site.stop("client") == 0
    assert "word" not in everything(site).replace("password", "")
    assert all(path.startswith("/base/api/proxy/v1/") for path in proxy.seen)


def test_token_password_and_name_that_are_wrong_are_three_messages(site: Site) -> None:
    token = site.layout.token_file.read_text().strip()
    wrong_token = site.layout.token_file.with_name("wrong")
    prefix, ca, secret = token.split(".")
    wrong_token.write_text(f"{prefix}.{ca}.{secret[::-1]}\r\n")
    with behind(site, basic=BASIC).serving() as proxy:
        below = f"localhost:{proxy.port}/base/index.php"
        wrong = {
            "FATAL .*CLI-TOKEN .*No valid security token": (f"https://{IN_URL}@{below}", "-T", f"@{wrong_token}"),
            "FATAL .*CLI-TOKEN .*reverse proxy.* does not accept user and password": (f"https://us:bad@{below}",),
            "FATAL .*CLI-TOKEN .*reverse proxy.* demands user and password": (f"https://{below}",),
            "ERROR .*CLI-NOAPI .*there is no Seonapi": (f"https://{IN_URL}@{below.replace('/base/', '/other/')}",),
        }
        for pattern, arguments in wrong.items():
            client = site.launch_client("-U", *arguments)
            client.wait_for(f"{pattern}.*; trying again in")
            assert client.ended() is None, "it may be mended at the other end"
            site.stop("client")
    said = everything(site)
    assert secret not in said
    assert secret[::-1] not in said
    assert "bad" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("chain", [True, False], ids=["CA in the handshake", "as earlier builds made it"])
def test_a_name_that_the_certificate_lacks_is_told_with_the_remedy_which_works(site: Site, chain: bool) -> None:
    site.stop("seonapi")
    certificate = site.layout.seonapi / "https.pem"
    if not chain:
        certificate.write_bytes(
            certificate.read_bytes().removesuffix((site.layout.seonapi / "api-ca.pem").read_bytes())
        )
    assert certificate.read_text().count("BEGIN") == 1 + chain
    listen = ["seonapi", "serve", "--listen", f"127.0.0.2:{site.ports.seonapi}"]
    site.launch("seonapi", listen, site.layout.seonapi).wait_for("ready")
    client = site.launch_client("-U", f"https://127.0.0.2:{site.ports.seonapi}")
    client.wait_for("ERROR .*CLI-NOAPI .*certificate is not for 127.0.0.2: it is for localhost, 127.0.0.1, ::1")
    assert "run `seonapi host add 127.0.0.2`" in client.last_words()
    assert "localhost, 127.0.0.1, ::1, 127.0.0.2" in site.seonapi(["host", "add", "127.0.0.2"])
    assert "nothing changed" in site.seonapi(["init", "--host", "127.0.0.2"])
    client.wait_for("CLI-NOSERVER", 60)
