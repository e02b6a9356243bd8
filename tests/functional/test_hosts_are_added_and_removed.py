"""`seonapi host add` and `remove` under a running Seonapi: no call is lost, and the names count at once."""

import itertools
import ssl
import subprocess
import time

import httpx
import pytest

from functional.harness import Site, environment
from functional.processes import eventually
from functional.seonapi import SEONAPI
from seon import pki
from seon.api_messages import PATH
from seon.backend.own_names import _own_addresses


@pytest.fixture
def linked(site: Site) -> Site:
    """Seonapi, server and client, linked and with open ports."""
    site.launch_api().wait_for(r"ready \S+")
    site.start_server()
    site.start_client()
    return site.wait_open()


def shown_names(site: Site) -> set[str]:
    """Return the names in the certificate that Seonapi shows now."""
    pem = ssl.get_server_certificate(("127.0.0.1", site.ports.seonapi))
    names = pki.alternative_names_of(pki.certificate_in_pem(pem))
    assert names is not None
    return {*names.hosts, *map(str, names.addresses)}


def call(site: Site, path: str, host: str) -> httpx.Response:
    """Call Seonapi by a name, as who has verified the certificate for it."""
    context = ssl.create_default_context(cafile=str(site.layout.seonapi / "api-ca.pem"))
    url = f"https://127.0.0.1:{site.ports.seonapi}{path}"
    with httpx.Client(verify=context, trust_env=False) as caller:
        return caller.get(url, headers={"Host": host}, extensions={"sni_hostname": host})


def test_a_host_added_while_a_client_waits_is_served_and_the_client_misses_nothing(linked: Site) -> None:
    site, client = linked, linked.running["client"]
    site.in_force()
    site.seonapi(["host", "add", "seonapi.example"])
    site.set("drain_seconds", 4)  # while the call still waits where the old certificate is shown
    site.in_force(10)
    eventually(lambda: "seonapi.example" in shown_names(site), 10, why="the new certificate is shown")
    assert call(site, "/healthz", "seonapi.example").status_code == 200
    assert call(site, "/panel/login/", "seonapi.example").status_code == 200
    site.set("drain_seconds", 5)  # and now by the new one
    site.in_force(10)

    site.seonapi(["host", "add", "other.example"], ["host", "remove", "seonapi.example"])
    third = {"seonapi.example": False, "other.example": True}
    eventually(lambda: {name: name in shown_names(site) for name in third} == third, 10, why="the third is shown")
    with pytest.raises(httpx.ConnectError, match=r"not valid for 'seonapi\.example'"):
        call(site, "/healthz", "seonapi.example")
    site.set("drain_seconds", 6)
    site.in_force(10)
    assert client.output.read_text().count("CLI-NOAPI") <= 1, client.last_words()
    assert client.ended() is None
    assert "https certificate taken up, for localhost" in (site.layout.seonapi / "log" / "seonapi.log").read_text()


def test_no_connection_is_refused_and_no_call_cut_off_while_certificates_change(linked: Site) -> None:
    """A kept connection may end while nobody calls; who calls at that moment calls once again (RFC 9112 §9.5)."""
    site, context = linked, ssl.create_default_context(cafile=str(linked.layout.seonapi / "api-ca.pem"))
    log = site.layout.seonapi / "log" / "seonapi.log"
    command, quiet = [SEONAPI, "host", "add", "n1.example"], subprocess.DEVNULL
    url, until, again = f"https://127.0.0.1:{site.ports.seonapi}{PATH}ca", time.monotonic() + 30, []
    calls = itertools.count()

    def call() -> None:
        try:
            assert kept.get(url).status_code == 200
        except httpx.RemoteProtocolError as error:
            again.append(error)
            assert kept.get(url).status_code == 200
        next(calls)

    with (
        httpx.Client(verify=context, trust_env=False) as kept,
        subprocess.Popen(command, env=environment(site.layout.seonapi), stdout=quiet, stderr=quiet) as adding,
    ):
        while "n1.example" not in log.read_text():
            assert time.monotonic() < until
            assert httpx.get(url, verify=context, trust_env=False).status_code == 200
            call()
        assert next(calls) > 1
        for _ in range(20):
            call()
        assert adding.wait(20) == 0
    assert len(again) <= 1


def test_a_name_that_is_not_there_is_refused_in_words_that_say_what_to_do(linked: Site) -> None:
    to_type = {f"{PATH}ca": "seonapi host add NAME", "/panel/login/": "seonapi host add evil.example<"}
    for path, command in to_type.items():
        url = f"https://localhost:{linked.ports.seonapi}{path}"
        tls = ssl.create_default_context(cafile=str(linked.layout.seonapi / "api-ca.pem"))
        answer = httpx.get(url, verify=tls, headers={"Host": "evil.example:1"}, trust_env=False)
        assert answer.status_code == 400
        assert "evil.example:1" in answer.text
        assert command in answer.text


def test_files_that_do_not_belong_together_leave_the_certificate_that_is_served(linked: Site) -> None:
    site = linked
    before = shown_names(site)
    key = site.layout.seonapi / "https.key"
    right = key.read_bytes()
    key.write_text("no key")
    log = site.layout.seonapi / "log" / "seonapi.log"
    eventually(lambda: "cannot be taken up, the certificate before stays" in log.read_text(), 10)
    assert shown_names(site) == before
    key.write_bytes(right)
    site.seonapi(["host", "add", "later.example"])
    eventually(lambda: "later.example" in shown_names(site), 10, why="what is whole again is taken up")


def test_an_address_that_is_served_but_not_in_the_certificate_is_said_and_served(site: Site) -> None:
    own = [address for address in _own_addresses() if address.version == 4]
    if not own:
        pytest.skip("this host has loopback addresses only")
    place = site.layout.seonapi
    serving = site.launch("seonapi", ["seonapi", "serve", "--listen", f"{own[0]}:{site.ports.seonapi}"], place)
    serving.wait_for(f"is not for {own[0]}: .*type: seonapi host add {own[0]}")
    serving.wait_for(f"ready https://{own[0]}:")
    site.seonapi(["host", "add", str(own[0])])
    site.stop("seonapi")
    again = site.launch("seonapi", ["seonapi", "serve", "--listen", f"{own[0]}:{site.ports.seonapi}"], place)
    again.wait_for("ready")
    assert "host add" not in again.output.read_text()
