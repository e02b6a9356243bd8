"""Response headers that Django does not set itself."""

from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

# Alpine.js, on which the panel's widgets stand, evaluates attributes: 'unsafe-eval', but no inline script.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HSTS = "max-age=31536000"
_LOCAL = ("localhost", "127.", "[::1]")


class SecurityHeaders:
    """Sets the content security policy, and HSTS except on loopback, where it would bind every other local server."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self._get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as the rest of the chain does, with the headers."""
        response = await self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if not request.headers.get("Host", "").startswith(_LOCAL):
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        return response
