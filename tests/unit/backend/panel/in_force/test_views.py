"""The part asks again until every host has the configuration, and then it stays."""

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from seon.backend.live import lists
from seon.backend.live.lists import HostInForce

PART = "/panel/configuration/in-force/"


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])
    client = Client()
    client.force_login(User.objects.create_superuser("anna"))
    return client


def test_it_is_fetched_again_until_every_host_has_it(panel: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "in_force", lambda: [HostInForce("client", "<b>main", 1, False, "on its way")])
    answer = panel.get(PART, secure=True)
    page = answer.content.decode()
    assert "On its way" in page
    assert "client &lt;b&gt;main" in page
    assert 'hx-trigger="every 1s"' in page
    seen = page.partition("?seen=")[2][:16]
    assert panel.get(PART, {"seen": seen}, secure=True).status_code == 204
    monkeypatch.setattr(lists, "in_force", lambda: [HostInForce("client", "main", 2, True, "")])
    page = panel.get(PART, {"seen": seen}, secure=True).content.decode()
    assert "In force on:" in page
    assert "hx-get" not in page


def test_who_may_not_read_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])
    client = Client()
    client.force_login(User.objects.create(username="nobody", is_staff=True))
    assert client.get(PART, secure=True).status_code == 403
    assert client.post(PART, secure=True).status_code in (403, 405)
