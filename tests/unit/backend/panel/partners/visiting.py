"""Somebody with a role before the panel's pages: opens them, fills in their forms, sends them."""

import time
from html import unescape
from html.parser import HTMLParser
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client

import certificates
from seon.api_messages import RefusedCertificate
from seon.backend.acting.roles import make_roles
from seon.backend.journal.models import Entry
from seon.backend.refused.recording import remember


class Visitor:
    """Somebody who is logged in."""

    def __init__(self, role: str = "administrator") -> None:
        make_roles()
        user = User.objects.create_user(f"the-{role}", is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        self.client = Client()
        self.client.force_login(user)

    def status(self, path: str) -> int:
        return int(self.client.get(f"/panel/{path}", secure=True).status_code)

    def source(self, path: str) -> str:
        answer = self.client.get(f"/panel/{path}", secure=True)
        assert answer.status_code == 200, path
        return str(answer.content.decode())

    def open(self, path: str) -> str:
        return unescape(self.source(path))

    def send(self, path: str, form: dict[str, Any]) -> str:
        """Send a form or press a button; return the source of the page after it."""
        answer = self.client.post(f"/panel/{path}", form, secure=True, follow=True)
        assert answer.status_code == 200, path
        return str(answer.content.decode())

    def is_denied(self, path: str, form: dict[str, Any]) -> bool:
        """Send a form; return whether it was answered that the right is missing."""
        answer = self.client.post(f"/panel/{path}", form, secure=True)
        return answer.status_code == 403 and "may not do this (" in unescape(answer.content.decode())

    def fill(self, path: str, name: str, changes: dict[str, Any]) -> str:
        """Send the form of this name as it is shown, but for the changes; None: nothing is sent of a field."""
        form = {**forms_in(self.source(path))[name], **changes}
        return self.send(path, {key: value for key, value in form.items() if value is not None})


class _Forms(HTMLParser):
    """The forms of a page by their names, with what a browser sends of each; and what is wrong, by field."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, Any]] = {}
        self.errors: dict[str, str] = {}
        self._form: dict[str, Any] = {}
        self._open = self._error = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, kind = given.get("name", ""), given.get("type", "")
        if tag == "form":
            self._form = {}
        elif tag == "ul" and "s-errors" in given.get("class", ""):
            self._error = given.get("id", "").removeprefix("id_").removesuffix("_error") or "form"
        elif tag in ("select", "textarea"):
            self._open, self._form[name] = name, ""
        elif tag == "option" and "selected" in given:
            self._form[self._open] = given["value"]
        elif tag == "input" and kind == "checkbox" and "checked" in given:
            self._form.setdefault(name, []).append(given.get("value", "on"))
        elif tag == "input" and name and kind not in ("checkbox", "file"):
            self._form[name] = given.get("value", "")
            if name == "do":
                self.forms[given["value"]] = self._form

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            if tag == "textarea":
                self._form[self._open] = self._form[self._open].removeprefix("\n")
            self._open = ""
        elif tag == "ul":
            self._error = ""

    def handle_data(self, data: str) -> None:
        if self._error:
            self.errors[self._error] = self.errors.get(self._error, "") + data
        elif self._open and self.lasttag == "textarea":
            self._form[self._open] += data


def forms_in(source: str) -> dict[str, dict[str, Any]]:
    return _Forms(source).forms


def errors_in(source: str) -> dict[str, str]:
    return _Forms(source).errors


def acts() -> list[str]:
    """Return the acts that the audit has, in their order."""
    return [entry.fields["act"] for entry in Entry.objects.filter(code="AUD-CHANGE").order_by("pk")]


def refused(made: certificates.Made, verdict: str = "UNKNOWN", reason: str = "no partner has it") -> str:
    """Let a server refuse a certificate; return its SHA-256."""
    der = made.certificate.public_bytes(certificates.Encoding.DER)
    return str(remember(RefusedCertificate(der, "192.0.2.7:4711", verdict, reason, time.time())).fingerprint)
