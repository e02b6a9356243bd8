"""The password once more, by Django's test client, on a page whose act asks for it."""

import re
import time
from html import unescape

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from seon.backend.configuration import actions
from seon.backend.configuration.models import Settings
from seon.backend.panel import confirming

PAGE, PASSWORD = "/panel/configuration/settings/1/change/", "correct horse battery"
FORM = {
    "external_port": "7000", "external_address": "", "outgoing_address": "", "receive_daemon_host": "",
    "rules-TOTAL_FORMS": "0", "rules-INITIAL_FORMS": "0",
}  # fmt: skip


@pytest.fixture(autouse=True)
def asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])
    monkeypatch.setattr(actions.change_settings, "again", True)


@pytest.fixture
def client() -> Client:
    made = Client()
    made.force_login(User.objects.create_superuser("anna", password=PASSWORD))
    return made


def form(client: Client) -> dict[str, str]:
    """All fields of the page as a browser would send them, with another port."""
    page = client.get(PAGE, secure=True).content.decode()
    numbers = dict(re.findall(r'<input type="number" name="(\w+)" value="(\d+)"', page))
    chosen = dict(re.findall(r'<select name="(\w+)"(?:(?!</select>).)*?<option value="([^"]*)" selected', page, re.S))
    return {**numbers, **chosen, **FORM, "profile": "default", "esid_names_rule": "on"}


def later(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    now = time.time() + seconds
    monkeypatch.setattr(confirming.time, "time", lambda: now)


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', unescape(page)))


def test_within_five_minutes_of_the_login_nothing_is_asked(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, 290)
    client.post(PAGE, form(client), secure=True)
    assert Settings.load().external_port == 7_000


def test_later_the_password_is_asked_for_and_what_was_entered_is_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 310)
    answer = client.post(PAGE, form(client), secure=True)
    page = answer.content.decode()
    assert "Enter your password once more" in page
    assert "no-store" in answer.headers["Cache-Control"]
    assert Settings.load().external_port == 6_619
    kept = hidden(page)
    assert kept["external_port"] == "7000"
    assert PASSWORD not in page
    done = client.post(PAGE, {**kept, confirming.FIELD: PASSWORD}, secure=True, follow=True)
    assert "was changed successfully" in unescape(done.content.decode())
    assert Settings.load().external_port == 7_000
    client.post(PAGE, {**kept, "external_port": "7001"}, secure=True)
    assert Settings.load().external_port == 7_001, "it counts for five minutes"


def test_a_wrong_password_is_told_keeps_the_form_and_locks_the_door_in_the_end(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 310)
    kept = hidden(client.post(PAGE, form(client), secure=True).content.decode())
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        page = client.post(PAGE, {**kept, confirming.FIELD: "wrong"}, secure=True).content.decode()
        assert "This password is wrong" in page
        assert hidden(page)["external_port"] == "7000"
    locked = client.post(PAGE, {**kept, confirming.FIELD: "wrong"}, secure=True)
    assert locked.status_code == 429
    assert client.post(PAGE, {**kept, confirming.FIELD: PASSWORD}, secure=True).status_code == 429
    assert Settings.load().external_port == 6_619


def test_what_a_form_holds_is_not_kept_with_the_failed_logins(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from axes.models import AccessAttempt

    later(monkeypatch, 310)
    client.post(PAGE, {**form(client), "secret": "S3CRET", confirming.FIELD: "wr0ng"}, secure=True)
    (attempt,) = AccessAttempt.objects.all()
    assert attempt.username == "anna"
    assert "S3CRET" not in str(vars(attempt))
    assert "wr0ng" not in str(vars(attempt))


def test_a_clock_that_was_set_back_confirms_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, -1_000)
    assert "Enter your password once more" in client.post(PAGE, form(client), secure=True).content.decode()
