import asyncio
import ssl

import pytest
from django.conf import settings

from seon.backend import renewing
from seon.backend.home import Home
from seon.backend.https import hosts_in, needs_renewal
from seon.backend.installation import https_locked, renew_https, renew_if_due
from seon.backend.renewing import Renewing


class Https:
    """A server that counts how often it was started, and with what files."""

    def __init__(self) -> None:
        self.started = 0
        self.fault: Exception | None = None

    async def start(self) -> None:
        self.started += 1
        if self.fault is not None:
            raise self.fault


@pytest.fixture(autouse=True)
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["before.example"])


def look(keeper: Renewing, times: int) -> None:
    async def scenario() -> None:
        for _ in range(times):
            await keeper.look()

    asyncio.run(scenario())


def renew(home: Home, *names: str) -> None:
    with https_locked(home):
        renew_https(home, names)


def test_a_certificate_that_was_replaced_is_taken_up_once_with_its_names(home: Home) -> None:
    https = Https()
    keeper = Renewing(home, https)  # type: ignore[arg-type]
    look(keeper, 2)
    assert https.started == 0
    renew(home, "localhost", "seonapi.example")
    look(keeper, 4)
    assert https.started == 1
    assert settings.ALLOWED_HOSTS == ["localhost", "seonapi.example"]


def test_files_that_are_just_being_written_are_waited_for(home: Home) -> None:
    https = Https()
    keeper = Renewing(home, https)  # type: ignore[arg-type]
    renew(home, "localhost", "one.example")
    look(keeper, 1)
    renew(home, "localhost", "two.example")
    look(keeper, 1)
    assert https.started == 0
    look(keeper, 1)
    assert https.started == 1
    assert settings.ALLOWED_HOSTS == ["localhost", "two.example"]


def test_what_cannot_be_taken_up_is_tried_again_after_a_minute_and_the_names_stay(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    https = Https()
    https.fault = ssl.SSLError("no key")
    keeper = Renewing(home, https)  # type: ignore[arg-type]
    renew(home, "localhost", "new.example")
    look(keeper, 1)
    with pytest.raises(ssl.SSLError):
        look(keeper, 1)
    look(keeper, 3)
    assert (https.started, settings.ALLOWED_HOSTS) == (1, ["before.example"])
    monkeypatch.setattr(renewing, "RETRY_SECONDS", 0.0)
    keeper._retry_at = 0.0
    with pytest.raises(ssl.SSLError):
        look(keeper, 1)
    https.fault = None
    look(keeper, 3)
    assert (https.started, settings.ALLOWED_HOSTS) == (3, ["localhost", "new.example"])


def test_a_pair_that_is_tried_again_and_again_is_said_once(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(renewing, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(renewing, "LOOK_SECONDS", 0.001)
    https = Https()
    https.fault = RuntimeError("granian does not start")
    keeper = Renewing(home, https)  # type: ignore[arg-type]
    renew(home, "localhost", "new.example")

    async def scenario() -> None:
        task = asyncio.create_task(keeper.run())
        while https.started < 3:
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(scenario())
    assert caplog.text.count("cannot be taken up, the certificate before stays: granian does not start") == 1


def test_a_certificate_that_ends_soon_is_renewed_while_the_program_runs(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seon.backend.https.SERVER_DAYS", 50)
        renew(home, "localhost", "seonapi.example")
    assert needs_renewal(home.https_certificate)
    monkeypatch.setattr(renewing, "DUE_SECONDS", 0.0)
    https = Https()
    keeper = Renewing(home, https)  # type: ignore[arg-type]
    look(keeper, 2)
    assert not needs_renewal(home.https_certificate)
    assert hosts_in(home.https_certificate) == ["localhost", "seonapi.example"]
    assert https.started == 1
    assert not renew_if_due(home), "once is enough"
