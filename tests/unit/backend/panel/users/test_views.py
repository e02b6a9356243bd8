"""Users in the panel: all by acts, and never a password or a hash of one on a page."""

import re
import time
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from panel_clients import PASSWORD, logged_in, seen, sent

from seon.backend.acting.actors import owner
from seon.backend.journal.models import Entry
from seon.backend.panel import confirming
from seon.backend.users import actions

ANOTHER = "staple of another horse"
USERS, ADD = "/panel/users/", "/panel/users/add/"
NEW = {"do": "add", "name": "berta", "roles": ["operator"], "password": PASSWORD, "twice": PASSWORD}


@pytest.fixture
def panel() -> Client:
    return logged_in("administrator")


def berta() -> User:
    return User.objects.get(username="berta")


def page_of(user: User) -> str:
    return f"{USERS}{user.pk}/"


def there_is_berta(role: str = "operator") -> str:
    return page_of(actions.add_user(owner(), "berta", [role], PASSWORD))


def change(client: Client, page: str, **values: object) -> str:
    """Send the form with roles as it is shown, with other values."""
    found = re.search(r'name="seen" value="([^"]*)"', client.get(page, secure=True).content.decode())
    assert found
    return sent(client, page, {"do": "change", "seen": found[1], **values})


def set_password(client: Client, page: str, password: str, twice: str) -> str:
    return sent(client, page, {"do": "password", "new-password": password, "new-twice": twice})


def changes() -> list[str]:
    return [entry.text for entry in Entry.objects.filter(code="AUD-CHANGE").order_by("pk")]


def locked_out(name: str, address: str = "192.0.2.7", ago: timedelta = timedelta(0), failures: int = 5) -> None:
    attempt = AccessAttempt.objects.create(username=name, ip_address=address, failures_since_start=failures,
                                           user_agent="<b>curl</b>")  # fmt: skip
    AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=timezone.now() - ago)


def test_a_user_is_added_changed_and_removed_by_acts(panel: Client) -> None:
    assert "The user was added" in sent(panel, ADD, NEW)
    assert berta().check_password(PASSWORD)
    assert actions.roles_of(berta()) == ["operator"]
    page = page_of(berta())
    assert "The user was changed" in change(panel, page, roles=["auditor"])
    assert actions.roles_of(berta()) == ["auditor"]
    assert not berta().is_active
    assert "Remove the user berta?" in sent(panel, page, {"do": "remove"})
    assert "The user berta was removed" in sent(panel, page, {"do": "remove", "seon_sure": "1"})
    assert not User.objects.filter(username="berta").exists()
    assert [" ".join(text.split()[2:4]) for text in changes()] == [
        "user.add: user", "user.change: user", "user.change: user", "user.remove: user"
    ]  # fmt: skip
    seen(panel, page, 404)


def test_a_password_is_set_by_entering_it_twice_and_stands_on_no_page_and_in_no_entry(panel: Client) -> None:
    page = there_is_berta()
    assert "The two passwords are not the same" in set_password(panel, page, ANOTHER, PASSWORD)
    assert berta().check_password(PASSWORD)
    assert "The password was set" in set_password(panel, page, ANOTHER, ANOTHER)
    assert berta().check_password(ANOTHER)
    shown = seen(panel, page) + seen(panel, USERS) + seen(panel, "/panel/audit/") + "".join(changes())
    for secret in (PASSWORD, ANOTHER, berta().password):
        assert secret not in shown
    assert "password: changed" in changes()[-1]


def test_the_rules_of_passwords_are_said_before_one_is_entered(panel: Client) -> None:
    for path in (ADD, there_is_berta(), "/panel/password_change/"):
        assert "At least 12 characters" in seen(panel, path)


