"""The ASGI application: Django behind what it does not do itself.

Prefixes: below which paths of a reverse proxy it answers. At DEBUG, a line in the log for each call.

A limit on bodies: Django reads a whole body into a file before any view can say no. And one header of cookies: over
HTTP/2 a browser sends each cookie in a header of its own, which are to be joined by "; " (RFC 9113 §8.2.3), but Django
joins all equal headers by commas, and would find no session in them.
"""

import logging
import time
from collections.abc import Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.core.asgi import get_asgi_application
from django.db import DatabaseError, connection
from django.urls import get_resolver

from seon.addresses import AddressError
from seon.api_messages import MAX_BODY
from seon.backend.api.problems import BELOW, NOTE, log
from seon.backend.api.sources import FORWARDED, source_behind
from seon.backend.panel.headers import POLICY
from seon.backend.panel.refusing import too_large

_TOO_LARGE = b'{"error":"A body has at most %d octets"}' % MAX_BODY


class _TooLargeError(Exception):
    pass


class BodyLimit:
    """Answers 413 to a body over `MAX_BODY` octets, by its announced length or by what arrives."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a call on, with its body counted."""
        if scope["type"] != "http":
            return
        if _announced(scope["headers"]) > MAX_BODY:
            await _refuse(scope, send)
            return
        arrived = 0

        async def counted() -> Any:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > MAX_BODY:
                raise _TooLargeError
            return message

        try:
            await self._application(scope, counted, send)
        except _TooLargeError:
            await _refuse(scope, send)  # Django reads the body before it answers anything


def _announced(headers: Any) -> int:
    for name, value in headers:
        if name.lower() == b"content-length":
            return int(value) if value.isdigit() and len(value) < 19 else MAX_BODY + 1
    return 0


async def _refuse(scope: Any, send: Any) -> None:
    prefix = scope.get("root_path", "")
    if scope["path"].removeprefix(prefix).startswith(BELOW):
        body, headers = _TOO_LARGE, [(b"content-type", b"application/json")]
    else:
        body = (await sync_to_async(too_large)(prefix)).content
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-security-policy", POLICY.encode())]
    await send({"type": "http.response.start", "status": 413, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})


class JoinedCookies:
    """Puts cookies that came in several headers into one."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a call on, with at most one header of cookies."""
        cookies = [value for name, value in scope.get("headers", ()) if name.lower() == b"cookie"]
        if len(cookies) > 1:
            others = [(name, value) for name, value in scope["headers"] if name.lower() != b"cookie"]
            scope = {**scope, "headers": [*others, (b"cookie", b"; ".join(cookies))]}
        await self._application(scope, receive, send)


class Prefixes:
    """Answers below each of some paths as below "/"; what answers finds the path in `root_path`, as ASGI has it."""

    def __init__(self, application: Any, prefixes: Sequence[str]) -> None:
        self._application = application
        self._prefixes = sorted(prefixes, key=len, reverse=True)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a call on, with the prefix that its path has."""
        if scope["type"] == "http":
            path = scope["path"]
            prefix = next((p for p in self._prefixes if path == p or path.startswith(f"{p}/")), "")
            if prefix:
                scope = {**scope, "root_path": prefix, "path": f"{prefix}/" if path == prefix else path}
        await self._application(scope, receive, send)


class CallLog:
    """At DEBUG: a line for each call with its status, milliseconds, source, and the client if its token was good."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a call on, and say how it went when it has been answered."""
        if scope["type"] != "http" or not log.isEnabledFor(logging.DEBUG):
            await self._application(scope, receive, send)
            return
        note: dict[str, str] = {}
        status = "without an answer"

        async def watched(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        began = time.monotonic()
        try:
            await self._application({**scope, NOTE: note}, receive, watched)
        finally:
            # Without the query: the panel's may hold what somebody looks for.
            milliseconds = (time.monotonic() - began) * 1_000
            client = f", client {note['client']}" if "client" in note else ""
            line = "%s %s: %s in %.1f ms, from %s%s"
            source = await _source(scope)
            log.debug(line, scope["method"], scope["path"][:2_000], status, milliseconds, source, client)


async def _source(scope: Any) -> str:
    """Return where a call comes from, as refusals in the log show it."""
    host = str((scope.get("client") or ("-",))[0])
    headers = [value for name, value in scope.get("headers", ()) if name.lower() == FORWARDED.lower().encode()]
    try:
        header = b",".join(headers).decode("latin-1")
        return await sync_to_async(_forwarded)(host, header) if header else str(source_behind(host, ""))
    except (AddressError, DatabaseError):
        return host[:100]


def _forwarded(host: str, header: str) -> str:
    try:
        return str(source_behind(host, header))
    finally:
        connection.close()  # this is no request of Django's, which would do it


def application_below(prefixes: Sequence[str]) -> Any:
    """Return the application that answers below "/" and each of these paths, such as "/base"."""
    return CallLog(Prefixes(application, prefixes))


application = BodyLimit(JoinedCookies(get_asgi_application()))
get_resolver().check()  # loads all pages: a fault in one ends the start, not the first call
