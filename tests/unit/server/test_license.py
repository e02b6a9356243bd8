"""The license while the server runs: it ends, is renewed, and nobody puts another anchor in its place."""

import asyncio
import dataclasses
import time

import pytest

from seon.daemon.log import Log
from seon.link.identity import issue_license, new_link_ca, proxy_id_of
from seon.server import license as module
from seon.server.files import load_identity, parse_identity, read_license
from seon.server.license import LicenseWatch


class Installation:
    """A server's license and key in a directory, and the watch over them."""

    def __init__(self, home, days: int) -> None:
        self.home, self.path = home, home / "seon_proxy.lic"
        self.ca = new_link_ca()
        self.proxy_id = proxy_id_of(parse_identity(load_identity(home)).public_key())
        self.log = Log(home, "log")
        self.changes = 0
        self.issue(days)
        self.watch = LicenseWatch(read_license(self.path, self.proxy_id), self.path, home, self.proxy_id)

    def issue(self, days: int, ca=None, mode: int = 0o600) -> None:
        self.path.write_text(issue_license(*(ca or self.ca), self.proxy_id, days))
        self.path.chmod(mode)

    def let_it_end(self) -> None:
        """Let the license in force have ended a second ago, and leave no other in its place."""
        self.path.unlink()
        self.watch._license = dataclasses.replace(self.watch._license, not_after=time.time() - 1)

    def _changed(self) -> None:
        self.changes += 1

    def run(self, report, scene) -> None:
        async def live() -> None:
            watching = asyncio.create_task(self.watch.run(report, self.log, self._changed))
            async with asyncio.timeout(10):
                await scene()
            assert not watching.done()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

        asyncio.run(live())


@pytest.fixture
def installed(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHECK_SECONDS", 0.02)
    return lambda days=300: Installation(tmp_path, days)


def test_a_license_that_ends_is_told_once_and_decides_anew_about_ports(installed, reported, until) -> None:
    own = installed()

    async def scene() -> None:
        assert own.watch.problem() == ""
        own.let_it_end()
        await until(lambda: "LIC-END" in reported.codes)
        await asyncio.sleep(0.1)

    own.run(reported, scene)
    assert own.watch.problem().startswith("the license ended")
    assert (reported.codes, own.changes) == (["LIC-END"], 1)


def test_a_renewed_license_holds_at_once_with_a_context_of_its_own(installed, reported, until) -> None:
    own = installed()
    before = own.watch.context

    async def scene() -> None:
        own.let_it_end()
        await until(lambda: own.changes == 1)
        own.issue(200)
        await until(lambda: own.watch.problem() == "")
        await until(lambda: own.changes >= 2)

    own.run(reported, scene)
    assert own.watch.context is not before
    assert "A renewed license was taken over" in own.log.path.read_text()


@pytest.mark.parametrize("wrong", ["another CA", "others may write it", "no license"])
def test_what_is_no_renewal_is_not_taken_over(installed, reported, wrong) -> None:
    """Its CA is the trust anchor of the DMZ: a new one needs a person's hand and a restart."""
    own = installed()
    before = own.watch.context

    async def scene() -> None:
        match wrong:
            case "another CA":
                own.issue(200, new_link_ca())
            case "others may write it":
                own.issue(200, mode=0o666)
            case "no license":
                own.path.write_text("nonsense")
        await asyncio.sleep(0.2)

    own.run(reported, scene)
    assert own.watch.context is before
    assert own.changes == 0
    assert not own.log.path.exists()


def test_a_license_that_ends_soon_is_warned_of_once(installed, reported, until) -> None:
    own = installed(10)

    async def scene() -> None:
        await until(lambda: "LIC-SOON" in reported.codes)
        await asyncio.sleep(0.1)

    own.run(reported, scene)
    assert reported.codes == ["LIC-SOON"]
    assert reported.of("LIC-SOON")["days"] == 9
    assert own.changes == 0


def test_a_license_that_ends_closes_the_external_port_and_a_renewed_one_opens_it(alone, tmp_path) -> None:
    alone(license_ends, tmp_path)


def license_ends(directory: str) -> None:
    from proxy import Proxy

    module.CHECK_SECONDS = 0.2

    async def scene(proxy: Proxy) -> None:
        async with proxy.client() as stream:
            await proxy.opened(stream)
            watch = proxy.server._license
            watch._license = dataclasses.replace(watch._license, not_after=time.time() - 1)
            proxy.license.write_text("gone")
            await proxy.until("LIC-END")
            await proxy.until("External port closed: the license does not hold: the license ended")
            assert not await proxy.reachable()
            proxy.issue(20)
            await proxy.until("A renewed license was taken over")
            while not await proxy.reachable():
                await asyncio.sleep(0.01)

    assert Proxy(directory).play(scene) == 0
