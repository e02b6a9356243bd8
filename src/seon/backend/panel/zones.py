"""Local time: the browser says its time zone by a cookie, and every page shows and takes times in it.

A cookie is what somebody has sent: only a name that the system's list of zones has counts. Without one, times are UTC.
"""

import zoneinfo
from collections.abc import Awaitable, Callable
from functools import cache

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

COOKIE = "seon-zone"
_LONGEST = 64


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


class LocalTime:
    """Puts the zone of who asks in force while it is answered."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self._get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as the rest of the chain does."""
        name = request.COOKIES.get(COOKIE, "")
        if not name or len(name) > _LONGEST or name not in _zones():
            return await self._get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(name)):
            return await self._get_response(request)
