"""The page of sessions, by Django's test client."""

from html import unescape
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from seon.backend.configuration.models import TracedSession
from seon.backend.journal.models import Session

SESSIONS = "/panel/journal/session/"


class Panel:
    """A browser's part: pages are opened, forms are filled in and sent as they came but for what was changed."""

    def __init__(self, user: User) -> None:
        self._client = Client()
        self._client.force_login(user)

    def open(self, path: str) -> str:
        answer = self._client.get(path, secure=True, follow=True)
        assert answer.status_code == 200
        return str(answer.content.decode())

    def send(self, path: str, changes: dict[str, str]) -> str:
        fields = {**Fields(self.open(path)).values, **changes}
        answer = self._client.post(path, fields, secure=True, follow=True)
        assert answer.status_code == 200
        return unescape(str(answer.content.decode()))

    def act(self, action: str, *sessions: Session) -> str:
        fields = {"action": action, "_selected_action": [session.pk for session in sessions], "index": "0"}
        return str(self._client.post(SESSIONS, fields, secure=True, follow=True).content.decode())


class Fields(HTMLParser):
    """The fields of a page's forms with what they hold, as a browser sends them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._open = ""
        """The select box or text area that we are in."""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag in ("select", "textarea"):
            self._open = name
            self.values[name] = ""
        elif tag == "option" and "selected" in given:
            self.values[self._open] = given.get("value", "")
        elif tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.values[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open and self.lasttag == "textarea":
            self.values[self._open] += data


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])


@pytest.fixture
def panel() -> Panel:
    return Panel(User.objects.create_superuser("anna"))


def test_running_sessions_are_traced_from_their_page(panel: Panel) -> None:
    now = timezone.now()
    running = Session.objects.create(session="0123456789abcdef", started_at=now)
    ended = Session.objects.create(session="fedcba9876543210", started_at=now, ended_at=now)
    assert "Traces switched on for 1 running sessions" in panel.act("trace", running, ended)
    assert [traced.session for traced in TracedSession.objects.all()] == [running.session]
    assert "Traces switched off for 1 running sessions" in panel.act("trace_no_longer", running)
    assert not TracedSession.objects.exists()


def test_who_may_only_look_cannot_trace() -> None:
    from django.contrib.auth.models import Permission

    user = User.objects.create(username="bert", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="read", content_type__app_label="acting"))
    running = Session.objects.create(session="0123456789abcdef", started_at=timezone.now())
    looking = Panel(user)
    assert "trace_no_longer" not in looking.open(SESSIONS)
    looking.act("trace", running)
    assert not TracedSession.objects.exists()
