"""Who calls: the security token, and HTTP Basic besides where it is configured (mission B3)."""

import base64
import binascii
import hmac
import time
import uuid
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest

from seon.addresses import identifying
from seon.api_messages import TOKEN_HEADER
from seon.backend.api.problems import RefusedError, log
from seon.backend.errors import OperatorError
from seon.backend.trust.models import Token
from seon.backend.trust.tokens import token_of
from seon.events import Event, describe


@dataclass(frozen=True, slots=True)
class Caller:
    """A client whose token was found good."""

    token: Token
    address: str
    """Where the call came from, in its one form (mission A8)."""


def admit(request: HttpRequest) -> Caller:
    """Return who calls. Raises RefusedError 401, after a line in the API log with the source."""
    address = source_of(request)
    token = token_of(request.headers.get(TOKEN_HEADER, ""))
    if token is None or not _basic_is_good(request.headers.get("Authorization", "")):
        log.warning("%s", _refusal(address, request.path))
        raise RefusedError(
            401, "No valid security token: make one with `seonapi token new` and start the client with it"
        )
    return Caller(token, address)


def source_of(request: HttpRequest) -> str:
    """Return the caller's address in its one form."""
    return str(identifying(str(request.META["REMOTE_ADDR"])))


def _refusal(address: str, path: str) -> str:
    """One line, by the catalogue: stable code for an intrusion detection system, all that a stranger chose escaped."""
    fields: dict[str, str | int | float | bool] = {"source": address, "path": path[:2_000]}
    event = Event(id=uuid.uuid4().hex, code="AUD-TOKEN", time=time.time(), hop="inside", fields=fields)
    return f"{event.code} {describe(event)}"


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
