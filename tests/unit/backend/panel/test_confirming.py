"""The password once more: what was sent before is done with it, files too, and stands in no page meanwhile."""

import re
import time
from html import unescape
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings
from django.urls import include, path
from panel_clients import PASSWORD, logged_in

from seon.backend.acting.actors import Actor
from seon.backend.configuration import actions
from seon.backend.configuration.models import Settings
from seon.backend.panel import confirming
from seon.backend.panel.act_forms import ActForm
from seon.backend.panel.pages import PanelPage
from seon.backend.urls import urlpatterns as ours

PAGE, OTHER = "/panel/again/", "/panel/again-too/"
FORM = {"do": "bring", "external_port": "7000", "secret": "S3CRET-of-the-file"}
OCTETS = bytes(range(256)) * 40


class BringForm(ActForm):
    external_port = forms.IntegerField()
    secret = forms.CharField(widget=forms.PasswordInput)
    file = forms.FileField(required=False)

    def act(self, by: Actor) -> Any:
        actions.change_settings(by, {"external_port": self.cleaned_data["external_port"]})
        file = self.cleaned_data["file"]
        brought.append((self.cleaned_data["secret"], file.name if file else "", file.read() if file else b""))


class AgainPage(PanelPage):
    title = "Again"
    template = "licenses/licenses.html"
    form_classes = {"bring": BringForm}


urlpatterns = [
    AgainPage.at("panel/again/", "again"),
    AgainPage.at("panel/again-too/", "again-too"),
    path("panel/", include(([], "none"))),
    *ours,
]
brought: list[tuple[str, str, bytes]] = []


@pytest.fixture(autouse=True)
def asks_again(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(actions.change_settings, "again", True)
    brought.clear()
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def client() -> Client:
    return logged_in("administrator")


def later(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    now = time.time() + seconds
    monkeypatch.setattr(confirming.time, "time", lambda: now)


def sent(client: Client, form: dict[str, Any], page: str = PAGE) -> str:
    return unescape(client.post(page, form, secure=True, follow=True).content.decode())


def key_in(page: str) -> dict[str, str]:
    (key,) = re.findall(r'name="seon_kept" value="([^"]+)"', page)
    return {confirming.KEPT: key}


def test_within_five_minutes_of_the_login_nothing_is_asked(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, 290)
    sent(client, FORM)
    assert Settings.load().external_port == 7_000


def test_later_it_is_asked_for_and_what_was_sent_is_done_with_it_files_too(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 310)
    answer = client.post(PAGE, {**FORM, "file": SimpleUploadedFile("ours.p12", OCTETS)}, secure=True)
    page = answer.content.decode()
    assert "Enter your password once more" in page
    assert "no-store" in answer.headers["Cache-Control"]
    assert Settings.load().external_port == 6_619
    sent(client, {**key_in(page), confirming.FIELD: PASSWORD})
    assert Settings.load().external_port == 7_000
    assert brought == [("S3CRET-of-the-file", "ours.p12", OCTETS)]
    sent(client, {**FORM, "external_port": "7001"})
    assert Settings.load().external_port == 7_001, "it counts for five minutes"


def test_nothing_that_was_sent_stands_in_the_page_that_asks_or_readable_in_the_database(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 310)
    page = sent(client, {**FORM, "file": SimpleUploadedFile("ours.p12", b"KEY OF OURS")})
    stored = str([row.get_decoded() for row in Session.objects.all()])
    for text in ("S3CRET", "7000", "KEY OF OURS", "ours.p12"):
        assert text not in page
        assert text not in stored


def test_a_wrong_password_is_told_keeps_what_was_sent_and_locks_the_door_in_the_end(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 310)
    key = key_in(sent(client, FORM))
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        page = sent(client, {**key, confirming.FIELD: "wrong"})
        assert "This password is wrong" in page
        assert key_in(page) == key
    for password in ("wrong", PASSWORD):
        assert client.post(PAGE, {**key, confirming.FIELD: password}, secure=True).status_code == 429
    assert Settings.load().external_port == 6_619


def test_what_was_sent_is_done_once_on_its_own_page_and_for_who_has_sent_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 310)
    key = key_in(sent(client, FORM))
    answer = {**key, confirming.FIELD: PASSWORD}
    assert "not there any more" in sent(logged_in("operator"), answer)
    assert "not there any more" in sent(client, answer, OTHER)
    assert brought == []
    later(monkeypatch, 700)  # the password was entered on the other page meanwhile
    answer = {**key_in(sent(client, FORM)), confirming.FIELD: PASSWORD}
    for _ in range(2):
        page = sent(client, answer)
        assert len(brought) == 1
    assert "not there any more" in page


def test_what_was_kept_too_long_is_said_to_be_gone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, 310)
    key = key_in(sent(client, FORM))
    Session.objects.filter(session_key=key[confirming.KEPT]).delete()
    assert "not there any more" in sent(client, {**key, confirming.FIELD: PASSWORD})
    assert brought == []


def test_one_login_keeps_three_things_at_most(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, 310)
    keys = [key_in(sent(client, {**FORM, "external_port": str(7_000 + number)})) for number in range(5)]
    kept = Session.objects.filter(session_key__in=[key[confirming.KEPT] for key in keys])
    assert kept.count() == 3
    sent(client, {**keys[2], confirming.FIELD: PASSWORD})
    assert Settings.load().external_port == 7_002


def test_what_a_form_holds_is_not_kept_with_the_failed_logins(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from axes.models import AccessAttempt

    later(monkeypatch, 310)
    sent(client, {**FORM, confirming.FIELD: "wr0ng"})
    (attempt,) = AccessAttempt.objects.all()
    assert attempt.username == "the-administrator"
    assert "S3CRET" not in str(vars(attempt))
    assert "wr0ng" not in str(vars(attempt))


def test_a_clock_that_was_set_back_confirms_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, -1_000)
    assert "Enter your password once more" in sent(client, FORM)
