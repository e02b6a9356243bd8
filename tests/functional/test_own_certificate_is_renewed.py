"""The company's certificate is renewed while sessions run: they go on, and whoever comes next sees the new one."""

import datetime as dt
import hashlib
import json
import socket
import ssl
from collections.abc import Iterator

import pytest

from certificates import certified, make
from functional.harness import Site
from functional.peers import HeldTransfer
from functional.processes import eventually
from seon import pki


@pytest.fixture
def site_put_back(running: Site) -> Iterator[Site]:
    """The site; the certificate that was in use is so again after the test."""
    (before,) = [row["id"] for row in certificates(running) if row["in_use"]]
    yield running
    if shown(running) != before:
        running.seonapi(["certificate", "use", before, "--force"])
    running.in_force()


def certificates(site: Site) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(site.seonapi(["certificate", "list", "--json"]))
    return [row for row in rows if row["state"] != "request"]


def shown(site: Site) -> str:
    """Return the SHA-256 of the certificate that the external port shows to a new partner connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(site.layout.certificate("partner"), site.layout.key("partner"))
    with (
        socket.create_connection(("127.0.0.1", site.ports.external), 20) as sock,
        context.wrap_socket(sock) as tls,
    ):
        return hashlib.sha256(tls.getpeercert(binary_form=True) or b"").hexdigest()


def test_a_renewed_certificate_is_seen_by_new_sessions_and_the_running_one_goes_on(site_put_back: Site) -> None:
    site = site_put_back
    before = shown(site)
    site.seonapi(
        ["certificate", "request", "add", "Renewed", "--key-type", "p-256", "--out", str(site.layout.output / "csr")]
    )
    request = (site.layout.output / "csr").read_text()
    issuer = make("the CA", ca=True, days=400)
    issued = certified(pki.key_in_request(request), "Renewed", issuer, days=365)
    answer = site.layout.output / "answer.pem"
    answer.write_text(issuer.pem + pki.pem_of(issued))
    with HeldTransfer(site) as held:
        site.seonapi(["certificate", "add", str(answer)])
        site.in_force()
        assert shown(site) == before, "an addition puts nothing in use"
        site.seonapi(["certificate", "use", "Renewed"])
        site.in_force()
        eventually(lambda: shown(site) == pki.fingerprint(issued), why="new connections see the new certificate")
        held.finish()
        assert len(held.receipts) == 1, "the session that ran goes on to its end"
    site.seonapi(["certificate", "back"])
    site.in_force()
    eventually(lambda: shown(site) == before, why="new connections see the certificate before")


def test_a_planned_certificate_comes_into_use_at_its_time_without_anybody_doing_anything(site_put_back: Site) -> None:
    site = site_put_back
    before = shown(site)
    made = make("Planned", days=365)
    files = site.layout.certificate("planned"), site.layout.key("planned")
    made.write(*files)
    at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=10)  # the command itself takes a moment
    site.seonapi(["certificate", "add", *map(str, files), "--from", at.isoformat()])
    assert shown(site) == before
    assert dt.datetime.now(dt.UTC) < at, "it was seen before its time"
    eventually(lambda: shown(site) == made.fingerprint, why="the planned certificate is shown")
    late = dt.datetime.now(dt.UTC) - at
    assert dt.timedelta() <= late < dt.timedelta(seconds=10), late
    site.in_journal("CFG-OWN", "CN=Planned.*as planned")
