"""What was sent, kept sealed while a question is asked: no browser sends files again, and no page may hold secrets.

It stands encrypted (vault.py) in a row beside the login sessions: for one login, one user and one page, for ten
minutes, taken once. The page that asks holds its key and nothing else. One login keeps three at most; what the queue
daemon clears of ended logins, it clears of these.

A secret that is shown once waits likewise, in the login itself, from the form that has made it to the page after it.
"""

import base64
import time
from typing import Any

import msgspec
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict

from seon.backend.vault import WrongKeyError, vault

SECONDS = 600
"""How long it is kept."""
MOST = 3
"""Kept at once for one login; the oldest goes. A body is bounded by asgi.py, and so is each of them."""
_LIST = "seon_kept"
_SEALED = "sealed"
_ONCE = "seon_once"


class _File(msgspec.Struct):
    field: str
    name: str
    content_type: str
    octets: bytes


class _Sent(msgspec.Struct):
    fields: list[tuple[str, list[str]]]
    files: list[_File]


def keep(request: HttpRequest, leave_out: frozenset[str]) -> str:
    """Keep what was sent but for some fields; return the key to it."""
    fields = [(name, list(values)) for name, values in request.POST.lists() if name not in leave_out]
    files = [
        _File(field, str(file.name), str(file.content_type or ""), _octets(file))
        for field, sent in request.FILES.lists()
        for file in sent
    ]
    row = SessionStore()
    row.create()
    key = str(row.session_key)
    plain = msgspec.msgpack.encode(_Sent(fields, files))
    row[_SEALED] = base64.b64encode(vault().encrypt(_record(request, key), plain)).decode()
    row.set_expiry(SECONDS)
    row.save()
    known = [*_known(request), key]
    for old in known[:-MOST]:
        row.delete(old)
    request.session[_LIST] = known[-MOST:]
    return key


def take(request: HttpRequest, key: str) -> bool:
    """Put what was kept in the place of what was sent, and keep it no more; False where it is not there any more."""
    if key not in _known(request):
        return False
    row = SessionStore(key)
    sealed = str(row.get(_SEALED, ""))
    row.delete(key)
    request.session[_LIST] = [other for other in _known(request) if other != key]
    try:
        plain = vault().decrypt(_record(request, key), base64.b64decode(sealed))
    except WrongKeyError:
        return False
    _put(request, msgspec.msgpack.decode(plain, type=_Sent))
    return True


def keep_for_once(request: HttpRequest, what: str, secret: str) -> None:
    """Keep a secret that the next page shows once, `show_once`; `what`: what it is about."""
    sealed = vault().encrypt(_once(request, what), secret.encode())
    request.session[_ONCE] = [what, int(time.time()), base64.b64encode(sealed).decode()]


def show_once(request: HttpRequest, what: str) -> str:
    """Return the secret that was kept for this page just now, and forget it; "" where there is none any more."""
    kept = request.session.pop(_ONCE, None)
    if kept is None or kept[0] != what or not 0 <= time.time() - kept[1] < SECONDS:
        return ""
    return vault().decrypt(_once(request, what), base64.b64decode(kept[2])).decode()


def _once(request: HttpRequest, what: str) -> str:
    return f"once:{request.user.pk}:{what}"


def _known(request: HttpRequest) -> list[str]:
    return list(request.session.get(_LIST, ()))


def _record(request: HttpRequest, key: str) -> str:
    return f"kept:{key}:{request.user.pk}:{request.path}"


def _octets(file: Any) -> bytes:
    file.seek(0)
    return bytes(file.read())


def _put(request: HttpRequest, sent: _Sent) -> None:
    fields = QueryDict(mutable=True)
    for name, values in sent.fields:
        fields.setlist(name, values)
    fields._mutable = False
    files: MultiValueDict[str, UploadedFile[Any]] = MultiValueDict()
    for file in sent.files:
        files.appendlist(file.field, SimpleUploadedFile(file.name, file.octets, file.content_type))
    request.POST = fields  # type: ignore[assignment]  # immutable by now
    request._files = files  # type: ignore[attr-defined]  # what `request.FILES` returns
