"""The license: where it does not hold the real programs say so, with the file, the Proxy ID and what to do."""

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from functional.harness import TOLD, Site, environment, run
from functional.licenses import (
    a_directory,
    damaged,
    expired,
    for_another_proxy_id,
    license_of,
    missing,
    not_yet_valid,
    tampered,
    unreadable,
    writable_by_others,
)
from seon.cli.quickstart.processes import program
from seon.link.identity import issue_license, new_link_ca
from seon.pki import fingerprint

_READS_ONLY_WHAT_IT_MAY = """
import ctypes, os, sys
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, PR_CAPBSET_DROP = 1, 2, 24
for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
    if os.geteuid() == 0:
        assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Start a program for which the modes of files hold, even if it is the superuser's."""


@pytest.mark.parametrize(
    "spoil",
    [
        missing,
        a_directory,
        expired,
        not_yet_valid,
        tampered,
        damaged,
        for_another_proxy_id,
        writable_by_others,
        unreadable,
    ],
)
def test_a_server_does_not_start_without_a_license_that_holds(site: Site, spoil: Callable[[Site], str]) -> None:
    proxy_id = license_of(site).proxy_id
    wrong = spoil(site)
    for more in ((), ("-V",)):
        done = started(site, *more)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert f"No valid license in {site.layout.license_file}: {wrong}" in done.stderr
        assert f"Proxy ID of this server: {proxy_id}\n" in done.stderr
        assert f"Issue a license inside with: seonapi license issue {proxy_id}\n" in done.stderr
    assert wrong in site.log("server")
    assert not list(site.layout.server.glob("*.pid")), "a program that did not start leaves no PID file"


def started(site: Site, *more: str) -> "subprocess.CompletedProcess[str]":
    """Run the server, which is to end by itself."""
    server = [program("seon_proxyserver2"), *TOLD, "-i", f"127.0.0.1:{site.ports.internal}"]
    return subprocess.run(
        [sys.executable, "-c", _READS_ONLY_WHAT_IT_MAY, *server, "-l", str(site.layout.license_file), *more],
        env=environment(site.layout.server), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip


def test_a_license_and_its_issue_show_the_same_link_ca(site: Site) -> None:
    proxy_id = license_of(site).proxy_id
    issued = site.seonapi(["license", "issue", proxy_id, "--days", "20", "--out", str(site.layout.license_file)])
    shown = run(["seon_proxyserver2", "-l", str(site.layout.license_file), "-V"], site.layout.server)
    assert shown.returncode == 0
    assert shown.stderr == ""
    (line,) = re.findall(r"^Link CA \(SHA-256\): [0-9a-f]{64}$", issued, re.MULTILINE)
    lines = shown.stdout.splitlines()
    assert line in lines
    assert {"Holder: CN=Seon SmartProxy server", f"Proxy ID: {proxy_id}", "Days left: 19"} <= set(lines)
    assert f"Serial: {license_of(site).serial}" in lines


# --- two installations -----------------------------------------------------------------------------------------------


def test_a_license_of_another_seonapi_is_named_as_that_on_both_sides(site: Site) -> None:
    """The server cannot know that: it starts, and whoever compares sees two fingerprints that differ."""
    ours, (key, ca) = license_of(site), new_link_ca()
    mine = site.layout.license_file.read_text()
    site.layout.license_file.write_text(issue_license(key, ca, ours.proxy_id, 30))
    site.launch_api().wait_for(r"ready \S+")
    site.start_server()
    client = site.launch_client()
    theirs = fingerprint(ca)
    client.wait_for(
        "CLI-NOSERVER .*the server's license is of another Seonapi: "
        f"its link CA is {theirs}, this client's is {ours.ca_fingerprint}; check -S and -U"
    )
    site.running["server"].wait_for(
        r"LNK-REFUSED .* from 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+ refused: the client is of another Seonapi: "
        f"its link CA is {ours.ca_fingerprint}, that of this server's license is {theirs}; check"
    )
    assert "CLI-LINKED" not in site.log("client")
    assert "LNK-UP" not in site.log("server")
    site.in_journal("CLI-NOSERVER", f"{theirs}.*{ours.ca_fingerprint}")
    site.stop("server")
    site.layout.license_file.write_text(mine)
    site.start_server()
    client.wait_for("CLI-LINKED")
