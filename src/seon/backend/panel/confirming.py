"""The password once more: who asks for it, how long it counts, and the small page that asks.

An act that asks for the password again raises PasswordNeededError where it was entered too long ago. What was sent,
files too, is kept sealed on the server then (kept.py), and is done with the password: nothing of a form is lost, and
nothing of it stands in the page that asks.
"""

import time

from django.contrib import admin, messages
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from seon.backend.panel import kept

SECONDS = 300
"""How long a password that was entered counts."""
FIELD = "seon_password_again"
"""The page's field. No form has one of this name."""
_SESSION = "seon_password_entered"
KEPT = "seon_kept"
"""The page's field with the key to what was sent before."""
_NOT_KEPT = frozenset({FIELD, KEPT, "csrfmiddlewaretoken"})


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the user entered the password within the last minutes, by the clock of this host."""
    entered: int = request.session.get(_SESSION, 0)
    return 0 <= time.time() - entered < SECONDS


def take_password(request: HttpRequest) -> HttpResponse | None:
    """Take the password of the small page if there is one, and what was sent before; return what hinders it."""
    if request.method != "POST" or FIELD not in request.POST:
        return None
    key = request.POST.get(KEPT)
    wrong = check(request, request.POST[FIELD])
    if wrong:
        return _page(request, key, wrong) if key else ask(request, wrong)
    if key is None or kept.take(request, key):
        return None
    messages.warning(request, _("What you entered is not there any more: it is kept for 10 minutes. Enter it again."))
    return redirect(request.get_full_path())


def check(request: HttpRequest, password: str) -> str:
    """Return what is wrong with the password of who asks, or nothing; it counts as entered just now then.

    A wrong one counts as a failed login, and after too many the door is locked as for a login.
    """
    # A request of its own: what guards the logins (axes) keeps what a request sends, and a form may hold secrets.
    asking = HttpRequest()
    asking.method, asking.path, asking.path_info = "POST", request.path, request.path_info
    asking.META, asking.session = request.META, request.session
    assert isinstance(request.user, User)
    found = authenticate(asking, username=request.user.get_username(), password=password)
    if found is None or found.pk != request.user.pk:
        if getattr(asking, "axes_locked_out", False):
            request.axes_locked_out = True  # type: ignore[attr-defined]  # axes answers then
        return _("This password is wrong.")
    _remember(request)
    return ""


def ask(request: HttpRequest, wrong: str = "") -> HttpResponse:
    """Keep what was sent, and return the page that asks for the password."""
    return _page(request, kept.keep(request, _NOT_KEPT), wrong)


def _page(request: HttpRequest, key: str | None, wrong: str) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Your password, please"),
        "kept_as": KEPT,
        "key": key,
        "wrong": wrong,
        "field": FIELD,
    }
    response = TemplateResponse(request, "frame/password.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


@receiver(user_logged_in, dispatch_uid="seon.password.entered")
def _logged_in(request: HttpRequest, **_more: object) -> None:
    _remember(request)


def _remember(request: HttpRequest) -> None:
    request.session[_SESSION] = int(time.time())
