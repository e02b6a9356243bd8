"""Users, groups and failed logins in the panel: all by acts, and never a password or a hash of one on a page."""

import time
from html import unescape

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client

from seon.backend.acting.roles import make_roles
from seon.backend.journal.models import Entry
from seon.backend.panel import confirming

PASSWORD, ANOTHER = "correct horse battery", "staple of another horse"
USERS, ATTEMPTS = "/panel/auth/user/", "/panel/axes/accessattempt/"
BERTA = {"username": "berta", "roles": ["operator"], "is_active": "on"}
NEW = {**BERTA, "password_new": PASSWORD, "password_twice": PASSWORD}


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])


@pytest.fixture
def panel() -> Client:
    return logged_in("administrator")


def logged_in(role: str) -> Client:
    make_roles()
    user = User.objects.create_user(f"the-{role}", password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def sent(client: Client, path: str, form: dict[str, object]) -> str:
    return unescape(client.post(path, form, secure=True, follow=True).content.decode())


def seen(client: Client, path: str) -> str:
    answer = client.get(path, secure=True)
    assert answer.status_code == 200, path
    return unescape(answer.content.decode())


def berta() -> User:
    return User.objects.get(username="berta")


def page_of(user: User) -> str:
    return f"{USERS}{user.pk}/change/"


def changes() -> list[str]:
    return [entry.text for entry in Entry.objects.filter(code="AUD-CHANGE").order_by("pk")]


def test_a_user_is_added_changed_and_removed_by_acts(panel: Client) -> None:
    assert "was added successfully" in sent(panel, f"{USERS}add/", NEW)
    assert berta().check_password(PASSWORD)
    assert [role.name for role in berta().groups.all()] == ["operator"]
    assert "was changed successfully" in sent(panel, page_of(berta()), {"roles": ["auditor"]})
    assert [role.name for role in berta().groups.all()] == ["auditor"]
    assert not berta().is_active
    sent(panel, f"{USERS}{berta().pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(username="berta").exists()
    assert [" ".join(text.split()[2:4]) for text in changes()] == [
        "user.add: user", "user.change: user", "user.change: user", "user.remove: user"
    ]  # fmt: skip


def test_a_password_is_set_by_entering_it_twice_and_stands_on_no_page_and_in_no_entry(panel: Client) -> None:
    sent(panel, f"{USERS}add/", NEW)
    page = page_of(berta())
    different = {**BERTA, "password_new": ANOTHER, "password_twice": PASSWORD}
    assert "The two passwords are not the same" in sent(panel, page, different)
    assert berta().check_password(PASSWORD)
    sent(panel, page, {**BERTA, "password_new": ANOTHER, "password_twice": ANOTHER})
    assert berta().check_password(ANOTHER)
    shown = seen(panel, page) + seen(panel, f"{USERS}{berta().pk}/history/") + "".join(changes())
    for secret in (PASSWORD, ANOTHER, berta().password):
        assert secret not in shown
    assert "password: changed" in changes()[-1]


def test_what_an_act_refuses_stands_above_the_form(panel: Client) -> None:
    weak = {**NEW, "password_new": "short", "password_twice": "short"}
    assert "The password cannot be taken" in sent(panel, f"{USERS}add/", weak)
    assert not User.objects.filter(username="berta").exists()
    last = User.objects.get()
    assert "is the last administrator" in sent(panel, page_of(last), {"roles": ["auditor"], "is_active": "on"})
    assert last.groups.get().name == "administrator"


def test_a_form_cannot_make_a_superuser_or_give_a_right_beside_the_roles(panel: Client) -> None:
    sent(panel, f"{USERS}add/", {**NEW, "is_superuser": "on", "user_permissions": ["1"]})
    assert not berta().is_superuser
    assert not berta().user_permissions.exists()


def test_users_are_changed_only_with_the_password_of_who_changes_them(
    panel: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time() + 310
    monkeypatch.setattr(confirming.time, "time", lambda: now)
    assert "Enter your password once more" in sent(panel, f"{USERS}add/", NEW)
    assert not User.objects.filter(username="berta").exists()
    sent(panel, f"{USERS}add/", {**NEW, confirming.FIELD: PASSWORD})
    assert berta().check_password(PASSWORD)


def test_who_may_only_look_sees_roles_and_changes_no_user() -> None:
    auditor = logged_in("auditor")
    own = User.objects.get()
    page = seen(auditor, page_of(own))
    assert "auditor" in page
    assert "password_new" not in page
    assert own.password not in page
    for path in (page_of(own), f"{USERS}add/", f"{USERS}{own.pk}/delete/"):
        assert auditor.post(path, {**NEW, "post": "yes"}, secure=True).status_code == 403


def test_groups_say_what_they_may_and_are_changed_by_nobody(panel: Client) -> None:
    operator = Group.objects.get(name="operator")
    page = f"/panel/auth/group/{operator.pk}/change/"
    assert "enable and disable partners" in seen(panel, page)
    for path in (page, "/panel/auth/group/add/", page.replace("change", "delete")):
        assert panel.post(path, {"name": "x", "post": "yes"}, secure=True).status_code == 403
    assert Group.objects.get(pk=operator.pk).name == "operator"


def test_removing_failed_logins_unlocks_their_users_each_once(panel: Client) -> None:
    sent(panel, f"{USERS}add/", NEW)
    for name, address in (("berta", "192.0.2.7"), ("berta", "192.0.2.8"), ("root", "192.0.2.7"), ("x", "192.0.2.9")):
        AccessAttempt.objects.create(username=name, ip_address=address, failures_since_start=5)
    chosen = [str(row.pk) for row in AccessAttempt.objects.exclude(username="x")]
    sent(panel, ATTEMPTS, {"action": "delete_selected", "_selected_action": chosen, "post": "yes", "index": "0"})
    assert [row.username for row in AccessAttempt.objects.all()] == ["x"]
    assert "failed logins of 2 addresses forgotten" in changes()[-2]
    assert "user root: unlocked" in changes()[-1], "a name that no user has"
    sent(panel, f"{ATTEMPTS}{AccessAttempt.objects.get().pk}/delete/", {"post": "yes"})
    assert not AccessAttempt.objects.exists()


def test_a_failed_login_without_a_name_unlocks_nobody_else(panel: Client) -> None:
    AccessAttempt.objects.create(username="berta", ip_address="192.0.2.7", failures_since_start=5)
    nameless = AccessAttempt.objects.create(username=None, ip_address="192.0.2.7", failures_since_start=5)
    sent(panel, f"{ATTEMPTS}{nameless.pk}/delete/", {"post": "yes"})
    assert AccessAttempt.objects.filter(username="berta").exists()
