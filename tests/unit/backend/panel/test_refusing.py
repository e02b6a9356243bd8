"""What a user of the panel may not do stands in the audit, and the page says so."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client

from seon.backend.acting.roles import make_roles
from seon.backend.journal.models import Entry


@pytest.fixture
def auditor(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])
    make_roles()
    anna = User.objects.create_user("anna", is_staff=True)
    anna.groups.add(Group.objects.get(name="auditor"))
    client = Client()
    client.force_login(anna)
    return client


def denied() -> list[str]:
    return [entry.text for entry in Entry.objects.filter(code="AUD-DENIED").order_by("pk")]


def test_a_form_that_was_sent_without_the_right_is_refused_and_audited_with_its_act(auditor: Client) -> None:
    own = User.objects.get().pk
    for path in ("partners/partner/add/", f"auth/user/{own}/change/", f"auth/user/{own}/delete/", "auth/group/add/"):
        answer = auditor.post(f"/panel/{path}", {"post": "yes"}, secure=True)
        assert answer.status_code == 403
        assert "Your roles do not allow this" in answer.content.decode()
    assert denied() == [
        f"anna (panel) was refused: {act}" for act in ("partner.add", "user.change", "user.remove", "auth_group_add")
    ]


def test_a_page_that_was_only_asked_for_is_refused_and_no_entry(auditor: Client) -> None:
    assert auditor.get("/panel/partners/partner/add/", secure=True).status_code == 403
    assert denied() == []
