"""A withdrawn license, and a token that counts no more, end a link that stands, and no new one is made.

The bound is 5 s from the end of the command that withdraws. Both sides say why, and what to do.
"""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from functional.harness import Site
from functional.licenses import license_of
from functional.processes import eventually

BOUND = 5.0


@pytest.fixture
def linked(site: Site) -> Site:
    """Seonapi, server and client, linked and with open ports."""
    site.launch_api().wait_for(r"ready \S+")
    site.start_server()
    site.start_client()
    return site.wait_open()


def ended_within_the_bound(site: Site) -> None:
    """Wait for the end of link and client."""
    began = time.monotonic()
    client, server = site.running["client"], site.running["server"]
    server.wait_for("SRV-CLOSED", BOUND)
    eventually(lambda: client.ended() is not None, BOUND, why="the client has ended")
    assert client.ended() == 3, "as with every established link that has ended"
    assert time.monotonic() - began < BOUND
    assert server.ended() is None, "the server waits for another client"


def test_a_withdrawn_license_ends_the_link_though_another_was_issued_since(linked: Site) -> None:
    site, shown = linked, license_of(linked)
    another = site.layout.license_file.with_name("another.lic")
    site.seonapi(["license", "issue", shown.proxy_id, "--out", str(another)], ["license", "withdraw", shown.serial])
    ended_within_the_bound(site)
    for side in ("server", "client"):
        told = f"license with serial {shown.serial} was withdrawn in Seonapi.*seonapi license issue {shown.proxy_id}"
        assert re.search(f"LIC-WITHDRAWN.*{told}", site.log(side)), side

    client = site.launch_client()
    client.wait_for(f"CLI-NOSERVER .*serial {shown.serial} is not in force.*seonapi license issue {shown.proxy_id}")
    assert "CLI-LINKED" not in client.output.read_text()

    draft = another.with_suffix(".draft")
    draft.write_bytes(another.read_bytes())
    draft.chmod(0o600)
    draft.replace(site.layout.license_file)
    site.stop("server")
    site.start_server()
    client.wait_for("CLI-LINKED", 40)


def test_a_withdrawn_token_ends_the_link_of_its_client(linked: Site) -> None:
    site = linked
    site.seonapi(["token", "withdraw", _token(site)])
    ended_within_the_bound(site)
    assert "CLI-TOKEN" in site.log("client")
    api = (site.layout.seonapi / "log" / "seonapi.log").read_text()
    assert re.search(r"AUD-TOKEN .*from 127\.0\.0\.1: the security token \S+ was withdrawn; /", api)


def test_a_token_that_expires_ends_the_link_of_its_client(linked: Site) -> None:
    site, name = linked, _token(linked)
    end = datetime.now(UTC) + timedelta(seconds=6)
    site.seonapi(["token", "change", name, "--until", end.isoformat()])
    runs = site.running["client"].ended() is None
    assert runs or datetime.now(UTC) >= end, "not before its end"
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()))  # the moment of expiry is what is waited for
    ended_within_the_bound(site)
    assert "was withdrawn" not in site.log("client")
    api = (site.layout.seonapi / "log" / "seonapi.log").read_text()
    assert re.search(r"AUD-TOKEN .*the security token \S+ expired at", api)


def test_a_server_opens_the_external_port_that_is_its_own(linked: Site) -> None:
    """And has it again as in general once its own is taken away."""
    site, server = linked, linked.running["server"]
    own = site.ports.partner  # nobody has it here: no partner station runs
    proxy_id = license_of(site).proxy_id
    site.seonapi(["server", "change", proxy_id, f"external_port={own}"])
    server.wait_for(f"SRV-OPEN External port .*:{own} open", 10)
    site.seonapi(["server", "change", proxy_id, "external_port="])
    eventually(lambda: site.log("server").count(f":{site.ports.external} open") == 2, why="as in general again")


def _token(site: Site) -> str:
    names = site.django("from seon.backend.trust.models import Token; print(Token.objects.get().name)")
    return names.strip()
