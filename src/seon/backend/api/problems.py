"""Answers and refusals of the API: one error shape, and nothing of an inner fault in it."""

import logging

import msgspec
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from seon.api_messages import Problem
from seon.backend.api.sources import source_of
from seon.backend.errors import OperatorError
from seon.link.versions import VersionError

log = logging.getLogger("seon.api")
BELOW = "/api/"
"""Below this path programs call, and not people."""
NOTE = "seon.call"
"""In a call's scope: a dictionary, in which who answers the call notes its `client` for the log (asgi.CallLog)."""


class RefusedError(Exception):
    """A call that gets a `Problem` with this HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def answer(message: msgspec.Struct, status: int = 200) -> HttpResponse:
    """Return a message as JSON."""
    return encoded_answer(msgspec.json.encode(message), status)


def encoded_answer(octets: bytes, status: int = 200) -> HttpResponse:
    """Return octets that are JSON already."""
    return HttpResponse(octets, status=status, content_type="application/json", headers={"Cache-Control": "no-store"})


def problem(status: int, text: str) -> HttpResponse:
    """Return a `Problem`."""
    response = answer(Problem(error=text))
    response.status_code = status
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Seonapi", charset="UTF-8"'
    return response


def problem_of(request: HttpRequest, error: Exception) -> HttpResponse:
    """Turn what a call raised into its `Problem`; what nobody foresaw goes to the log only. It may ask the database."""
    if isinstance(error, VersionError):
        error = RefusedError(409, str(error))
    if isinstance(error, RefusedError):
        if error.status != 401:  # that one has its line already, with its code
            log.warning(
                "%s %s from %s refused, %d: %s", request.method, request.path, called_from(request), error.status, error
            )
        return problem(error.status, str(error))
    if isinstance(error, OperatorError):
        log.error("%s %s: %s", request.method, request.path, error)
        return problem(500, str(error))
    log.exception("%s %s failed", request.method, request.path, exc_info=error)
    return problem(500, "Seonapi failed on this call; its log file says why")


def called_from(request: HttpRequest) -> str:
    """Return where a call comes from, for a line in the log, also while the database is away."""
    try:
        return str(source_of(request))
    except DatabaseError:
        return str(request.META.get("REMOTE_ADDR"))
