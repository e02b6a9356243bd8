import getpass
import os
import pwd

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User

from seon.backend.acting.actors import Way, itself, owner, rights_of, user_of
from seon.backend.acting.rights import Right
from seon.backend.acting.roles import make_roles


def test_who_types_a_command_is_named_by_the_system_and_not_by_the_environment(monkeypatch) -> None:
    monkeypatch.setenv("LOGNAME", "somebody")
    assert getpass.getuser() == "somebody"
    by = owner()
    assert by.name.partition(",")[0] == pwd.getpwuid(os.getuid()).pw_name
    assert by.way is Way.COMMAND
    assert all(by.may(right) for right in Right)


def test_behind_sudo_the_person_is_named(monkeypatch) -> None:
    monkeypatch.setenv("SUDO_USER", "anna")
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert owner().name == "root, by sudo of anna"
    monkeypatch.setattr(os, "getuid", lambda: 1_000_000)
    assert owner().name == "user 1000000"


def test_a_part_of_seonapi_says_so() -> None:
    assert str(itself("queue daemon")) == "queue daemon (Seonapi itself)"


@pytest.mark.parametrize("active", [True, False])
def test_a_user_has_rights_only_while_active(active) -> None:
    user = User.objects.create_superuser("anna", is_active=active)
    assert bool(user_of(user, Way.PANEL, confirmed=True).rights) is active


def test_nobody_has_no_rights() -> None:
    assert not user_of(AnonymousUser(), Way.API, confirmed=True).rights


def test_who_may_do_anything_may_see() -> None:
    make_roles()
    user = User.objects.create_user("anna")
    assert rights_of(user) == frozenset()
    user.user_permissions.add(Permission.objects.get(codename=Right.USERS.value))
    assert rights_of(User.objects.get()) == {Right.USERS, Right.READ}
