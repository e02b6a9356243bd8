"""Lists of users, roles and failed logins."""

from datetime import timedelta

from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from seon.backend.acting.actors import owner
from seon.backend.acting.rights import ROLES, Right
from seon.backend.users.actions import add_user, roles_of
from seon.backend.users.lists import failed_logins, locks, roles, users

PASSWORD = "correct horse battery"


def attempt(name: str, failures: int, ago: timedelta = timedelta(0), address: str = "192.0.2.7") -> None:
    made = AccessAttempt.objects.create(username=name, ip_address=address, failures_since_start=failures)
    AccessAttempt.objects.filter(pk=made.pk).update(attempt_time=timezone.now() - ago)


def test_roles_are_listed_with_their_rights_and_how_many_have_them() -> None:
    User.objects.create_superuser("root")  # an administrator without the role's row
    add_user(owner(), "anna", ["operator", "auditor"], PASSWORD)
    found = {role.name: role for role in roles()}
    assert {name: frozenset(role.rights) for name, role in found.items()} == dict(ROLES)
    assert {name: role.users for name, role in found.items()} == {"administrator": 1, "operator": 1, "auditor": 1}
    assert found["auditor"].rights == (Right.READ,)
    assert [user.username for user in users(role="administrator")] == ["root"]


def test_a_lock_lasts_from_the_last_try_and_is_told_by_name() -> None:
    attempt("anna", 5, timedelta(minutes=14))
    attempt("anna", 7, timedelta(minutes=1), "192.0.2.8")
    attempt("berta", 4)
    attempt("carla", 5, timedelta(minutes=16))
    (name, until), *more = locks(["anna", "berta", "carla"]).items()
    assert (name, more) == ("anna", [])
    assert timedelta(minutes=13) < until - timezone.now() <= timedelta(minutes=14)
    assert [bool(one.locked_until) for one in failed_logins()] == [False, True, True, False]
    assert [one.address for one in failed_logins("anna")] == ["192.0.2.8", "192.0.2.7"]
    assert len(failed_logins(most=2)) == 2


def test_a_list_of_users_costs_the_same_however_many_there_are() -> None:
    for number in range(3):
        add_user(owner(), f"user{number}", ["auditor"], PASSWORD)
    with CaptureQueriesContext(connection) as asked:
        assert [roles_of(user) for user in users()] == [["auditor"]] * 3
    assert len(asked) == 2
