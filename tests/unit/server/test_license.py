"""The license while the server runs: it ends, is renewed, and nobody puts another anchor in its place."""

import asyncio
import dataclasses
import datetime as dt
import time

import pytest

from seon.events import Event, describe
from seon.link.identity import issue_license, new_link_ca, parse_proxy_id, proxy_id_of
from seon.pki import Leaf, Purpose, certificate_in_pem, fingerprint, issue, new_ed25519_key, pem_of
from seon.server import license as module
from seon.server.files import KEY_NAME, load_identity, load_license, parse_identity
from seon.server.license import LicenseWatch


class Installation:
    """A server's license and key in a directory, and the watch over them."""

    def __init__(self, home, days: int) -> None:
        self.home, self.path = home, home / "seon_proxy.lic"
        self.ca, self.other_ca = new_link_ca(), new_link_ca()
        self.other_id = proxy_id_of(new_ed25519_key().public_key())
        self.proxy_id = proxy_id_of(parse_identity(load_identity(home)).public_key())
        self.changes = 0
        self.issue(days)
        self.watch = LicenseWatch(load_license(self.path, self.proxy_id, time.time()), self.path, home, self.proxy_id)

    def issue(self, days: int, ca=None, mode: int = 0o600) -> None:
        self.path.write_text(issue_license(*(ca or self.ca), self.proxy_id, days))
        self.path.chmod(mode)

    def dated(self, begins: float, ends: float) -> str:
        """Return a license of this server that begins and ends so many days from now."""
        now = dt.datetime.now(dt.UTC)
        since, until = now + dt.timedelta(days=begins), now + dt.timedelta(days=ends)
        leaf = Leaf(common_name="dated", since=since, until=until, purposes=[Purpose.SERVER])
        certificate = issue(*self.ca, parse_proxy_id(self.proxy_id), leaf)
        return pem_of(certificate) + pem_of(self.ca[1])

    def let_it_end(self) -> None:
        """Let the license in force have ended a second ago, and leave no other in its place."""
        self.path.unlink()
        self.watch._license = dataclasses.replace(self.watch._license, not_after=time.time() - 1)

    def _changed(self) -> None:
        self.changes += 1

    def run(self, report, scene) -> None:
        async def live() -> None:
            watching = asyncio.create_task(self.watch.run(report, self._changed))
            async with asyncio.timeout(10):
                await scene()
            assert not watching.done()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

        asyncio.run(live())


@pytest.fixture
def installed(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHECK_SECONDS", 0.02)
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0.05)
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
    assert own.changes == 1
    assert reported.codes.count("LIC-END") == 1


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
    said = told(reported, "LIC-NEW")
    serial = certificate_in_pem(own.path.read_bytes()).serial_number
    assert said.startswith(f"A renewed license was taken over from {own.path}: serial {serial:X}, valid until 20")


def told(reported, code: str) -> str:
    """Return what people read of the last event of this code."""
    return describe(Event(id="i", code=code, time=0, hop="dmz", fields=reported.of(code)))


def spoil(own: Installation, wrong: str) -> None:
    """Put something in the license's place that is no renewal."""
    match wrong:
        case "another CA":
            own.issue(200, own.other_ca)
        case "others may write it":
            own.issue(200, mode=0o666)
        case "another Proxy ID":
            own.path.write_text(issue_license(*own.ca, own.other_id, 5))
        case "ended":
            own.path.write_text(own.dated(-3, -1))
        case "not yet valid":
            own.path.write_text(own.dated(3, 5))
        case "tampered":
            own.path.write_text(own.dated(0, 5).partition("-----END")[0] + "-----END CERTIFICATE-----\n")
            own.path.write_text(own.path.read_text() + pem_of(own.other_ca[1]))
        case "nonsense":
            own.path.write_text("nonsense")
        case "a directory":
            own.path.unlink()
            own.path.mkdir()
        case "gone":
            own.path.unlink()


