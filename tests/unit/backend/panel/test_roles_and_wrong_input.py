"""Every form and button of every page, found by following links: who may use it, and what wrong input does.

The pages are those of an installation in use, filled with what strangers send (tests/browser/world.py).
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.apps import apps
from django.core import serializers
from django.db import connection
from django.forms import FileField
from django.test import Client
from django.urls import resolve
from panel_clients import logged_in

from browser.every_page import kind_of
from browser.world import main as fill_the_world
from seon.backend.panel.pages import SURE, PanelPage

NOISE = {"sessions.Session", "auth.User", "journal.Entry", "journal.HourCount", "axes.AccessLog", "axes.AccessAttempt"}
"""Rows that a login or a refusal writes."""
_LINK = re.compile(r'(?:href|hx-get)="([^"]*)"')
MOST = 300
GARBAGE = ("", "\0", "x" * 5_000, "-1", "99999999999999999999", "<script>", "2026-13-45T99:99", "../../etc/passwd", "٣")
pytestmark = pytest.mark.timeout(110)


class Act(NamedTuple):
    """A form or a button of a page."""

    path: str
    page: type[PanelPage]
    name: str


@pytest.fixture(autouse=True)
def world() -> None:
    fill_the_world(True)


def everything() -> str:
    kept = [model for model in apps.get_models() if model._meta.managed and model._meta.label not in NOISE]
    return json.dumps([json.loads(serializers.serialize("json", model._base_manager.order_by("pk"))) for model in kept])


def page_of(path: str) -> type[PanelPage] | None:
    view = getattr(resolve(urlsplit(path).path).func, "view_class", None)
    return view if isinstance(view, type) and issubclass(view, PanelPage) else None


def pages(client: Client) -> dict[str, str]:
    """Follow every link; return an example of each page by its kind."""
    waiting, seen, found = deque(["/panel/"]), {"/panel/"}, {}
    while waiting and len(found) < MOST:
        path = waiting.popleft()
        answer = client.get(path, secure=True)
        assert answer.status_code < 500, path
        if answer.status_code != 200 or "text/html" not in answer.headers["Content-Type"]:
            continue
        found[kind_of(path)] = path
        for raw in _LINK.findall(answer.content.decode()):
            link = urldefrag(urljoin(path, unescape(raw))).url
            if link.startswith("/panel/") and kind_of(link) not in seen:
                seen.add(kind_of(link))
                waiting.append(link)
    return found


def acts(client: Client) -> Iterator[Act]:
    for path in pages(client).values():
        page = page_of(path)
        for name in (*page.form_classes, *page.does) if page else ():
            yield Act(path, page, name)


def filled(act: Act, value: str) -> dict[str, Any]:
    """Return what is sent: every field of the form with this value, and every name that a button might want."""
    fields = getattr(act.page.form_classes.get(act.name), "base_fields", {})
    names = {name for name, field in fields.items() if not isinstance(field, FileField)}
    return {"do": act.name, SURE: "1", **dict.fromkeys(names | {"chosen", "session", "id", "name", "key"}, value)}


def test_an_auditor_sees_every_page_and_changes_nothing_by_any_form_or_button() -> None:
    auditor = logged_in("auditor")
    there = everything()
    for path in pages(auditor).values():
        page = auditor.get(path, secure=True).content.decode()
        assert "PRIVATE KEY" not in page, path
        assert "scrypt$" not in page, path
    for act in acts(logged_in("administrator")):
        answer = auditor.post(act.path, filled(act, "1"), secure=True)
        assert answer.status_code < 500, act
    assert everything() == there


def test_without_the_token_of_its_page_nothing_is_done() -> None:
    client = logged_in("administrator")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    there = everything()
    for act in acts(client):
        assert strict.post(act.path, filled(act, "1"), secure=True).status_code == 403, act
    assert everything() == there


def wrong_values(number: int, most: int) -> list[str]:
    """Return some of the wrong values, others for each number: together they are all sent many times."""
    return [GARBAGE[(number + at) % len(GARBAGE)] for at in range(min(most, len(GARBAGE)))]


@pytest.mark.parametrize("most", [1, pytest.param(len(GARBAGE), marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_wrong_input_of_every_form_is_answered_in_words(most: int) -> None:
    client = logged_in("administrator")
    for number, act in enumerate(list(acts(client))):
        if "/password_change/" in act.path:
            continue  # wrong passwords lock the user (429), here as at the login: tests/unit/backend/panel has it
        for value in wrong_values(number, most):
            answer = client.post(act.path, filled(act, value), secure=True)
            assert answer.status_code in {200, 302, 400, 403, 404, 413}, (act, value, answer.status_code)
            assert "Traceback" not in answer.content.decode(errors="replace")


@pytest.mark.parametrize("most", [1, pytest.param(5, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_a_wrong_address_of_every_page_is_answered_in_words(most: int) -> None:
    client = logged_in("auditor")
    steps_of = ("nothing", "0", "9" * 30, "%00", "%3Cscript%3E")
    queries = ("?page=9999999", "?part=nothing", "?q=%00", "?tab=nothing", "?from=x&to=y&since=z", "?sort=-nothing")
    for number, path in enumerate(pages(client).values()):
        steps = path.partition("?")[0].split("/")
        for at in range(2, len(steps) - 1):
            for wrong in [steps_of[(number + at + more) % len(steps_of)] for more in range(most)]:
                tried = "/".join([*steps[:at], wrong, *steps[at + 1 :]])
                assert client.get(tried, secure=True).status_code in {200, 301, 302, 400, 404}, tried
        for query in [queries[(number + more) % len(queries)] for more in range(most)]:
            asked = path.partition("?")[0] + query
            assert client.get(asked, secure=True).status_code in {200, 302, 400, 404}, asked


def test_who_has_no_role_sees_no_page() -> None:
    paths = list(pages(logged_in("administrator")).values())
    nobody = logged_in("auditor")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM auth_user_groups")
    for path in paths:
        assert nobody.get(path, secure=True).status_code in {403, 404} or "password_change" in path, path


@pytest.mark.parametrize("path", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_led_elsewhere_after_the_login(path: str) -> None:
    client = Client()
    logged_in("auditor")
    sent = {"username": "the-auditor", "password": "correct horse battery", "next": path}
    answer = client.post(f"/panel/login/?next={path}", sent, secure=True)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/panel/")


def test_no_page_may_stand_in_a_frame_or_load_from_elsewhere() -> None:
    client = logged_in("auditor")
    for path in pages(client).values():
        headers = client.get(path, secure=True).headers
        assert headers["X-Frame-Options"] == "DENY", path
