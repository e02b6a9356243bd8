"""Lists of users and of failed logins, for those who look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db.models import Q, QuerySet
from django.utils import timezone

from seon.backend.acting.rights import ADMINISTRATOR, Right

MOST_FAILED = 200
"""Failed logins of one list."""


@dataclass(frozen=True, slots=True)
class FailedLogin:
    """Wrong passwords for one name from one address."""

    name: str
    address: str
    failures: int
    last: datetime
    locked_until: datetime | None
    """None: it may be tried again."""
    program: str
    """What the browser said of itself. A stranger chooses it."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role and what it may do."""

    name: str
    rights: tuple[Right, ...]
    users: int


def users(text: str = "", role: str = "", active: bool | None = None) -> "QuerySet[User]":
    """Return users by name: with a text in the name, with a role, who may log in."""
    found = User.objects.order_by("username").prefetch_related("groups")
    if text:
        found = found.filter(username__icontains=text)
    if role:
        has_role = Q(groups__name=role) | Q(is_superuser=True) if role == ADMINISTRATOR else Q(groups__name=role)
        found = found.filter(has_role).distinct()
    return found if active is None else found.filter(is_active=active)


def failed_logins(name: str | None = None, most: int = MOST_FAILED) -> list[FailedLogin]:
    """Return failed logins, the last one first: under one name, or under any."""
    attempts = AccessAttempt.objects.order_by("-attempt_time", "-pk")
    if name is not None:
        attempts = attempts.filter(username=name)
    return [_failed(attempt) for attempt in attempts[:most]]


def locks(names: Iterable[str]) -> Mapping[str, datetime]:
    """Return until when those of these users are locked, from at least one address, who are."""
    least, since = settings.AXES_FAILURE_LIMIT, timezone.now() - settings.AXES_COOLOFF_TIME
    locked = AccessAttempt.objects.filter(
        username__in=list(names), failures_since_start__gte=least, attempt_time__gt=since
    )
    found: dict[str, datetime] = {}
    for name, last in locked.order_by("attempt_time").values_list("username", "attempt_time"):
        found[str(name)] = last + settings.AXES_COOLOFF_TIME
    return found


def roles() -> list[Role]:
    """Return all roles by name, with what they may do."""
    return [_role(group) for group in Group.objects.order_by("name").prefetch_related("permissions__content_type")]


def _role(group: Group) -> Role:
    there = {one.codename for one in group.permissions.all() if one.content_type.app_label == "acting"}
    holders = Q(groups=group) | Q(is_superuser=True) if group.name == ADMINISTRATOR else Q(groups=group)
    count = User.objects.filter(holders).distinct().count()
    return Role(group.name, tuple(right for right in Right if right.value in there), count)


def _failed(attempt: AccessAttempt) -> FailedLogin:
    until = attempt.attempt_time + settings.AXES_COOLOFF_TIME
    is_locked = attempt.failures_since_start >= settings.AXES_FAILURE_LIMIT and until > timezone.now()
    return FailedLogin(
        name=attempt.username or "",
        address=str(attempt.ip_address or ""),
        failures=attempt.failures_since_start,
        last=attempt.attempt_time,
        locked_until=until if is_locked else None,
        program=attempt.user_agent,
    )
