"""Lists in force that are overdue: past their next update, or older than the setting admission_crl_days allows."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from seon.backend.configuration.models import Settings
from seon.backend.journal.recording import record
from seon.backend.revocation.models import CrlUrl, HeldList
from seon.events import fitting

EFFECT = {
    "hard": "partners whose certificates it is for are refused",
    "soft": "partners whose certificates it is for are let in, revoked or not",
    "ignore": "nobody asks for it (admission_revocation is ignore)",
}
"""What an overdue list means, by the setting admission_revocation."""


def most_age() -> timedelta:
    """Return how old a list may be."""
    return timedelta(days=Settings.load().admission_crl_days)


def is_overdue(held: HeldList, now: datetime, most: timedelta) -> bool:
    """Whether a list is too old to be believed."""
    return held.this_update + most < now or (held.next_update is not None and held.next_update < now)


def overdue_lists(now: datetime) -> Iterator[HeldList]:
    """Yield the lists in force that are overdue."""
    most = most_age()
    for held in HeldList.objects.select_related("place__issuer"):
        if is_overdue(held, now, most):
            yield held


def why(held: HeldList, now: datetime) -> str:
    """Say since when a list is overdue, and what that does."""
    if held.next_update is not None and held.next_update < now:
        since = f"the next one was due at {held.next_update:%Y-%m-%d %H:%M} UTC"
    else:
        since = f"it was made at {held.this_update:%Y-%m-%d %H:%M} UTC, longer ago than admission_crl_days"
    return f"{since}; {effect()}"


def effect() -> str:
    """Say what it does that a list is overdue."""
    return f"{EFFECT[Settings.load().admission_revocation]}, unless a partner has a rule of its own"


def tell_overdue() -> None:
    """Write an event for each list that has become overdue; once, until there is a newer one."""
    now = timezone.now()
    overdue = {held.place_id: held for held in overdue_lists(now)}
    CrlUrl.objects.filter(overdue_told=True).exclude(pk__in=overdue).update(overdue_told=False)
    for place, held in overdue.items():
        if CrlUrl.objects.filter(pk=place, overdue_told=False).update(overdue_told=True):
            where = str(fitting(held.place.url)) or "given by hand"
            record(
                "CRL-OVERDUE", issuer=fitting(held.place.issuer.subject), place=where, reason=fitting(why(held, now))
            )
