"""What becomes of a try: the list is taken over, or not; the result is kept in words, and told where it has changed."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from seon.backend.journal.recording import record
from seon.backend.revocation.bringing import Brought
from seon.backend.revocation.destinations import DownloadError
from seon.backend.revocation.keeping import NotTakenError, check, counted, take_over
from seon.backend.revocation.models import LONGEST_MARK, CrlUrl, HeldList, RevocationSettings
from seon.events import fitting, shown
from seon.pki import PkiError
from seon.pki.lists import CertificateList, UnsupportedListError

SOONEST, LATEST = timedelta(minutes=5), timedelta(hours=6)
"""The shortest and the longest time until a try that failed is repeated."""
_LONGEST = 500

Say = Callable[[str], None]


def settle(place: CrlUrl, outcome: Brought | DownloadError | PkiError, say: Say = lambda _: None) -> bool:
    """Keep the result of a try; whether it was a good one. The place is read anew: it may have gone meanwhile."""
    found = CrlUrl.objects.select_related("issuer", "held").filter(pk=place.pk).first()
    if found is None:
        return False
    try:
        if not isinstance(outcome, Brought):
            raise outcome
        result = _taken(found, outcome, say)
    except (DownloadError, NotTakenError, PkiError) as error:
        say(f"not taken: {error}")
        _failed(found, str(error), unsupported=isinstance(error, UnsupportedListError))
        return False
    say(result)
    _worked(found, result)
    return True


def _taken(place: CrlUrl, brought: Brought, say: Say) -> str:
    """Take over what was brought; returns the result in words. Raises NotTakenError."""
    held = place.list_or_none
    if brought.found is None or (held is not None and held.sha256 == brought.sha256):
        how = "304" if brought.found is None else "the same list"
        if held is None:
            raise NotTakenError("the web server says that nothing has changed, and there is no list yet")
        if held.next_update is not None and held.next_update <= timezone.now():
            raise NotTakenError(f"there is no newer list ({how}), and the one in force has expired")
        _mark(place, brought)
        return f"not changed ({how})"
    held = _take(place, brought.found, brought.entries, say)
    _mark(place, brought)
    tell_new(held)
    return f"taken over: {counted(held.entries)}"


def _take(place: CrlUrl, found: CertificateList, entries: int | None, say: Say) -> HeldList:
    number = "" if found.number is None else f", number {found.number}"
    say(f"read: {found.kind}{number}, made {found.this_update:%Y-%m-%d %H:%M} UTC")
    check(found, place, timezone.now())
    say(f"signed by the key of {place.issuer}")
    if entries is None:
        raise NotTakenError("the list in force was removed meanwhile, and this one was not read for that")
    return take_over(found, place, entries)


def tell_new(held: HeldList) -> None:
    """Write the event of a list that was taken over."""
    until = {"until": f"{held.next_update:%Y-%m-%d %H:%M} UTC"} if held.next_update else {}
    number = {"number": held.number} if held.number else {}
    named = fitting(held.place.issuer.subject)
    record("CRL-NEW", issuer=named, place=_where(held.place), entries=held.entries, kind=held.kind, **number, **until)


def _mark(place: CrlUrl, brought: Brought) -> None:
    """Remember what the web server calls this version; what is no plain short text is not sent back to it."""
    place.etag, place.modified = (
        text if len(text) <= LONGEST_MARK and text.isascii() and text.isprintable() else ""
        for text in (brought.etag, brought.modified)
    )


def _worked(place: CrlUrl, result: str) -> None:
    now = timezone.now()
    with transaction.atomic():
        if place.told:
            record("CRL-WORKS", issuer=fitting(place.issuer.subject), place=_where(place))
        place.last_try, place.result, place.failures, place.unsupported, place.told = now, result, 0, False, False
        place.next_try = next_after(now, place.list_or_none, RevocationSettings.load().refresh_hours)
        _store(place)


def _failed(place: CrlUrl, reason: str, *, unsupported: bool) -> None:
    """Keep that a try failed, and tell it once until it works again, or is another kind of trouble."""
    now, held = timezone.now(), place.list_or_none
    with transaction.atomic():
        if not place.told or unsupported != place.unsupported:
            said = {"issuer": fitting(place.issuer.subject), "place": _where(place), "reason": fitting(reason)}
            if held is not None:
                end = f", until {held.next_update:%Y-%m-%d %H:%M} UTC" if held.next_update else ""
                said["before"] = f"of {held.this_update:%Y-%m-%d %H:%M} UTC{end}"
            record("CRL-UNSUPPORTED" if unsupported else "CRL-FAILED", **said)
        place.last_try, place.result, place.told, place.unsupported = now, shown(reason, _LONGEST), True, unsupported
        place.result = place.result[:_LONGEST]
        place.failures = min(place.failures + 1, 1_000)
        place.next_try = now + back_off(place.failures)
        _store(place)


def _store(place: CrlUrl) -> None:
    names = ["last_try", "result", "failures", "unsupported", "told", "next_try", "etag", "modified"]
    place.save(update_fields=names, force_update=True)


def back_off(failures: int) -> timedelta:
    """Return when to try again after so many failures in a row: 5 minutes, doubled each time, at most 6 hours."""
    return min(SOONEST * (1 << min(failures - 1, 20)), LATEST)


def next_after(now: datetime, held: HeldList | None, refresh_hours: int) -> datetime:
    """Return when to ask again for a list that is in force: by its age, or in the last tenth of its time.

    Near its end the time that is left is halved, down to 5 minutes.
    """
    wanted = now + timedelta(hours=refresh_hours)
    if held is None or held.next_update is None:
        return wanted
    left = held.next_update - now
    tenth = (held.next_update - held.this_update) / 10
    return min(wanted, max(held.next_update - tenth, now + max(left / 2, SOONEST)))


def _where(place: CrlUrl) -> str:
    return str(fitting(place.url)) or "given by hand"
