"""Sessions of the panel: who is logged in. Django keeps them without their user, so all of them are looked through."""

from collections.abc import Iterator

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare


def sessions_of(user: User) -> list[str]:
    """Return the keys of the sessions in which a user is logged in now. Never show one: it is as good as a password."""
    mine, hash_now = str(user.pk), user.get_session_auth_hash()
    return [
        key
        for key, who, hash_then in _all()
        if who == mine and constant_time_compare(hash_then, hash_now)  # else its password was changed meanwhile
    ]


def end_sessions_of(user: User) -> int:
    """End them; return how many there were."""
    keys = sessions_of(user)
    Session.objects.filter(pk__in=keys).delete()
    return len(keys)


def _all() -> Iterator[tuple[str, str, str]]:
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator(500):
        said = session.get_decoded()
        yield session.session_key, str(said.get(SESSION_KEY, "")), str(said.get(HASH_SESSION_KEY, ""))
