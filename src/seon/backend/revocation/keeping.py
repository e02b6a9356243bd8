"""Taking lists over: what is fetched or given by hand is checked against its CA's key, and against what is in force."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from seon.backend.configuration.versioned import take_turn
from seon.backend.revocation.authorities import peer_in
from seon.backend.revocation.models import CrlUrl, HeldList
from seon.backend.trust.models import Blob
from seon.pki.lists import CertificateList, signature_problem
from seon.wording import fill

CLOCKS_DIFFER = timedelta(hours=1)
"""So far in the future a list may have been made."""
MOST_LISTS = 1_000
"""As config.py bounds them."""
MOST_OCTETS = 512 * 1024 * 1024
"""Of all lists together."""
MOST_OCTETS_OF_ISSUER = 128 * 1024 * 1024


class NotTakenError(Exception):
    """A list that is not taken over, and why. What is in force stays."""


def check(found: CertificateList, place: CrlUrl, now: datetime) -> None:
    """Raise NotTakenError unless a list is its CA's, in time, and not older than ours."""
    problem = signature_problem(found, peer_in(place.issuer.pem))
    if problem:
        raise NotTakenError(problem)
    if found.this_update > now + CLOCKS_DIFFER:
        raise NotTakenError(f"it is made in the future, at {_minute(found.this_update)}")
    if found.next_update is not None and found.next_update <= now:
        raise NotTakenError(f"it has expired, at {_minute(found.next_update)}")
    held = place.list_or_none
    if held is not None:
        _check_age(found, held)


def _check_age(found: CertificateList, held: HeldList) -> None:
    if _is_older(found, held):
        was = f"number {held.number}, " if held.number else ""
        raise NotTakenError(f"it is older than the one in force ({was}of {_minute(held.this_update)})")


def _is_older(found: CertificateList, held: HeldList) -> bool:
    if found.number is not None and held.number and found.number != int(held.number):
        return found.number < int(held.number)
    return found.this_update < held.this_update


def is_unchanged(octets: bytes, place: CrlUrl) -> bool:
    """Whether these octets are the list that is in force already."""
    held = place.list_or_none
    return held is not None and held.sha256 == hashlib.sha256(octets).hexdigest()


@transaction.atomic
def take_over(found: CertificateList, place: CrlUrl, entries: int) -> HeldList:
    """Put a list of so many entries in force at its place. It was checked.

    Raises NotTakenError where there is no room for it, or a newer one was taken over meanwhile.
    """
    take_turn()
    held = HeldList.objects.filter(place=place).first()
    if held is not None:  # another process may have taken one over meanwhile
        _check_age(found, held)
    _check_room(found, place)
    name = hashlib.sha256(found.der).hexdigest()
    if not Blob.objects.filter(pk=name).exists():
        Blob(sha256=name, octets=found.der).save(force_insert=True)
    HeldList.objects.filter(place=place).delete()
    held = HeldList(
        place=place,
        sha256=name,
        size=len(found.der),
        number="" if found.number is None else str(found.number),
        this_update=found.this_update,
        next_update=found.next_update,
        entries=entries,
        kind=found.kind,
        points="\n".join(found.points),
    )
    held.save(force_insert=True)
    place.held = held
    return held


def _check_room(found: CertificateList, place: CrlUrl) -> None:
    others = HeldList.objects.exclude(place=place)
    if others.count() >= MOST_LISTS:
        raise NotTakenError(f"there are {MOST_LISTS} lists already")
    for lists, most, whose in (
        (others.filter(place__issuer=place.issuer), MOST_OCTETS_OF_ISSUER, "this CA's lists"),
        (others, MOST_OCTETS, "all lists"),
    ):
        there = lists.aggregate(sum=Sum("size"))["sum"] or 0
        if there + len(found.der) > most:
            raise NotTakenError(f"there is no room for it: {whose} together may have {most} octets")


@transaction.atomic
def remove_unused_blobs() -> None:
    """Remove the octets that no list in force has. The configuration stays as it is, and so does its version."""
    take_turn()
    used = set(HeldList.objects.values_list("sha256", flat=True))
    gone = [name for name in Blob.objects.values_list("pk", flat=True) if name not in used]
    if gone:
        rows = Blob.objects.filter(pk__in=gone)
        rows._raw_delete(rows.db)  # with the signals of `delete`, each would be a new version


def counted(entries: int) -> str:
    """Return a number of entries in words."""
    return fill("{entries:# entry|# entries}", {"entries": entries})


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
