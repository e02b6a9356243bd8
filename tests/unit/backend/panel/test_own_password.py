"""The user's own password in the panel: an act, in the audit, and guessing the old one is locked as a login is."""

from html import unescape

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client

from seon.backend.acting.roles import make_roles
from seon.backend.journal.models import Entry

PAGE, OLD, NEW = "/panel/password_change/", "correct horse battery", "staple of another horse"


@pytest.fixture
def panel(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])
    make_roles()
    anna = User.objects.create_user("anna", password=OLD, is_staff=True)
    anna.groups.add(Group.objects.get(name="auditor"))
    client = Client()
    client.force_login(anna)
    return client


def sent(panel: Client, old: str, new: str) -> str:
    form = {"do": "own", "old": old, "password": new, "twice": new}
    return unescape(panel.post(PAGE, form, secure=True, follow=True).content.decode())


def is_now(password: str) -> bool:
    return User.objects.get().check_password(password)


def test_every_role_changes_its_own_password_and_stays_logged_in_and_the_audit_says_so(panel: Client) -> None:
    assert "Old password" in panel.get(PAGE, secure=True).content.decode()
    assert "Your password was changed" in sent(panel, OLD, NEW)
    assert is_now(NEW)
    assert panel.get("/panel/", secure=True).status_code == 200
    (entry,) = Entry.objects.filter(code="AUD-CHANGE")
    assert entry.text == "anna (panel), user.own_password: user anna: password: changed by the user"


def test_the_other_sessions_of_the_user_end(panel: Client) -> None:
    other = Client()
    other.force_login(User.objects.get())
    sent(panel, OLD, NEW)
    assert other.get("/panel/", secure=True).status_code == 302


def test_a_weak_password_or_a_wrong_old_one_changes_nothing(panel: Client) -> None:
    assert "too short" in sent(panel, OLD, "short")
    assert "This password is wrong" in sent(panel, "wrong", NEW)
    assert is_now(OLD)
    assert not Entry.objects.filter(code="AUD-CHANGE").exists()


def test_who_guesses_the_old_password_is_locked_out(panel: Client) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sent(panel, "wrong", NEW)
    sent(panel, OLD, NEW)
    assert is_now(OLD)
