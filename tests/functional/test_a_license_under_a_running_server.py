"""A new license file under a running server is taken over, or refused with an event that says why and what to do."""

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from functional.harness import Site, open_site
from functional.licenses import (
    a_directory,
    for_another_proxy_id,
    license_of,
    missing,
    not_yet_valid,
    tampered,
    writable_by_others,
)
from functional.processes import eventually
from seon.cli.quickstart.processes import Process, program
from seon.link.identity import issue_license, new_link_ca
from seon.pki import fingerprint

_LOOKS_OFTEN = """
import sys
from seon.server import license
from seon.cli.daemons import server
license.CHECK_SECONDS, license.SETTLE_SECONDS = 0.2, 0.2
sys.argv[:] = sys.argv[1:]
server()
"""


class AttentiveSite(Site):
    """A site whose server looks at its license more often than once a minute."""

    def launch(self, name: str, arguments: Sequence[str], home: Path | None = None) -> Process:
        """Start a program; the server with the shorter time."""
        if name != "server":
            return super().launch(name, arguments, home)
        output = self.layout.output / f"{name}.{len(self.leaders)}.txt"
        command = [sys.executable, "-c", _LOOKS_OFTEN, program(arguments[0]), *arguments[1:]]
        self.running[name] = process = Process(name, command, output, home)
        self.leaders.append(process.pid)
        return process


@pytest.fixture(scope="module")
def attentive(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AttentiveSite]:
    made = open_site(golden, tmp_path_factory.mktemp("attentive") / "run")
    site = AttentiveSite(made.layout, made.ports)
    try:
        site.launch_api().wait_for(r"ready \S+")
        site.start_server()
        site.start_client()
        yield site.wait_open()
    finally:
        site.close()


def renewed(site: Site, text: str) -> None:
    """Put a new license in the old one's place, whole, as `mv` does."""
    draft = site.layout.license_file.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(site.layout.license_file)


def test_a_renewed_license_is_taken_over_with_an_event(attentive: Site) -> None:
    site = attentive
    proxy_id = license_of(site).proxy_id
    site.seonapi(["license", "issue", proxy_id, "--days", "100", "--out", str(site.layout.license_file)])
    site.in_journal("LIC-NEW", f"taken over from {site.layout.license_file}: serial {license_of(site).serial}, valid")
    assert site.running["client"].ended() is None, "the link goes on"


def test_a_license_of_another_seonapi_under_a_running_server_is_refused_with_both_fingerprints(attentive: Site) -> None:
    site, (key, ca) = attentive, new_link_ca()
    ours, mine = license_of(site), site.layout.license_file.read_text()
    renewed(site, issue_license(key, ca, ours.proxy_id, 30))
    site.in_journal(
        "LIC-REFUSED",
        f"the license is of another Seonapi: its link CA is {fingerprint(ca)}, this server's is {ours.ca_fingerprint}; "
        f"restart the server if that is wanted.*holds until 20.*seonapi license issue {ours.proxy_id}$",
    )
    assert site.running["client"].ended() is None
    renewed(site, mine)


@pytest.mark.parametrize(
    "spoil", [missing, a_directory, not_yet_valid, tampered, for_another_proxy_id, writable_by_others]
)
def test_a_file_that_is_not_taken_over_is_told_once(attentive: Site, spoil: Callable[[Site], str]) -> None:
    site = attentive
    mine = site.layout.license_file.read_text()
    before = len(site.journal("LIC-REFUSED"))
    wrong = spoil(site)
    try:
        told = f"License file {site.layout.license_file} is not good: {wrong}"
        eventually(lambda: any(told in text for text in site.journal("LIC-REFUSED")[before:]), why=told)
        # A look later: a file that comes back is seen before the next renewal is, so all looks in between are over.
        put_back(site, mine)
        site.seonapi(["license", "issue", license_of(site).proxy_id, "--out", str(site.layout.license_file)])
        site.in_journal("LIC-NEW", f"serial {license_of(site).serial}")
        assert len(site.journal("LIC-REFUSED")) == before + 1
    finally:
        put_back(site, mine)


def put_back(site: Site, text: str) -> None:
    if site.layout.license_file.is_dir():
        shutil.rmtree(site.layout.license_file)
    renewed(site, text)