@pytest.mark.parametrize(("wrong", "said"), [
    ({"password": "short", "twice": "short"}, "The password cannot be taken"),
    ({"name": "a b"}, "Enter a valid username"),
    ({"name": ""}, "This field is required"), ({"roles": ["king"]}, "king is not one of the available choices"),
    ({"roles": []}, "This field is required"), ({"name": "the-administrator"}, "already exists"),
    ({"password": "x" * 1_001, "twice": "x" * 1_001}, "at most 1000 characters"), ({"name": "a\0b"}, "Null characters"),
    ({"twice": ANOTHER}, "The two passwords are not the same"),
])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_stored(
    panel: Client, wrong: dict[str, object], said: str
) -> None:
    page = sent(panel, ADD, {**NEW, **wrong})
    assert re.search(r's-field s-wrong.*?s-errors"[^>]*>(<li>)?[^<]*' + re.escape(said), page, re.DOTALL)
    assert not User.objects.filter(username="berta").exists()


def test_the_last_administrator_stays_and_nobody_takes_its_own_login_away(panel: Client) -> None:
    own = User.objects.get()
    page = page_of(own)
    assert "is the last administrator" in change(panel, page, roles=["auditor"], active="on")
    assert "Nobody can remove itself" in change(panel, page, roles=["administrator"])
    actions.add_user(owner(), "second", ["administrator"], PASSWORD)
    assert "Nobody can remove itself" in sent(panel, page, {"do": "remove", "seon_sure": "1"})
    own.refresh_from_db()
    assert own.is_active
    assert actions.roles_of(own) == ["administrator"]


def test_who_was_changed_by_somebody_else_meanwhile_is_told(panel: Client) -> None:
    page = there_is_berta()
    found = re.search(r'name="seen" value="([^"]*)"', seen(panel, page))
    assert found
    actions.change_user(owner(), "berta", roles=["administrator"])
    form = {"do": "change", "seen": found[1], "roles": ["auditor"], "active": "on"}
    assert "Somebody else has changed this meanwhile" in sent(panel, page, form)
    assert actions.roles_of(berta()) == ["administrator"]


def test_a_form_cannot_make_a_superuser_or_give_a_right_beside_the_roles(panel: Client) -> None:
    sent(panel, ADD, {**NEW, "is_superuser": "on", "user_permissions": ["1"]})
    assert not berta().is_superuser
    assert not berta().user_permissions.exists()


