"""The roles that every installation has: groups of Django with the rights of `rights.ROLES`."""

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from seon.backend.acting.models import Rights
from seon.backend.acting.rights import ROLES, Right


def make_roles() -> list[str]:
    """Make the roles, or give them back the rights that they are to have; returns what was made or changed.

    Groups of other names are the administrator's own, and stay as they are.
    """
    changed = []
    with transaction.atomic():
        permissions = {right: _permission(right) for right in Right}
        for name, rights in ROLES.items():
            role, is_new = Group.objects.get_or_create(name=name)
            ours = Permission.objects.filter(content_type__app_label="acting")
            before = set(ours.filter(group=role))
            wanted = {permissions[right] for right in rights}
            role.permissions.remove(*(before - wanted))
            role.permissions.add(*(wanted - before))
            if is_new or before != wanted:
                changed.append(f"role {name}")
    return changed


def _permission(right: Right) -> Permission:
    """Return Django's permission of a right: made here, since a new right comes without a new table."""
    kind = ContentType.objects.get_for_model(Rights, for_concrete_model=False)
    found, _ = Permission.objects.update_or_create(
        content_type=kind, codename=right.value, defaults={"name": f"May {right.meaning}"}
    )
    return found
