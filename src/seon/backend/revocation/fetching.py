"""The job `crls` of the queue daemon: fetches what is due, several at a time, and tells what is overdue."""

import ipaddress
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

from django.utils import timezone

from seon.backend.configuration.lines import entries_of
from seon.backend.queue.locks import QUEUE, seen
from seon.backend.queue.pausing import rest
from seon.backend.revocation.bringing import Expected
from seon.backend.revocation.downloading import Wanted
from seon.backend.revocation.downloads import Downloads
from seon.backend.revocation.keeping import remove_unused_blobs
from seon.backend.revocation.models import CrlUrl, RevocationSettings
from seon.backend.revocation.overdue import tell_overdue
from seon.backend.revocation.places import due, forget_unseen, keep_those_of_anchors
from seon.backend.revocation.settling import settle
from seon.wording import fill

MOST_SECONDS = 20.0
"""How long the job waits in one round. What takes longer goes on beside the other jobs, and is taken a round later."""
AT_ONCE = 8
OF_ISSUER = 2
"""Downloads at once of one CA: slow servers of one hold up no other."""
_POLL = 0.1

Say = Callable[[str], None]
_downloads = Downloads()


def wanted_of(place: CrlUrl, settings: RevocationSettings) -> Wanted:
    """Return what a download needs to know."""
    proxy = urlsplit(settings.http_proxy)
    held = place.list_or_none is not None
    return Wanted(
        url=place.url,
        etag=place.etag if held else "",
        modified=place.modified if held else "",
        proxy=(proxy.hostname, proxy.port) if proxy.hostname and proxy.port else None,
        networks=[ipaddress.ip_network(text) for text in entries_of(settings.private_networks)],
    )


def expected_of(place: CrlUrl) -> Expected:
    """Return what the reading of a list needs to know."""
    held = place.list_or_none
    return Expected(place.issuer.pem, held.sha256 if held else "")


def fetch_lists() -> str:
    """Do one round; returns what was done."""
    remove_unused_blobs()
    keep_those_of_anchors()
    forget_unseen()
    done: Counter[bool] = Counter()
    until, next_sign = time.monotonic() + MOST_SECONDS, 0.0
    settings = RevocationSettings.load()
    _start_due(settings)
    while True:
        if _settle_ended(done):
            _start_due(settings)
        if not len(_downloads) or time.monotonic() >= until:
            break
        if time.monotonic() >= next_sign:
            seen(QUEUE)
            next_sign = time.monotonic() + 1.0
        if not rest(_POLL):
            _downloads.give_up()
            return ""
    tell_overdue()
    failed = f", {done[False]} failed" if done[False] else ""
    asked = fill("{count:# revocation list|# revocation lists} asked for", {"count": done.total()})
    return f"{asked}{failed}" if done else ""


def _settle_ended(done: "Counter[bool]") -> bool:
    """Settle the downloads that have ended; whether there was one. Raises what hindered one, after the others."""
    ended, errors = _downloads.take(), []
    for key, outcome in ended:
        try:
            done[settle(CrlUrl(pk=key), outcome)] += 1
        except Exception as error:  # the database, say: the job fails, and what is due is asked for again
            errors.append(error)
    if errors:
        raise errors[0]
    return bool(ended)


def _start_due(settings: RevocationSettings) -> None:
    if len(_downloads) >= AT_ONCE:
        return
    for place in due(timezone.now()):
        if len(_downloads) >= AT_ONCE:
            return
        if place.pk not in _downloads and _downloads.of_group(place.issuer_id) < OF_ISSUER:
            _downloads.start(place.pk, place.issuer_id, wanted_of(place, settings), expected_of(place))


def fetch_now(place: CrlUrl, say: Say) -> bool:
    """Fetch one list now, in this process, and tell each step; whether that went well."""
    downloads = Downloads()
    try:
        wanted = wanted_of(place, RevocationSettings.load())
        downloads.start(place.pk, place.issuer_id, wanted, expected_of(place), say)
        while not (ended := downloads.take()):
            time.sleep(_POLL / 5)
        ((_, outcome),) = ended
        return settle(place, outcome, say)
    finally:
        downloads.give_up()