def test_users_are_changed_only_with_the_password_of_who_changes_them(
    panel: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time() + 310
    monkeypatch.setattr(confirming.time, "time", lambda: now)
    asked = sent(panel, ADD, NEW)
    assert "Enter your password once more" in asked
    assert not User.objects.filter(username="berta").exists()
    key = re.search(rf'name="{confirming.KEPT}" value="([^"]*)"', asked)
    assert key
    sent(panel, ADD, {confirming.KEPT: key[1], confirming.FIELD: PASSWORD})
    assert berta().check_password(PASSWORD)


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_may_only_look_sees_roles_and_changes_no_user(role: str) -> None:
    client, page = logged_in(role), there_is_berta("auditor")
    locked_out("berta")
    for shown in (seen(client, page), seen(client, USERS)):
        assert "auditor" in shown
        assert "change settings" in shown or "in the audit" in shown
        assert berta().password not in shown
        assert 'name="do"' not in shown
        assert "Add user" not in shown
    for name in ("unlock", "end_sessions", "remove", "password"):
        values = {"do": name, "seon_sure": "1", "new-password": ANOTHER, "new-twice": ANOTHER}
        answer = client.post(page, values, secure=True)
        assert answer.status_code == 403
        assert "it takes the right to add, change and remove users" in answer.content.decode()
    assert client.post(USERS, {"do": "unlock", "name": "berta"}, secure=True).status_code == 403
    assert actions.roles_of(berta()) == ["auditor"]
    assert berta().check_password(PASSWORD)
    assert AccessAttempt.objects.count() == 1
    denied = [entry.fields["act"] for entry in Entry.objects.filter(code="AUD-DENIED").order_by("pk")]
    assert denied == ["user.unlock", "user.end_sessions", "user.remove", "user.password", "user.unlock"]


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_the_page_that_adds_users_is_refused_in_words_and_a_try_stands_in_the_audit(role: str) -> None:
    client = logged_in(role)
    assert "You may not do this" in seen(client, ADD, 403)
    assert client.post(ADD, NEW, secure=True).status_code == 403
    assert not User.objects.filter(username="berta").exists()
    assert Entry.objects.filter(code="AUD-DENIED", fields__user=f"the-{role}").count() == 1


def test_the_list_says_who_is_locked_until_when_and_what_each_role_may_do(panel: Client) -> None:
    there_is_berta()
    locked_out("berta", ago=timedelta(minutes=5))
    panel.cookies["seon-zone"] = "Europe/Berlin"
    page = seen(panel, USERS)
    assert re.search(r"locked</span> until <time[^>]*>[^<]* CES?T</time>, from some addresses", page)
    assert "enable and disable partners" in page
    assert "&lt;b&gt;curl" in panel.get(USERS, secure=True).content.decode()


def test_a_lock_that_is_over_is_none(panel: Client) -> None:
    there_is_berta()
    locked_out("berta", ago=timedelta(minutes=16))
    locked_out("berta", "192.0.2.9", failures=4)
    assert "locked</span>" not in seen(panel, USERS)


@pytest.mark.parametrize(("asked", "there"), [
    ("q=ERT", True), ("q=x", False), ("role=operator", True), ("role=auditor", False), ("active=yes", True),
    ("active=no", False), ("role=king", True), ("page=999", True),
])  # fmt: skip
def test_users_are_looked_for_by_name_role_and_state(panel: Client, asked: str, there: bool) -> None:
    there_is_berta()
    assert (">berta</a>" in seen(panel, f"{USERS}?{asked}")) == there


def test_unlocking_forgets_the_failed_logins_of_one_name_from_all_addresses(panel: Client) -> None:
    page = there_is_berta()
    for name, address in (("berta", "192.0.2.7"), ("berta", "192.0.2.8"), ("root", "192.0.2.7")):
        locked_out(name, address)
    assert "may log in at once" in sent(panel, page, {"do": "unlock"})
    assert "failed logins of 2 addresses forgotten" in changes()[-1]
    sent(panel, USERS, {"do": "unlock", "name": "root"})
    assert "user root: unlocked" in changes()[-1], "a name that no user has"
    assert not AccessAttempt.objects.exists()


@pytest.mark.parametrize("name", ["", "nobody", "x" * 5_000, "\0"])
def test_unlocking_a_name_that_nobody_has_tried_unlocks_nobody_else(panel: Client, name: str) -> None:
    locked_out("berta")
    AccessAttempt.objects.create(username=None, ip_address="192.0.2.7", failures_since_start=5)
    assert "There is no user" in sent(panel, USERS, {"do": "unlock", "name": name})
    assert AccessAttempt.objects.count() == 2


def test_the_sessions_of_a_user_are_ended(panel: Client) -> None:
    page = there_is_berta()
    other = Client()
    other.force_login(berta())
    assert "End its sessions" in seen(panel, page)
    assert "1 session was ended" in sent(panel, page, {"do": "end_sessions"})
    assert other.get("/panel/", secure=True).status_code == 302
    assert panel.get("/panel/", secure=True).status_code == 200


@pytest.mark.parametrize("number", ["0", "9" * 40])
def test_a_user_that_is_not_there_is_not_there(panel: Client, number: str) -> None:
    seen(panel, f"{USERS}{number}/", 404)
    assert panel.post(f"{USERS}{number}/", {"do": "remove"}, secure=True).status_code == 404


def test_no_page_of_django_s_own_shows_users(panel: Client) -> None:
    for path in ("auth/user/", "auth/group/", "axes/accessattempt/", "auth/user/1/password/"):
        seen(panel, f"/panel/{path}", 404)


def test_a_role_of_the_administrators_own_is_shown_with_its_rights(panel: Client) -> None:
    Group.objects.create(name="night shift")
    assert "night shift" in seen(panel, USERS)
