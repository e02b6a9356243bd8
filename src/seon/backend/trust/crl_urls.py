"""CRL distribution points that servers report: kept for the queue daemon, in bounds."""

import logging
from collections.abc import Iterable
from urllib.parse import urlsplit

from seon.backend.trust.models import CrlUrl
from seon.events import shown

MOST = 1_000
"""Kept at most. The names come from certificates, and partners choose those."""

log = logging.getLogger("seon.api")


def remember(urls: Iterable[str]) -> None:
    """Keep the http and https addresses that are new."""
    wanted = {url for url in urls if _usable(url)}
    known = set(CrlUrl.objects.filter(url__in=wanted).values_list("url", flat=True))
    room = MOST - CrlUrl.objects.count()
    new = sorted(wanted - known)
    for url in new[max(room, 0) :]:
        log.warning("CRL address not kept, there are %d already: %s", MOST, shown(url))
    CrlUrl.objects.bulk_create([CrlUrl(url=url) for url in new[: max(room, 0)]], ignore_conflicts=True)


def _usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and url.isascii() and url.isprintable()
    except ValueError:
        return False
