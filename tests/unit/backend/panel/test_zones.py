"""Times are shown in the zone of who looks; what is no zone is none."""

import asyncio

import pytest
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from seon.backend.panel.zones import COOKIE, LocalTime


def zone_of(cookie: str) -> str:
    async def answer(_: HttpRequest) -> HttpResponse:
        return HttpResponse(timezone.get_current_timezone_name())

    request = HttpRequest()
    request.COOKIES[COOKIE] = cookie
    answered = asyncio.run(LocalTime(answer)(request))  # type: ignore[arg-type]  # a coroutine function
    assert isinstance(answered, HttpResponse)
    return answered.content.decode()


def test_the_zone_of_the_cookie_is_in_force_for_one_answer() -> None:
    assert zone_of("Europe/Berlin") == "Europe/Berlin"
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.parametrize("cookie", ["", "Nowhere/Else", "../../etc/passwd", "\0", "x" * 10_000, "Europe/berlin "])
def test_anything_else_is_utc(cookie: str) -> None:
    assert zone_of(cookie) == "UTC"
