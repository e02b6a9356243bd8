"""Failed logins in the API log, by Django's test client."""

import logging

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from seon.backend.api.refusals import Refusals
from seon.backend.configuration.models import Settings
from seon.backend.panel import logins

PAGE = "/panel/login/"


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written of refusals; nothing of them is counted before."""
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])
    written: list[str] = []
    monkeypatch.setattr(logins, "refusals", Refusals(written.append))
    User.objects.create_superuser("anna", password="correct horse battery")
    return written


def log_in(name: str, password: str, **headers: str) -> None:
    Client(REMOTE_ADDR="192.0.2.7").post(PAGE, {"username": name, "password": password}, secure=True, headers=headers)


def test_a_failed_login_is_a_line_with_source_and_reason(lines: list[str]) -> None:
    log_in("anna", "a guess")
    assert lines == ["AUD-LOGIN Login to the panel refused from 192.0.2.7: wrong password of user anna; /panel/login/"]


def test_what_was_typed_is_in_no_line_if_it_is_no_user_s_name(lines: list[str], caplog) -> None:
    with caplog.at_level(logging.DEBUG, logger="seon"):
        log_in("my password by mistake", "another secret")
    assert lines == ["AUD-LOGIN Login to the panel refused from 192.0.2.7: a user that does not exist; /panel/login/"]
    assert "mistake" not in caplog.text + "".join(lines)
    assert "secret" not in caplog.text + "".join(lines)


def test_a_locked_user_is_told_as_locked(lines: list[str]) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        log_in("anna", "a guess")
    log_in("anna", "correct horse battery")
    assert "user anna is locked for this source after too many failed logins" in lines[-1]


def test_a_flood_of_logins_is_20_lines_and_a_count(lines: list[str]) -> None:
    for _ in range(25):
        log_in("anna", "a guess")
    logins.refusals.tell(everything=True)
    assert len(lines) == 21
    assert lines[-1].startswith("AUD-TOKENS 5 more calls without valid authentication from 192.0.2.7 within a minute")


def test_behind_a_configured_reverse_proxy_the_source_is_the_forwarded_address(lines: list[str]) -> None:
    Settings(reverse_proxies="192.0.2.7/32").save()
    log_in("anna", "a guess", **{"X-Forwarded-For": "198.51.100.9"})
    assert "from 198.51.100.9 through the proxy 192.0.2.7: " in lines[0]


def test_a_login_that_succeeds_is_no_refusal(lines: list[str]) -> None:
    log_in("anna", "correct horse battery")
    assert lines == []


def page_after(name: str, password: str) -> str:
    answer = Client(REMOTE_ADDR="192.0.2.7").post(PAGE, {"username": name, "password": password}, secure=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_the_same_whatever_is_wrong_and_when_a_name_is_locked() -> None:
    User.objects.create_user("gone", password="correct horse battery", is_staff=True, is_active=False)
    User.objects.create_user("stranger", password="correct horse battery")
    tries = [("anna", "a guess"), ("nobody", "a guess"), ("gone", "correct horse battery"),
             ("stranger", "correct horse battery")]  # fmt: skip
    pages = [page_after(*one) for one in tries]
    for page in pages:
        assert "The name or the password is wrong, or the user may not log in." in page
        assert "After 5 wrong passwords in a row the name is locked for this address, for 15 minutes." in page
        assert "a guess" not in page
        assert "correct horse" not in page


def test_a_field_that_is_empty_is_said_there() -> None:
    assert "This field is required" in page_after("", "x")
