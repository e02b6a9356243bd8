"""What the panel shows where it cannot show a page: words, what to do, and nothing of its inside."""

import logging
from collections.abc import Iterator
from html import unescape

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.db import OperationalError, connections
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from panel_clients import PASSWORD, logged_in

from seon.api_messages import PATH
from seon.backend import logs
from seon.backend.acting.rights import Right
from seon.backend.home import Home
from seon.backend.journal.models import Entry
from seon.backend.panel import refusing
from seon.backend.panel.pages import PanelPage
from seon.backend.urls import urlpatterns as ours

RAISES = {
    "fault": ValueError("a secret of the inside"),
    "full": OperationalError("database or disk is full"),
    "busy": OperationalError("database is locked"),
    "bad": BadRequest("Too many rows are chosen"),
}


def broken(_: HttpRequest, what: str) -> HttpResponse:
    raise RAISES[what]


class RarePage(PanelPage):
    title, template, right = "Rare", "frame/page.html", Right.USERS


urlpatterns = [
    RarePage.at("panel/rare/", "rare"),
    path("panel/broken/<what>/", broken),
    path("api/broken/<what>/", broken),
    *ours,
]
handler400, handler403 = refusing.malformed, refusing.forbidden
handler404, handler500 = refusing.missing, refusing.failed


@pytest.fixture(autouse=True)
def addresses() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["testserver", "seonapi.example"]):
        yield


def shown(address: str, status: int, **options: str) -> str:
    answer = Client(raise_request_exception=False).get(address, secure=True, headers=options)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    return unescape(answer.content.decode())


def denied() -> list[str]:
    return [entry.text for entry in Entry.objects.filter(code="AUD-DENIED").order_by("pk")]


def test_an_unknown_name_is_told_with_the_names_there_are_and_the_command_that_adds_one() -> None:
    text = shown("/panel/", 400, host="other.example:8443")
    assert "You called it other.example:8443." in text
    assert "testserver, seonapi.example" in text
    assert "seonapi host add other.example<" in text


def test_a_call_by_a_wrong_name_is_one_line_in_the_log(home: Home) -> None:
    log = logs.open_log(home.log_directory, "seonapi")
    Client(REMOTE_ADDR="192.0.2.7").get("/panel/", secure=True, headers={"host": "evil.example"})
    (line,) = log.read_text().splitlines()
    assert line.endswith("Call by the name evil.example refused, path /panel/, from 192.0.2.7")


@pytest.mark.parametrize("name", ["$(reboot)", "a b", '"><script>alert(1)</script>', "x" * 5_000])
def test_a_name_that_is_none_is_never_in_the_command_and_never_markup(name: str) -> None:
    answer = Client().get("/panel/", secure=True, headers={"host": name})
    assert answer.status_code == 400
    assert "seonapi host add NAME" in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()
    assert len(answer.content) < 5_000


def test_an_address_that_is_not_there_is_told_and_programs_get_json() -> None:
    assert "There is no such page" in shown("/nowhere/", 404)
    answer = Client().get("/api/nowhere", secure=True)
    assert (answer.status_code, answer.json()) == (404, {"error": "There is no such call"})


def test_a_fault_shows_an_id_that_stands_in_the_log_with_the_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        text = shown("/panel/broken/fault/", 500)
    assert "a secret of the inside" not in text
    assert "Traceback" not in text
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.name == "seon.panel"
    code = record.getMessage().split()[1].rstrip(":")
    assert len(code) == 8
    assert f">{code}<" in text
    assert record.exc_info is not None
    assert record.exc_info[1] is RAISES["fault"]


def test_a_full_or_busy_database_is_told_as_that() -> None:
    full = shown("/panel/broken/full/", 503)
    assert "The disk of the database is full" in full
    assert "Make room" in full
    busy = shown("/panel/broken/busy/", 503)
    assert "The database is busy" in busy
    assert 'href="/panel/broken/busy/"' in busy


def test_a_fault_of_a_call_is_json() -> None:
    answer = Client(raise_request_exception=False).get("/api/broken/fault/", secure=True)
    assert answer.status_code == 500
    assert "its log file says why" in answer.json()["error"]
    answer = Client(raise_request_exception=False).get("/api/broken/full/", secure=True)
    assert answer.status_code == 503
    assert "The disk of the database is full" in answer.json()["error"]


def test_the_page_that_says_that_the_database_is_away_needs_no_database(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = logged_in("administrator")
    client.raise_request_exception = False
    connections["default"].close()
    monkeypatch.setitem(connections["default"].settings_dict, "NAME", str(home.path / "gone" / "there"))
    answer = client.get("/panel/", secure=True)
    assert answer.status_code == 503
    assert "The database is away" in answer.content.decode()


def test_why_a_call_is_malformed_is_said_where_we_know_it() -> None:
    assert "Too many rows are chosen" in shown("/panel/broken/bad/", 400)


def test_a_form_that_was_sent_without_the_right_is_refused_and_audited_with_its_act() -> None:
    auditor, own = logged_in("auditor"), User.objects.get().pk
    for address, does, said in (
        ("users/add/", "add", "Your roles do not allow this"), (f"users/{own}/", "unlock", "it takes the right to"),
    ):  # fmt: skip
        answer = auditor.post(f"/panel/{address}", {"do": does}, secure=True)
        assert answer.status_code == 403
        assert said in answer.content.decode()
    assert denied() == [f"the-auditor (panel) was refused: {act}" for act in ("user-add", "user.unlock")]


def test_a_form_that_was_sent_without_the_right_is_refused_and_audited_with_its_page() -> None:
    answer = logged_in("auditor").post("/panel/rare/", {"do": "anything"}, secure=True)
    assert answer.status_code == 403
    assert "Your roles do not allow this" in answer.content.decode()
    assert denied() == ["the-auditor (panel) was refused: rare"]


def test_a_page_that_was_only_asked_for_is_refused_and_no_entry() -> None:
    assert logged_in("auditor").get("/panel/rare/", secure=True).status_code == 403
    assert logged_in("auditor").get("/panel/users/add/", secure=True).status_code == 403
    assert denied() == []


def test_a_form_of_another_login_is_refused_with_what_to_do() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/panel/login/", {"username": "anna"}, secure=True, headers={"referer": "https://testserver/"})
    assert answer.status_code == 403
    text = answer.content.decode()
    assert "This form is out of date" in text
    assert "has sent no cookie" in text


def test_a_form_of_another_page_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/panel/login/", {}, secure=True, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "It comes from another page than this panel" in answer.content.decode()


@pytest.mark.parametrize("name", ["anna", "nobody-of-this-name"])
def test_who_is_locked_out_reads_how_long_and_how_to_unlock_and_not_whether_there_is_such_a_user(name: str) -> None:
    User.objects.create_superuser("anna", password=PASSWORD)
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = Client().post("/panel/login/", {"username": name, "password": "a guess"}, secure=True)
    answer = Client().post("/panel/login/", {"username": name, "password": PASSWORD}, secure=True)
    assert answer.status_code == 429
    text = answer.content.decode()
    assert "After 15 minutes without a try it works again" in text
    assert "seonapi user unlock NAME" in text
    assert name not in text


def test_every_page_of_this_kind_forbids_framing_and_has_the_policy() -> None:
    answer = Client().get("/nowhere/", secure=True)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_client_s_calls_keep_their_own_answers() -> None:
    assert Client().get(f"{PATH}nothing", secure=True).json()["error"]
