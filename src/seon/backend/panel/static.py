"""Static files of the panel, by whitenoise's index, without `collectstatic`.

whitenoise's own middleware is synchronous: it would hold a thread for every waiting call behind it. This one answers
in the event loop; the files are small and read whole.
"""

from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction, sync_to_async
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import get_script_prefix
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # its base is untyped
    """Answers paths that whitenoise has found among the apps' static files."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        super().__init__(get_response)
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the file, or as the rest of the chain does."""
        found = self.files.get(request.path_info)
        if found is None:
            response: HttpResponseBase = await self.get_response(request)
            return response
        return await sync_to_async(_read, thread_sensitive=False)(found.get_response(request.method, request.META))


class Addresses(StaticFilesStorage):
    """Where static files are, below the prefix that the page was asked for: Django's own knows one for all calls."""

    def url(self, name: str | None) -> str:
        """Return the path of a file as a browser asks for it."""
        return get_script_prefix().rstrip("/") + super().url(name)


def _read(found: object) -> HttpResponse:
    file, status, headers = found.file, found.status, found.headers  # type: ignore[attr-defined]  # untyped response
    octets = b""
    if file is not None:
        with file:
            octets = file.read()
    response = HttpResponse(octets, status=int(status))
    del response.headers["Content-Type"]
    for name, value in headers:
        response.headers[name] = value
    return response
