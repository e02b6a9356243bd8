import threading

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group, Permission, User
from django.test import RequestFactory

from seon.backend.acting.actors import Way, owner, user_of
from seon.backend.acting.rights import ROLES, Right
from seon.backend.errors import OperatorError
from seon.backend.journal.models import Entry
from seon.backend.users.actions import (
    add_user,
    change_user,
    new_password,
    remove_user,
    roles_of,
    set_password,
    unlock_user,
)

BY = owner()
PASSWORD = "correct horse battery"
LAST = "is the last administrator who may log in"


def rights_of(name: str) -> frozenset[Right]:
    return user_of(User.objects.get(username=name), Way.PANEL, confirmed=True).rights


def may_log_in(name: str, password: str, address: str = "192.0.2.7") -> bool:
    request = RequestFactory().post("/panel/login/", REMOTE_ADDR=address)
    return authenticate(request, username=name, password=password) is not None


@pytest.fixture
def admin() -> User:
    """The administrator that `seonapi init` makes."""
    return User.objects.create_superuser("admin", password=PASSWORD)


@pytest.mark.parametrize("role", ROLES)
def test_a_user_has_the_rights_of_its_role_and_logs_in_with_its_password(role: str) -> None:
    add_user(BY, "anna", [role], PASSWORD)
    assert rights_of("anna") == ROLES[role]
    assert may_log_in("anna", PASSWORD)
    assert not may_log_in("anna", "wrong password")


def test_a_role_of_the_administrators_own_can_be_given_beside_another() -> None:
    own = Group.objects.create(name="night shift")
    own.permissions.add(Permission.objects.get(codename="queue"))
    add_user(BY, "anna", ["auditor", "night shift"], PASSWORD)
    assert rights_of("anna") == {Right.READ, Right.QUEUE}
    assert roles_of(User.objects.get()) == ["auditor", "night shift"]


@pytest.mark.parametrize(
    ("name", "roles", "password", "told"),
    [
        ("", ["auditor"], PASSWORD, "username"),
        ("a b", ["auditor"], PASSWORD, "username"),
        ("a" * 151, ["auditor"], PASSWORD, "username"),
        ("admin", ["auditor"], PASSWORD, "already exists"),
        ("anna", [], PASSWORD, "A user needs a role; there are: administrator, auditor, operator"),
        ("anna", ["king"], PASSWORD, "There is no role 'king'; there are: administrator, auditor, operator"),
        ("anna", ["auditor"], "", "password"),
        ("anna", ["auditor"], "elevenchars", "at least 12 characters"),
        ("anna", ["auditor"], "x" * 1_001, "more than 1000"),
        ("annabella.smith", ["auditor"], "annabella.smith", "too similar"),
    ],
)
def test_a_user_that_cannot_be_is_refused_in_words(
    admin: User, name: str, roles: list[str], password: str, told: str
) -> None:
    with pytest.raises(OperatorError, match=told):
        add_user(BY, name, roles, password)
    assert list(User.objects.values_list("username", flat=True)) == ["admin"]


def test_the_last_administrator_is_not_removed_nor_disabled_nor_made_less(admin: User) -> None:
    add_user(BY, "anna", ["administrator"], PASSWORD)
    change_user(BY, "anna", active=False)  # one who may not log in is no help
    for attempt in (
        lambda: remove_user(BY, "admin"),
        lambda: change_user(BY, "admin", active=False),
        lambda: change_user(BY, "admin", roles=["operator"]),
    ):
        with pytest.raises(OperatorError, match=LAST):
            attempt()
    assert rights_of("admin") == ROLES["administrator"]
    change_user(BY, "anna", active=True)
    change_user(BY, "admin", roles=["operator"])
    assert rights_of("admin") == ROLES["operator"]
    with pytest.raises(OperatorError, match=f"anna {LAST}"):
        remove_user(BY, "anna")


def test_two_administrators_removed_at_once_leave_one(admin: User) -> None:
    add_user(BY, "anna", ["administrator"], PASSWORD)
    told: list[str] = []
    begin = threading.Barrier(2)

    def removing(name: str) -> None:
        from django.db import connection

        begin.wait()
        try:
            remove_user(BY, name)
        except OperatorError as error:
            told.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=removing, args=(name,)) for name in ("admin", "anna")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.count() == 1
    assert len(told) == 1
    assert LAST in told[0]


def test_a_new_password_lets_in_at_once_and_the_old_one_no_more(admin: User) -> None:
    for _ in range(5):
        assert not may_log_in("admin", "wrong password")
    assert not may_log_in("admin", PASSWORD), "locked out"
    session = User.objects.get().get_session_auth_hash()
    set_password(BY, "admin", "another long password")
    assert may_log_in("admin", "another long password")
    assert not may_log_in("admin", PASSWORD)
    assert User.objects.get().get_session_auth_hash() != session, "its sessions end"


def test_a_locked_user_is_unlocked_and_no_other_one(admin: User) -> None:
    for name in ("admin", "somebody"):
        for _ in range(5):
            assert not may_log_in(name, "wrong password")
    assert unlock_user(BY, "admin") == 1
    assert may_log_in("admin", PASSWORD)
    assert AccessAttempt.objects.get().username == "somebody"
    assert unlock_user(BY, "admin") == 0


def test_a_user_that_is_not_there_is_named_with_those_who_are(admin: User) -> None:
    for attempt in (
        lambda: set_password(BY, "anna", PASSWORD),
        lambda: unlock_user(BY, "anna"),
        lambda: remove_user(BY, "anna"),
        lambda: change_user(BY, "anna", active=True),
    ):
        with pytest.raises(OperatorError, match="There is no user 'anna'; there are: admin"):
            attempt()


def test_no_password_and_no_hash_comes_into_the_journal(admin: User) -> None:
    add_user(BY, "anna", ["auditor"], PASSWORD)
    set_password(BY, "anna", "another long password")
    journal = str(list(Entry.objects.values_list("text", "fields")))
    assert "user anna: password: changed" in journal
    for secret in (PASSWORD, "another long password", User.objects.get(username="anna").password, "scrypt"):
        assert secret not in journal


def test_a_password_that_is_made_up_is_taken_and_never_the_same() -> None:
    made = {new_password() for _ in range(20)}
    assert len(made) == 20
    add_user(BY, "anna", ["auditor"], made.pop())
