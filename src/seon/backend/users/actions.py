"""What can be done with users. No password and no hash of one is ever noted for the audit.

One active administrator is always left. Acts that could take the last one lock the rows of all of them, so that two
who are removed at once are removed one after the other.
"""

import secrets
from collections.abc import Sequence

from axes.models import AccessAttempt
from axes.utils import reset
from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import (
    MinimumLengthValidator,
    get_default_password_validators,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from seon.backend.acting.actors import Actor
from seon.backend.acting.acts import act
from seon.backend.acting.audit import note
from seon.backend.acting.rights import ADMINISTRATOR, Right
from seon.backend.configuration.values import told
from seon.backend.errors import OperatorError
from seon.backend.users import sessions

MOST_PASSWORD = 1_000
"""Characters of a password: hashing a longer one would only take time."""
_MADE_UP_OCTETS = 18


@act("user.add", Right.USERS, again=True)
def add_user(_: Actor, name: str, roles: Sequence[str], password: str) -> User:
    """Add a user with roles and a password. Raises OperatorError; nothing was stored then."""
    user = User(username=name, is_staff=True)
    groups = _roles(roles)
    _check_password(password, user)
    user.set_password(password)
    try:
        user.full_clean()
        with transaction.atomic():
            user.save()
    except ValidationError as error:
        raise OperatorError(f"User {name[:150]}: {told(error)}", fields={"name": " ".join(error.messages)}) from None
    except IntegrityError:  # somebody else was faster
        there = "a user with this name exists already"
        raise OperatorError(f"User {name}: {there}", fields={"name": there}) from None
    _give(user, groups)
    note(f"user {name}", f"added; roles: {', '.join(roles_of(user))}")
    return user


@act("user.change", Right.USERS, again=True)
def change_user(by: Actor, name: str, *, roles: Sequence[str] | None = None, active: bool | None = None) -> User:
    """Change the roles of a user, or whether it may log in; None stays as it is.

    Raises OperatorError; the last active administrator stays what it is, and nobody locks itself out.
    """
    administrators = _locked_administrators()
    user = find_user(name)
    if active is False:
        _require_somebody_else(by, user)
    before, was_active = roles_of(user), user.is_active
    if roles is not None:
        _give(user, _roles(roles))
    if active is not None and active is not was_active:
        user.is_active = active
        user.save(update_fields=["is_active"])
        _note_change(name, "may log in", _yes(was_active), _yes(active))
    _require_another(administrators, user, still=user.is_active and ADMINISTRATOR in roles_of(user))
    if roles_of(user) != before:
        _note_change(name, "roles", ", ".join(before) or "none", ", ".join(roles_of(user)))
    return user


@act("user.password", Right.USERS, again=True)
def set_password(_: Actor, name: str, password: str) -> User:
    """Give a user another password, and let it log in at once after too many wrong ones. Its sessions end.

    Raises OperatorError; the password stays then.
    """
    user = find_user(name)
    _put_password(user, password)
    reset(username=name)
    note(f"user {name}", "password: changed")
    return user


@act("user.own_password", Right.READ, again=True)
def change_own_password(by: Actor, password: str) -> User:
    """Change the password of who acts; its other sessions end. Raises OperatorError; the password stays then."""
    user = find_user(by.name)
    _put_password(user, password)
    note(f"user {user}", "password: changed by the user")
    return user


@act("user.unlock", Right.USERS, again=True)
def unlock_user(_: Actor, name: str) -> int:
    """Let a user log in again before its time, after too many wrong passwords.

    Returns how many addresses were locked out or about to be. The failed logins under a name that no user has can be
    forgotten, too. Raises OperatorError if there is neither a user of this name nor a failed login.
    """
    if not name or not AccessAttempt.objects.filter(username=name).exists():  # no name: `reset` would unlock everybody
        find_user(name)
    count = int(reset(username=name))
    if count:
        note(f"user {name}", f"unlocked; failed logins of {count} address{'' if count == 1 else 'es'} forgotten")
    return count


@act("user.end_sessions", Right.USERS, again=True)
def end_sessions(_: Actor, name: str) -> int:
    """End the sessions of a user in the panel: it has to log in again. Returns how many. Raises OperatorError."""
    count = sessions.end_sessions_of(find_user(name))
    note(f"user {name}", f"{count} session{'' if count == 1 else 's'} ended")
    return count


@act("user.remove", Right.USERS, again=True)
def remove_user(by: Actor, name: str) -> None:
    """Remove a user; its sessions end. Raises OperatorError, also for oneself and the last active administrator."""
    administrators = _locked_administrators()
    user = find_user(name)
    _require_somebody_else(by, user)
    _require_another(administrators, user, still=False)
    reset(username=name)
    user.delete()
    note(f"user {name}", "removed")


def find_user(name: str) -> User:
    """Return a user. Raises OperatorError that names those who are there."""
    user = User.objects.filter(username=name).first()
    if user is None:
        there = ", ".join(User.objects.order_by("username").values_list("username", flat=True)[:20]) or "none"
        raise OperatorError(f"There is no user {name[:150]!r}; there are: {there}")
    return user


def roles_of(user: User) -> list[str]:
    """Return the roles of a user, in the order of their names; a superuser is an administrator."""
    names = {group.name for group in user.groups.all()} | ({ADMINISTRATOR} if user.is_superuser else set())
    return sorted(names)


def new_password() -> str:
    """Return a password that nobody can guess."""
    return secrets.token_urlsafe(_MADE_UP_OCTETS)


def least_password() -> int:
    """Return how many characters a password has at least."""
    of_length = (one for one in get_default_password_validators() if isinstance(one, MinimumLengthValidator))
    return max(one.min_length for one in of_length)


def _roles(names: Sequence[str]) -> list[Group]:
    groups = list(Group.objects.filter(name__in=names))
    unknown = sorted(set(names) - {group.name for group in groups})
    if unknown or not names:
        there = ", ".join(Group.objects.order_by("name").values_list("name", flat=True))
        what = f"There is no role {unknown[0][:150]!r}" if unknown else "A user needs a role"
        raise OperatorError(f"{what}; there are: {there}", fields={"roles": f"{what}; there are: {there}"})
    return groups


def _give(user: User, groups: Sequence[Group]) -> None:
    user.groups.set(groups)
    user.is_superuser = any(group.name == ADMINISTRATOR for group in groups)
    user.save(update_fields=["is_superuser"])


def _check_password(password: str, user: User) -> None:
    if len(password) > MOST_PASSWORD:
        text = f"The password has more than {MOST_PASSWORD} characters"
        raise OperatorError(text, fields={"password": text})
    try:
        validate_password(password, user)
    except ValidationError as error:
        text = f"The password cannot be taken: {' '.join(error.messages)}"
        raise OperatorError(text, fields={"password": text}) from None


def _put_password(user: User, password: str) -> None:
    _check_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])


def _locked_administrators() -> QuerySet[User]:
    """Return those who can administer now; nobody else changes them until the transaction ends."""
    found = User.objects.filter(Q(is_superuser=True) | Q(groups__name=ADMINISTRATOR), is_active=True)
    names = list(User.objects.select_for_update().filter(pk__in=found.values("pk")).order_by("pk"))
    return User.objects.filter(pk__in=[user.pk for user in names])


def _require_somebody_else(by: Actor, user: User) -> None:
    if by.user is not None and by.user.pk == user.pk:
        raise OperatorError("Nobody can remove itself or take its own login away: let another administrator do it")


def _require_another(administrators: QuerySet[User], user: User, *, still: bool) -> None:
    if not still and set(administrators.values_list("pk", flat=True)) == {user.pk}:
        raise OperatorError(
            f"{user.get_username()} is the last administrator who may log in: make another one first "
            f"(seonapi user add NAME --role {ADMINISTRATOR})"
        )


def _note_change(name: str, what: str, before: str, now: str) -> None:
    note(f"user {name}", f"{what}: {before} to {now}", [(what, before, now)])


def _yes(value: bool) -> str:
    return "yes" if value else "no"
