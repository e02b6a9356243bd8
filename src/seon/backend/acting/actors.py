"""Who acts, and by which way."""

import os
import pwd
from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, User

from seon.backend.acting.rights import Right


class Way(StrEnum):
    """How somebody acts; the value is how the audit entry names it."""

    COMMAND = "command line"
    PANEL = "panel"
    API = "REST API"
    ITSELF = "Seonapi itself"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts, with the rights of this moment."""

    name: str
    way: Way
    rights: frozenset[Right]
    confirmed: bool = True
    """Whether the password was entered again just now. Only the panel asks for that (mission E6)."""
    user: User | None = None
    """The user of the panel; None for a user of the system and for Seonapi itself."""

    def may(self, right: Right) -> bool:
        """Whether this actor has a right."""
        return right in self.rights

    def __str__(self) -> str:
        return f"{self.name} ({self.way})"


def owner() -> Actor:
    """Return who types a command: who can read the home may do everything (docs/design.md, "Acts")."""
    return Actor(_user_of_the_system(), Way.COMMAND, frozenset(Right))


def itself(part: str) -> Actor:
    """Return a part of Seonapi that acts without being told, such as the queue daemon."""
    return Actor(part, Way.ITSELF, frozenset(Right))


def user_of(user: AbstractBaseUser | AnonymousUser, way: Way, *, confirmed: bool) -> Actor:
    """Return a user of the panel or of the REST API with the rights that it has now."""
    if not isinstance(user, User) or not user.is_active:
        return Actor("nobody", way, frozenset(), confirmed)
    return Actor(user.get_username(), way, rights_of(user), confirmed, user)


def rights_of(user: User) -> frozenset[Right]:
    """Return what a user may do now. Who may do anything may see: else a page would open that leads nowhere."""
    rights = frozenset(right for right in Right if user.has_perm(right.permission))
    return rights | {Right.READ} if rights else rights


def _user_of_the_system() -> str:
    """Return the name behind this process's user id: the environment could say any other."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:  # a container without this user in its list
        return f"user {number}"
    behind = os.environ.get("SUDO_USER", "") if number == 0 else ""
    return f"{name}, by sudo of {behind}" if behind and behind != name else name
