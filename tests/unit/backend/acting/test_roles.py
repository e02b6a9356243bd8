from django.contrib.auth.models import Group, Permission

from seon.backend.acting.rights import ROLES
from seon.backend.acting.roles import make_roles


def rights_of(name: str) -> set[str]:
    return set(Group.objects.get(name=name).permissions.values_list("codename", flat=True))


def test_the_roles_are_made_once_and_what_was_changed_of_them_is_put_right() -> None:
    Group.objects.all().delete()
    assert make_roles() == [f"role {name}" for name in ROLES]
    assert make_roles() == []
    Group.objects.get(name="auditor").permissions.add(Permission.objects.get(codename="users"))
    assert make_roles() == ["role auditor"]
    assert rights_of("auditor") == {"read"}
    assert rights_of("administrator") == {right.value for right in ROLES["administrator"]}


def test_a_group_of_the_administrators_own_stays_as_it_is() -> None:
    make_roles()
    own = Group.objects.create(name="night shift")
    own.permissions.add(Permission.objects.get(codename="sessions"))
    assert make_roles() == []
    assert rights_of("night shift") == {"sessions"}
