"""Who may call, and who calls: the security token, and HTTP Basic besides where it is configured (mission B3).

A view says who may call it by `anybody_may` or `clients_may`. `declared` builds the table of paths and refuses a view
that says nothing: it fails when the program starts, not when a stranger finds it.
"""

import base64
import binascii
import hmac
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, wraps
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, NoReturn

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from seon.api_messages import TOKEN_HEADER
from seon.backend.api.problems import NOTE, RefusedError, problem_of
from seon.backend.api.refusals import refusals
from seon.backend.api.sources import Source, source_of
from seon.backend.errors import OperatorError
from seon.backend.trust.models import Token
from seon.backend.trust.tokens import note_use, proof_of


@dataclass(frozen=True, slots=True)
class Caller:
    """A client whose token was found good."""

    token: Token
    address: str
    """Where the call came from, in its one form (mission A8)."""
    until: datetime | None = None
    """When the token counts no more, if that is known already."""
    mark: str = ""
    """Of the secret that was shown."""

    def seconds_left(self) -> float:
        """Return for how long the token counts; infinite if no end is known."""
        return max(0.0, (self.until - timezone.now()).total_seconds()) if self.until else math.inf


_MAKE_ONE = "No valid security token: make one with `seonapi token add` and start the client with it"
_WANTS_BASIC = (
    "The token is good, but not user and password of HTTP Basic, which this Seonapi demands besides "
    "(SEON_BASIC_AUTH_FILE): give them as -U https://user:password@..."
)
_BASIC_WRONG = "user and password of HTTP Basic are wrong or missing"
View = Callable[..., Any]
"""A function of a request that returns an HttpResponse, or its coroutine."""
_declared: set[View] = set()


def anybody_may(method: str | None) -> Callable[[View], View]:
    """Make `function(request, **of the path)` a call of the API that needs no token. None: whatever the method."""
    return _call(method, lambda _: ())


def clients_may(method: str) -> Callable[[View], View]:
    """Make `function(request, caller, **of the path)` a call of the API for those with a valid token, or its coroutine.

    What it raises is answered as a `Problem`.
    """
    return _call(method, lambda request: (admit(request),))


def declared(patterns: Sequence[URLPattern]) -> list[URLPattern]:
    """Return the table of paths. Raises ImproperlyConfigured for a view that does not say who may call it."""
    for pattern in patterns:
        if pattern.callback not in _declared:
            raise ImproperlyConfigured(
                f"{pattern.lookup_str} ({pattern.pattern}) does not say who may call it: use anybody_may or clients_may"
            )
    return list(patterns)


def _call(method: str | None, who: Callable[[HttpRequest], tuple[Caller, ...]]) -> Callable[[View], View]:
    def callers(request: HttpRequest) -> tuple[Caller, ...]:
        if method is not None and request.method != method:
            raise RefusedError(405, f"This call is a {method}")
        return who(request)

    def decorate(function: View) -> View:
        def view(request: HttpRequest, **arguments: str) -> HttpResponse:
            try:
                answer: HttpResponse = function(request, *callers(request), **arguments)
            except Exception as error:  # the one border where everything becomes a Problem
                return problem_of(request, error)
            return answer

        async def view_that_waits(request: HttpRequest, **arguments: str) -> HttpResponse:
            try:
                who_calls = await sync_to_async(callers)(request)
                answer: HttpResponse = await function(request, *who_calls, **arguments)
            except Exception as error:  # as above
                return await sync_to_async(problem_of)(request, error)
            return answer

        made: View = view_that_waits if iscoroutinefunction(function) else view  # Django awaits what is a coroutine
        made = csrf_exempt(wraps(function)(made))  # no cookie counts here, only the token
        _declared.add(made)
        return made

    return decorate


def admit(request: HttpRequest) -> Caller:
    """Return who calls. Raises RefusedError 401, after a line or a count in the API log with the source."""
    source = source_of(request)
    proof = proof_of(request.headers.get(TOKEN_HEADER, ""))
    token = proof.token
    # The token first: only who has a good one learns that a password is wanted, too.
    if token is None:
        _refuse(request, source, proof.flaw, _MAKE_ONE)
    if not _basic_is_good(request.headers.get("Authorization", "")):
        _refuse(request, source, _BASIC_WRONG, _WANTS_BASIC)
    if token.client is not None and token.client.address != source.address:
        flaw = f"the security token {token.name} is for the client {token.client} only"
        _refuse(request, source, flaw, f"This security token is for another client, and this call is from {source[0]}")
    _note(request, token)
    with suppress(DatabaseError):  # a database that is busy, or cannot be written, is no reason to refuse a client
        note_use(token, source.address)
    return Caller(token, source.address, proof.until, proof.mark)


def _refuse(request: HttpRequest, source: Source, flaw: str, answer: str) -> NoReturn:
    """Refuse a call. `flaw` is for the log only: a stranger must not learn which of its guesses was how wrong."""
    refusals.refused(source, flaw, request.path)
    raise RefusedError(401, answer)


def _note(request: HttpRequest, token: Token) -> None:
    """Let the log's line of this call name the client."""
    note = getattr(request, "scope", {}).get(NOTE)
    if note is not None:
        note["client"] = token.name


def _basic_is_good(header: str) -> bool:
    """Whether HTTP Basic is right. Where none is configured everything is: a client may send what its URL holds."""
    if not settings.SEON_BASIC_AUTH_FILE:
        return True
    scheme, _, encoded = header.partition(" ")
    try:
        given = base64.b64decode(encoded.strip(), validate=True) if scheme.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        given = b""
    return hmac.compare_digest(given, _expected(settings.SEON_BASIC_AUTH_FILE))


@lru_cache(maxsize=1)
def _expected(path: str) -> bytes:
    try:
        expected = Path(path).read_bytes().strip()
    except OSError as error:
        raise OperatorError(f"SEON_BASIC_AUTH_FILE {path} cannot be read: {error.strerror}") from None
    if b":" not in expected:
        raise OperatorError(f"SEON_BASIC_AUTH_FILE {path} must hold user:password")
    return expected
