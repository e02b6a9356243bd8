"""The queue daemon fetches revocation lists from a real web server; what is wrong there is said in words."""

import hashlib
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

import certificates
from crl_web import Web, endless, issuing_point, make_list, octets, redirect, serving, silent
from functional.processes import eventually
from functional.seonapi import SEONAPI, Installation
from seon.api_messages import CrlSource, CrlSources
from seon.config import ProxyConfiguration, ServerConfiguration

CA, OTHER = certificates.make("Partner CA", ca=True), certificates.make("Other CA", ca=True)
LIST = make_list(CA, [1, 2, 3], number=7)


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as made:
        yield made


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path / "home")
    installation.init()
    installation.run("set", "queue_seconds", "1")
    installation.run("crl", "set", "--private-networks", "127.0.0.1/32")
    anchor = tmp_path / "ca.pem"
    anchor.write_text(CA.pem)
    installation.run("anchor", "add", str(anchor))
    yield installation
    installation.close()


@pytest.fixture
def daemon(made: Installation) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [SEONAPI, "queue", "--no-events"], env=made.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


def report(made: Installation, token: str, *urls: str, ca: certificates.Made = CA) -> None:
    """Report places as a server does, through its client."""
    der = ca.certificate.public_bytes(Encoding.DER)
    with made.caller(token) as api:
        answer = api.post(
            "crl-sources", content=msgspec.json.encode(CrlSources(tuple(CrlSource(url, der) for url in urls)))
        )
    assert answer.status_code == 204


def listed(made: Installation) -> dict[str, Any]:
    rows = msgspec.json.decode(made.run("crl", "list", "--json"))
    return {row["url"].rpartition("/")[2]: row for row in rows}


def configured(made: Installation, token: str) -> ServerConfiguration:
    with made.caller(token) as api:
        served = msgspec.json.decode(api.get("configuration").content, type=ProxyConfiguration)
    return msgspec.json.decode(served.server, type=ServerConfiguration)


BAD = {
    "slow": "no answer for 10 s",
    "endless": "it has more than 67108864 octets",
    "private": "10.1.2.3 is not a public address, and private_networks does not have it",
    "html": "it is no revocation list but a web page (HTML or XML)",
    "expired": "it has expired, at ",
    "forged": "its signature is not that of its issuer (CA: CN=Partner CA)",
    "foreign": "it is a list of another CA: CN=Other CA",
    "empty": "it is empty",
    "missing": "the web server answers 404 Not Found",
    "indirect": "not supported: it is an indirect list",
}


QUICK = {name: words for name, words in BAD.items() if name not in ("slow", "endless")}


@pytest.mark.parametrize("bad", [pytest.param(QUICK, id="quick"), pytest.param(BAD, id="all", marks=pytest.mark.slow)])
def test_a_reported_list_comes_to_the_servers_and_what_is_wrong_with_others_is_said(
    made: Installation, web: Web, daemon: "subprocess.Popen[str]", bad: dict[str, str]
) -> None:
    web.answers.update(
        good=octets(LIST, ETag='"7"'), slow=silent(web), endless=endless(web), private=redirect("http://10.1.2.3/"),
        html=octets(b"<html>Please log in</html>"), expired=octets(make_list(CA, age=timedelta(days=8))),
        forged=octets(make_list(certificates.make("Partner CA", ca=True))), foreign=octets(make_list(OTHER)),
        empty=octets(b""),
        indirect=octets(make_list(CA, extensions=[issuing_point("http://x/", indirect_crl=True)])),
    )  # fmt: skip
    token = made.run("token", "add", "main")
    made.serve()
    report(made, token, web.url("good"), *map(web.url, bad))
    eventually(lambda: listed(made)["good"]["state"] == "in force", 20)
    (shown,) = configured(made, token).crls
    assert (shown.sha256, shown.issuer, shown.url) == (hashlib.sha256(LIST).hexdigest(), CA.pem, web.url("good"))
    with made.caller(token) as api:
        assert api.get(f"blobs/{shown.sha256}").content == LIST
    eventually(lambda: all(listed(made)[name]["result"] for name in bad), 60)
    found = listed(made)
    for name, words in bad.items():
        assert found[name]["result"].startswith(words), name
        assert found[name]["state"] == ("not supported" if name == "indirect" else "failed"), name
    table = made.run("crl", "list")
    assert ("no answer for 10 s" in table) == ("slow" in bad)
    assert "in force" in table
    log = (made.home / "log" / "queue.log").read_text()
    assert "Traceback" not in log
    assert daemon.poll() is None


def test_an_unchanged_list_crosses_the_network_once_and_a_newer_one_takes_its_place(
    made: Installation, web: Web
) -> None:
    web.answers["good"] = octets(LIST, ETag='"7"')
    token = made.run("token", "add", "main")
    made.serve()
    report(made, token, web.url("good"))
    assert made.run("queue", "run", "crls") == "job crls: 1 revocation list asked for"
    before = configured(made, token).crls
    web.answers["good"] = octets(b"", 304)
    assert "1 list asked for" in made.run("crl", "fetch", web.url("good"))
    assert (listed(made)["good"]["result"], web.asked[-1][1]["If-None-Match"]) == ("not changed (304)", '"7"')
    assert configured(made, token).crls == before
    web.answers["good"] = octets(make_list(CA, [1, 2, 3, 4], number=8))
    made.run("crl", "fetch")
    assert listed(made)["good"]["entries"] == 4
    web.answers["good"] = octets(LIST)
    steps = msgspec.json.decode(_failed(made, "crl", "fetch", "--json"))[0]["steps"]
    assert steps[-1].startswith("not taken: it is older than the one in force (number 8, of ")
    (row,) = listed(made).values()
    assert (row["entries"], row["state"]) == (4, "in force, not renewed")


def _failed(made: Installation, *arguments: str) -> str:
    done = subprocess.run(
        [SEONAPI, *arguments], env=made.environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_the_end_of_the_queue_daemon_waits_for_no_download(
    made: Installation, web: Web, daemon: "subprocess.Popen[str]"
) -> None:
    web.answers["drops"] = endless(web, b"x", 0.05)
    token = made.run("token", "add", "main")
    made.serve()
    report(made, token, web.url("drops"))
    eventually(lambda: bool(web.asked), 20)
    daemon.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert daemon.wait(10) == 0
    assert time.monotonic() - began < 15
