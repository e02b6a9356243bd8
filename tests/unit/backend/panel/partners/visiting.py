"""Somebody with a role before the panel's pages: opens them, fills in their forms, sends them."""

import time
from html import unescape
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
        self.client = Client(raise_request_exception=True)
        self.client.force_login(user)

    def status(self, path: str) -> int:
        return int(self.client.get(f"/panel/{path}", secure=True).status_code)

    def source(self, path: str) -> str:
        answer = self.client.get(f"/panel/{path}", secure=True)
        assert answer.status_code == 200, path
        return str(answer.content.decode())

    def open(self, path: str) -> str:
        return unescape(self.source(path))

    def send(self, path: str, form: dict[str, Any], files: dict[str, Any] | None = None) -> str:
        """Send a form or press a button; return the page after it."""
        answer = self.client.post(f"/panel/{path}", {**form, **(files or {})}, secure=True, follow=True)
        assert answer.status_code == 200, path
        return unescape(str(answer.content.decode()))

    def fill(self, path: str, name: str, changes: dict[str, Any]) -> str:
        """Send the form of this name as it is shown, but for the changes."""
        return self.send(path, {**self.form(path, name), **changes})

    def form(self, path: str, name: str) -> dict[str, Any]:
        """Return what a browser sends of a form as it is shown."""
        form = self.client.get(f"/panel/{path}", secure=True).context["forms"][name]
        shown = {bound.html_name: bound.value() for bound in form}
        kept = {key: value for key, value in shown.items() if value not in (None, False)}
        seen = {form.add_prefix("seen"): form.seen_now()} if form.watches else {}
        return {"do": name, **kept, **seen}


def acts() -> list[str]:
    """Return the acts that the audit has, in their order."""
    return [entry.fields["act"] for entry in Entry.objects.filter(code="AUD-CHANGE").order_by("pk")]


def refused(made: certificates.Made, verdict: str = "UNKNOWN", reason: str = "no partner has it") -> str:
    """Let a server refuse a certificate; return its SHA-256."""
    der = made.certificate.public_bytes(certificates.Encoding.DER)
    return str(remember(RefusedCertificate(der, "192.0.2.7:4711", verdict, reason, time.time())).fingerprint)