WRONG = {
    "another CA": "the license is of another Seonapi: its link CA is {theirs}, this server's is {ours}; "
    "restart the server if that is wanted",
    "others may write it": "group or others may write it; type: chmod go-w {path}",
    "another Proxy ID": "it was issued for another Proxy ID: {other_id}",
    "ended": "the license ended at 20",
    "not yet valid": "the license is valid only from 20",
    "tampered": "its certificate was not issued by the CA beside it",
    "nonsense": "it is not a license, or was damaged",
    "a directory": "it is not a file with a license",
    "gone": "it cannot be read: No such file or directory",
}
"""What is wrong with a file, and what is said of it."""


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_renewal_is_refused_once_with_the_reason_and_what_to_do(installed, reported, until, wrong) -> None:
    """Its CA is the trust anchor of the DMZ: a new one needs a person's hand and a restart."""
    own = installed()
    before = own.watch.context
    fingerprints = {"theirs": fingerprint(own.other_ca[1]), "ours": fingerprint(own.ca[1])}
    expected = WRONG[wrong].format(path=own.path, other_id=own.other_id, **fingerprints)

    async def scene() -> None:
        spoil(own, wrong)
        await until(lambda: "LIC-REFUSED" in reported.codes)
        await asyncio.sleep(0.3)

    own.run(reported, scene)
    assert own.watch.context is before
    assert own.changes == 0
    assert reported.codes == ["LIC-REFUSED"]
    text = told(reported, "LIC-REFUSED")
    assert text.startswith(f"License file {own.path} is not good: {expected}")
    assert "The license taken over before holds until 20" in text
    assert text.endswith(f"seonapi license issue {own.proxy_id}")


def test_another_wrong_file_and_the_same_one_again_are_said_again(installed, reported, until) -> None:
    own = installed()
    good = own.path.read_text()

    async def scene() -> None:
        for wrong, events in (("nonsense", 1), ("other nonsense", 2), (good, 2), ("nonsense", 3)):
            own.path.write_text(wrong)
            await until(lambda n=events: reported.codes.count("LIC-REFUSED") == n)
            await asyncio.sleep(0.2)

    own.run(reported, scene)
    assert reported.codes == ["LIC-REFUSED"] * 3


def test_a_file_that_is_still_being_copied_is_not_spoken_of(installed, reported, until, monkeypatch) -> None:
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0.5)
    own = installed()
    text = issue_license(*own.ca, own.proxy_id, 200)
    halves = iter([text[:500], text])
    real = module.examine_license

    def examine(*arguments):
        own.path.write_text(next(halves, text))
        return real(*arguments)

    async def scene() -> None:
        monkeypatch.setattr(module, "examine_license", examine)
        await until(lambda: own.changes == 1)

    own.run(reported, scene)
    assert reported.codes == ["LIC-NEW"]


def test_a_license_that_begins_later_is_taken_over_when_its_time_has_come(installed, reported, until) -> None:
    own = installed()

    async def scene() -> None:
        own.path.write_text(own.dated(1 / 86_400, 200))
        await until(lambda: "LIC-NEW" in reported.codes)

    own.run(reported, scene)


def test_a_renewal_without_the_identity_key_is_refused_and_says_so(installed, reported, until) -> None:
    own = installed()

    async def scene() -> None:
        (own.home / KEY_NAME).rename(own.home / "elsewhere")
        own.issue(200)
        await until(lambda: "LIC-REFUSED" in reported.codes)
        await asyncio.sleep(0.2)
        assert own.changes == 0
        (own.home / "elsewhere").rename(own.home / KEY_NAME)
        await until(lambda: "LIC-NEW" in reported.codes)

    own.run(reported, scene)
    assert reported.codes == ["LIC-REFUSED", "LIC-NEW"]
    assert f"identity key {own.home / KEY_NAME} cannot be read" in told(reported, "LIC-REFUSED")


def test_a_refusal_after_the_end_says_that_no_license_holds(installed, reported, until) -> None:
    own = installed()

    async def scene() -> None:
        own.let_it_end()
        await until(lambda: "LIC-REFUSED" in reported.codes)

    own.run(reported, scene)
    assert "The license taken over before does not hold any more, it ended at 20" in told(reported, "LIC-REFUSED")


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

    module.CHECK_SECONDS = module.SETTLE_SECONDS = 0.2

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
